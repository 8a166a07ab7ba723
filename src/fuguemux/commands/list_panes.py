"""list-panes: print one line per pane of a window, with -s of a session, with -a of all sessions."""

from collections.abc import Iterable, Iterator

import msgspec

from fuguemux.commands.command import Command
from fuguemux.commands.parts.listing import contexts_of, listed, sessions_by_name
from fuguemux.formats.formats import FormatContext
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import panes_in
from fuguemux.targets.declaration import TargetFlag, TargetKind

TEMPLATE = (
    "#{pane_index}: [#{pane_width}x#{pane_height}] [history #{history_size}/#{history_limit}, "
    "#{history_bytes} bytes] #{pane_id}#{?pane_active, (active),}#{?pane_dead, (dead),}"
)
TEMPLATE_WITH_WINDOW = "#{window_index}." + TEMPLATE
TEMPLATE_WITH_SESSION = "#{session_name}:" + TEMPLATE_WITH_WINDOW


def _panes(windows: Iterable[FormatContext]) -> Iterator[FormatContext]:
    for context in windows:
        assert context.window is not None, "made by contexts_of, which names the window"
        for pane in panes_in(context.state.windows[context.window]):
            yield msgspec.structs.replace(context, pane=pane)


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    if invocation.flags.has("a"):
        every = (
            context
            for session in sessions_by_name(state)
            for context in contexts_of(state, live, session)
        )
        return listed(invocation, TEMPLATE_WITH_SESSION, _panes(every))
    if invocation.flags.has("s"):
        windows = contexts_of(state, live, invocation.target.session)
        return listed(invocation, TEMPLATE_WITH_WINDOW, _panes(windows))
    target = invocation.target
    window = FormatContext(
        state, live, session=target.session.id, window=target.window.id, index=target.link.index
    )
    return listed(invocation, TEMPLATE, _panes((window,)))


COMMAND = Command(
    name="list-panes",
    alias="lsp",
    flags="asF:f:t:",
    usage="[-as] [-F format] [-f filter] [-t target-window]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.WINDOW, other_kinds=(("a", TargetKind.NONE),)),
    decide=decide,
    help="List the panes of a window, with -s of a session, with -a of all sessions.",
    read_only=True,
)
