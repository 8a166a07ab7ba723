"""A pane's process could not be started."""

from functools import partial

from fuguemux.model.closing import close_panes
from fuguemux.model.decision import Decision, Reply
from fuguemux.model.events import ProcessExited
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ExitCause, ServerState
from fuguemux.reactions.option_values import renumbering


def decide(state: ServerState, live: LiveView, pane: PaneId, reason: str) -> Decision:
    """A pane that never ran goes, with its window and session if they were made for it. One that ran before stays, dead:
    what it showed is worth more than tidiness. The reply is the line for whoever asked."""
    known = state.panes.get(pane)
    if known is None:
        return Decision()
    if known.generation == 0:
        window = state.windows[known.window]
        events = close_panes(state, window, {pane}, partial(renumbering, state))
        return Decision(events, reply=Reply(error=f"create pane failed: {reason}", exit_code=1))
    exited = ProcessExited(pane, None, None, ExitCause.UNKNOWN, live.now_ms())
    return Decision(
        (exited,), reply=Reply(error=f"pane %{pane} was not started: {reason}", exit_code=1)
    )
