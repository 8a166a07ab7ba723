"""list-sessions: print one line per session, sorted by name."""

from fuguemux.commands.command import Command
from fuguemux.commands.parts.listing import listed, sessions_by_name
from fuguemux.formats.formats import FormatContext
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

TEMPLATE = (
    "#{session_name}: #{session_windows} windows (created #{t:session_created})"
    "#{?session_grouped, (group ,}#{session_group}#{?session_grouped,),}"
    "#{?session_attached, (attached),}"
)


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    contexts = (FormatContext(state, live, session=found.id) for found in sessions_by_name(state))
    return listed(invocation, TEMPLATE, contexts)


COMMAND = Command(
    name="list-sessions",
    alias="ls",
    flags="F:f:",
    usage="[-F format] [-f filter]",
    arguments=(0, 0),
    decide=decide,
    help="List the sessions.",
    read_only=True,
)
