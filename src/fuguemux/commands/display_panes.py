"""display-panes: list the panes of a client's window, so that its user can choose one."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.choosing import filled
from fuguemux.formats.formats import FormatContext, Work, expand
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import Choose
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, current_link
from fuguemux.model.window_panes import panes_in
from fuguemux.targets.declaration import TargetFlag, TargetKind

_TEMPLATE: Final = "select-pane -t '%%'"
_LINE: Final = "#{pane_index}: [#{pane_width}x#{pane_height}] #{pane_current_command} #{pane_title}"


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    client = invocation.client
    template = invocation.arguments[0] if invocation.arguments else _TEMPLATE
    session = state.sessions[client.session]
    link = current_link(session)
    window = state.windows[link.window]
    rows: list[tuple[str, str]] = []
    work = Work()
    for pane in panes_in(window):
        context = FormatContext(
            state, live, session=session.id, window=window.id, index=link.index, pane=pane
        )
        rows.append((expand(_LINE, context, work=work), filled(template, f"%{pane}")))
    return Decision(effects=(Choose(client.id, "panes", tuple(rows)),))


COMMAND: Final = Command(
    name="display-panes",
    alias="displayp",
    flags="bd:Nt:",
    usage="[-bN] [-d duration] [-t target-client] [template]",
    arguments=(0, 1),
    client=TargetFlag("t", TargetKind.CLIENT),
    decide=decide,
    help="Choose a pane of the window from a list.",
)
