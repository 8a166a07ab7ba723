"""The last session is gone: the server stops, unless the option `exit-empty` is off."""

from fuguemux.model.decision import Decision
from fuguemux.model.effects import StopServer
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options


def decide(state: ServerState, live: LiveView) -> Decision:
    """StopServer if there is no session and no option keeps the server. Call it after sessions were removed, not at a
    start.
    """
    if state.sessions or not options.get_flag(state, live.option_defaults(), "exit-empty"):
        return Decision()
    return Decision(effects=(StopServer(),))
