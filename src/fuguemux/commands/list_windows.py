"""list-windows: print one line per window of a session, or with -a of all sessions."""

from fuguemux.commands.command import Command
from fuguemux.commands.parts.listing import contexts_of, listed, sessions_by_name
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind

_WINDOW = (
    "#{window_index}: #{window_name}#{window_raw_flags} (#{window_panes} panes) "
    "[#{window_width}x#{window_height}] "
)
TEMPLATE = _WINDOW + "[layout #{window_layout}] #{window_id}#{?window_active, (active),}"
TEMPLATE_WITH_SESSION = "#{session_name}:" + _WINDOW


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    if invocation.flags.has("a"):
        every = (
            context
            for session in sessions_by_name(state)
            for context in contexts_of(state, live, session)
        )
        return listed(invocation, TEMPLATE_WITH_SESSION, every)
    contexts = contexts_of(state, live, invocation.target.session)
    return listed(invocation, TEMPLATE, contexts)


COMMAND = Command(
    name="list-windows",
    alias="lsw",
    flags="F:f:at:",
    usage="[-a] [-F format] [-f filter] [-t target-session]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.SESSION, other_kinds=(("a", TargetKind.NONE),)),
    decide=decide,
    help="List the windows of a session, or with -a of all sessions.",
    read_only=True,
)
