"""A pane's process could not be started."""

from fuguemux.model.closing import close_panes
from fuguemux.model.decision import Decision, Reply
from fuguemux.model.events import ProcessExited
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ExitCause, ServerState
from fuguemux.options.derived import renumbering


def decide(
    state: ServerState, live: LiveView, pane: PaneId, reason: str, *, again: bool = False
) -> Decision:
    """A pane that never ran is removed, with its window and session if they were created for it. One that ran before
    stays, dead, because its content is worth more than tidiness. The reply is the line for the requester.

    `again`: it was not the pane's fault, and the next start of the server tries again.
    """
    known = state.panes.get(pane)
    if known is None:
        return Decision()
    if known.generation == 0:
        window = state.windows[known.window]
        events = close_panes(state, window, {pane}, renumbering(state, live.option_defaults()))
        return Decision(events, reply=Reply(error=f"create pane failed: {reason}", exit_code=1))
    cause = ExitCause.SHUTDOWN_SUSPECT if again else ExitCause.UNKNOWN
    exited = ProcessExited(pane, None, None, cause, live.now_ms(), suspended=again)
    return Decision(
        (exited,), reply=Reply(error=f"pane %{pane} was not started: {reason}", exit_code=1)
    )
