"""A pane's process exited: the pane closes, or stays and shows how, or waits to be started again after a shutdown.

At a reboot or logout the shells exit shortly before the server does. If that counted as "the user closed everything",
nothing would come back. So an exit that looks like one caused by a shutdown, close to a shutdown, suspends the pane
instead.
"""

from typing import Final

from fuguemux.model.closing import close_panes
from fuguemux.model.decision import Decision
from fuguemux.model.events import ProcessExited
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ExitCause, Life, Pane, ServerState
from fuguemux.options import options
from fuguemux.options.derived import renumbering

_SIGHUP, _SIGKILL, _SIGTERM = 1, 9, 15
SHUTDOWN_SIGNALS: Final = frozenset((_SIGHUP, _SIGKILL, _SIGTERM))
SHUTDOWN_CODES: Final = frozenset((1, *(128 + signal for signal in SHUTDOWN_SIGNALS)))
"""Exit codes of shells that were told to end, or whose terminal or files disappeared."""


def decide(
    state: ServerState,
    live: LiveView,
    pane: PaneId,
    *,
    code: int | None,
    signal: int | None,
    shutdown_near: bool,
    stopping: bool = False,
    away: bool = False,
) -> Decision:
    """Decide what happens to the pane. If both numbers are None, it is not known how the process exited.

    `shutdown_near`: there are signs that the machine or the login session is ending. `stopping`: this server is ending,
    and everything that ends with it comes back with it. `away`: the process exited while no server was running to show
    it, so the pane stays and shows how. Returns no events for a pane that is closed or whose exit was recorded already.
    """
    known = state.panes.get(pane)
    if known is None or known.life in (Life.DEAD, Life.SUSPENDED):
        return Decision()
    now_ms = live.now_ms()
    if stopping or (shutdown_near and is_shutdown_suspect(code, signal)):
        exited = ProcessExited(
            pane, code, signal, ExitCause.SHUTDOWN_SUSPECT, now_ms, suspended=True
        )
        return Decision((exited,))
    if away or _stays(state, live, known, code):
        return Decision((ProcessExited(pane, code, signal, _cause(code, signal), now_ms),))
    window = state.windows[known.window]
    return Decision(close_panes(state, window, {pane}, renumbering(state, live.option_defaults())))


def is_shutdown_suspect(code: int | None, signal: int | None) -> bool:
    """Whether a process that a shutdown ends may exit like this. This includes an unknown exit status."""
    if signal is not None:
        return signal in SHUTDOWN_SIGNALS
    return code is None or code in SHUTDOWN_CODES


def _stays(state: ServerState, live: LiveView, pane: Pane, code: int | None) -> bool:
    """By `remain-on-exit`: with `failed` a pane closes only if its process is known to have succeeded."""
    value = options.get(state, live.option_defaults(), "remain-on-exit", pane=pane)
    return value == "on" or (value == "failed" and code != 0)


def _cause(code: int | None, signal: int | None) -> ExitCause:
    if signal is not None:
        return ExitCause.SIGNALLED
    return ExitCause.UNKNOWN if code is None else ExitCause.EXITED
