"""A window has rung, printed or been silent: which of its sessions are told, and how. After tmux(1): monitor-bell,
bell-action, visual-bell and the like."""

from collections.abc import Callable
from typing import Final, NamedTuple

from fuguemux.model.ids import SessionId
from fuguemux.model.live import ACTIVITY, BELL, SILENCE
from fuguemux.model.state import ServerState, Window, current_link, sessions_with
from fuguemux.options import options
from fuguemux.options.options import Defaults

KINDS: Final = (BELL, ACTIVITY, SILENCE)
"""In the order in which they are looked at."""


class _Names(NamedTuple):
    monitor: str
    action: str
    visual: str
    hook: str
    word: str


_NAMES: Final = {
    BELL: _Names("monitor-bell", "bell-action", "visual-bell", "alert-bell", "Bell"),
    ACTIVITY: _Names(
        "monitor-activity", "activity-action", "visual-activity", "alert-activity", "Activity"
    ),
    SILENCE: _Names(
        "monitor-silence", "silence-action", "visual-silence", "alert-silence", "Silence"
    ),
}
MONITORS: Final = frozenset(names.monitor for names in _NAMES.values())


class Alert(NamedTuple):
    """What one link of a session to the window gives."""

    session: SessionId
    marks: bool
    """Whether the link is marked."""
    hook: str = ""
    """The hook to run; empty: none, because the action of the session does not apply."""
    rings: bool = False
    """Whether the terminals of the session's clients ring."""
    text: str = ""
    """What the session's clients are shown; empty: nothing."""


def is_monitored(state: ServerState, defaults: Defaults, window: Window, kind: str) -> bool:
    """Whether the window's option asks for alerts of this kind."""
    value = options.get(state, defaults, _NAMES[kind].monitor, window=window)
    return value not in ("off", "0")


def decide(
    state: ServerState,
    defaults: Defaults,
    window: Window,
    kind: str,
    marks: Callable[[SessionId], str],
    attached: Callable[[SessionId], bool],
) -> list[Alert]:
    """The alerts of one kind for a window, one for each link to it.

    `marks` returns the marks that the window has in a session. A mark for activity or silence is not given twice, but
    each bell counts. Of two links in one session only the first shows a text.
    """
    if not is_monitored(state, defaults, window, kind):
        return []
    names = _NAMES[kind]
    alerts: list[Alert] = []
    for session in sessions_with(state, window.id):
        if kind != BELL and kind in marks(session.id):
            continue
        is_told = False
        for link in session.links:
            if link.window != window.id:
                continue
            is_current = link is current_link(session)
            marked = not is_current or not attached(session.id)
            action = options.get(state, defaults, names.action, session=session)
            if not _applies(action, is_current):
                alerts.append(Alert(session.id, marked))
                continue
            visual = options.get(state, defaults, names.visual, session=session)
            where = "current window" if is_current else f"window {link.index}"
            alerts.append(
                Alert(
                    session.id,
                    marked,
                    names.hook,
                    rings=not is_told and visual in ("off", "both"),
                    text=f"{names.word} in {where}" if not is_told and visual != "off" else "",
                )
            )
            is_told = True
    return alerts


def silence_s(state: ServerState, defaults: Defaults, window: Window) -> int:
    """After how many seconds without output the window is silent; 0: never."""
    return options.get_number(state, defaults, _NAMES[SILENCE].monitor, window=window)


def _applies(action: str, is_current: bool) -> bool:
    return action == "any" or action == ("current" if is_current else "other")
