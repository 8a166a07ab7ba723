"""What expanding a format may cost. It is counted and not timed, so that the same format ends at the same place everywhere.

A unit is about a tenth of a microsecond on the machines of 2024. Whatever takes time is paid for before it is done.
"""

from typing import Final

from fuguemux.formats.context import View
from fuguemux.model.decision import Refused

UNITS_MAX: Final = 400_000
"""For one expansion, nested formats and loops included: some 40 ms, some 5,000 variables."""
RESULT_CHARS_MAX: Final = 1 << 20
"""What one expansion gives at most."""

TEXT: Final = 25
"""Beginning a text, nested or not."""
LEVEL: Final = 6
"""More for each level that a text is nested: deep down calls take several times as long, since the stack grows and shrinks."""
PART: Final = 15
"""A piece of a text."""
FORMAT: Final = 20
"""A `#{…}`."""
VARIABLE: Final = 20
OPTION: Final = 40
"""More for a name that may be an option of the user's own."""
ITEM: Final = 40
"""One turn of a loop."""
CONVERSION: Final = 40
"""One of strftime's conversions."""
MOMENT: Final = 450
"""A time in words."""
MODIFIER: Final = 12
SIGN: Final = 4
"""A character that means something: it is looked at by every level around it."""
COPIED_CHARS: Final = 25
"""So many characters are copied or searched for one unit."""
WALKED: Final = 10
"""A character that is looked at by itself: where columns are counted."""

_PROCESS: Final = 550
"""What is asked of the process table."""
_SCREEN: Final = 350
_HISTORY: Final = 300


class TooDear(Refused):
    """A format would take more work, or give more text, than one may."""


class Work:
    """What is left to be done, shared by all that a text nests, or by several texts."""

    __slots__ = ("_units", "left")

    def __init__(self, units: int = UNITS_MAX) -> None:
        self._units = units
        self.left = units

    @property
    def spent(self) -> int:
        """What was done of it."""
        return self._units - self.left

    def spend(self, units: int) -> bool:
        """Take `units` off what is left. True; raises TooDear if they are not there, now and from then on."""
        self.left -= units
        if self.left < 0:
            raise TooDear("format stopped: it takes too much work, make it shorter")
        return True


def text_cost(text: str) -> int:
    """What reading `text` costs, before anything in it is expanded."""
    signs = text.count("#") + text.count("}") + text.count(",") // 2
    return TEXT + len(text) // COPIED_CHARS + SIGN * signs


_PANES_OF_WINDOW: Final = frozenset(
    (
        *("pane_at_bottom", "pane_at_left", "pane_at_right", "pane_at_top", "pane_bottom"),
        *("pane_height", "pane_index", "pane_left", "pane_right", "pane_tabs", "pane_top"),
        *("pane_width", "window_layout", "window_panes", "window_visible_layout"),
    )
)
_CLIENTS: Final = frozenset(
    (
        *("session_attached", "session_attached_list", "session_many_attached"),
        *("window_active_clients", "window_active_clients_list"),
    )
)
_SESSIONS: Final = frozenset(
    (
        *("window_active_sessions", "window_active_sessions_list", "window_linked"),
        *("window_linked_sessions", "window_linked_sessions_list"),
    )
)
_ALL_PANES: Final = frozenset(("session_activity", "window_activity"))
_OF_SCREEN: Final = frozenset(
    (
        *("alternate_on", "cursor_flag", "cursor_x", "cursor_y", "keypad_cursor_flag"),
        *("keypad_flag", "mouse_any_flag"),
    )
)


def variable_cost(name: str, view: View) -> int:
    """What looking `name` up costs: more for what goes through all panes, windows, clients, or asks the kernel."""
    if name.startswith("@"):
        return VARIABLE + OPTION
    if name in _PANES_OF_WINDOW:
        return VARIABLE + 50 * view.pane_count
    if name.startswith("client_") or name in _CLIENTS:
        return VARIABLE + 15 * len(view.clients)
    if name in _SESSIONS:
        return VARIABLE + 2 * len(view.state.windows) + 4 * len(view.state.sessions)
    if name in _ALL_PANES:
        return VARIABLE + 4 * len(view.state.panes)
    if name in _OF_SCREEN:
        return VARIABLE if view.has("screen") else VARIABLE + _SCREEN
    if name.startswith("pane_current_"):
        return VARIABLE if view.has("foreground") else VARIABLE + _PROCESS
    if name.startswith("history_"):
        return VARIABLE + _HISTORY
    return VARIABLE
