"""The cost of expanding a format. It is counted and not measured, so that a format stops at the same point on every machine.

A unit is about a tenth of a microsecond on a machine of 2024. Work is charged before it is done.
"""

from typing import Final

from fuguemux.formats.context import View
from fuguemux.model.decision import Refused

UNITS_MAX: Final = 400_000
"""The maximum for one expansion with its nested formats and loops: some 40 ms, or some 5,000 variables."""
RESULT_CHARS_MAX: Final = 1 << 20
"""The maximum length of the result of one expansion."""

TEXT: Final = 25
"""Starting to expand a text, nested or not."""
LEVEL: Final = 6
"""In addition for each level of nesting: deep calls take several times as long."""
PART: Final = 15
"""A piece of a text."""
FORMAT: Final = 20
"""A `#{…}`."""
VARIABLE: Final = 20
OPTION: Final = 40
"""In addition for a name that may be a user option."""
ITEM: Final = 40
"""One turn of a loop."""
CONVERSION: Final = 40
"""One conversion of strftime."""
MOMENT: Final = 450
"""A moment as text."""
JOB: Final = 100
"""Looking up the output of a `#(command)`."""
MODIFIER: Final = 12
SIGN: Final = 4
"""A character with a meaning. Every level around it reads it again."""
COPIED_CHARS: Final = 25
"""How many characters are copied or searched for one unit."""
WALKED: Final = 10
"""A character that is examined by itself, as for counting columns."""

_PROCESS: Final = 550
"""A question to the process table."""
_SCREEN: Final = 350
_HISTORY: Final = 300


class TooExpensive(Refused):
    """The format needs more work than is allowed, or its result is too long."""


class Work:
    """The work that is left for an expansion. Nested formats share it, and so may several texts."""

    __slots__ = ("_units", "left")

    def __init__(self, units: int = UNITS_MAX) -> None:
        self._units = units
        self.left = units

    @property
    def spent(self) -> int:
        """Units of work done so far."""
        return self._units - self.left

    def spend(self, units: int) -> bool:
        """Take `units` from what is left. Returns True. If there are not enough, this and each later call raise TooExpensive."""
        self.left -= units
        if self.left < 0:
            raise TooExpensive("format stopped: it takes too much work, make it shorter")
        return True


def text_cost(text: str) -> int:
    """The cost of reading `text`, before anything in it is expanded."""
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
        *("session_group_attached", "session_group_attached_list", "session_group_many_attached"),
    )
)
_SESSIONS: Final = frozenset(
    (
        *("window_active_sessions", "window_active_sessions_list", "window_linked"),
        *("window_linked_sessions", "window_linked_sessions_list"),
        *("session_group_list", "session_group_size"),
    )
)
_SHOWN_TEXT: Final = frozenset(("mouse_line", "mouse_word"))
_ALL_PANES: Final = frozenset(("session_activity", "window_activity"))
_OF_SCREEN: Final = frozenset(
    (
        *("alternate_on", "cursor_flag", "cursor_x", "cursor_y", "keypad_cursor_flag"),
        *("keypad_flag", "mouse_all_flag", "mouse_any_flag", "mouse_button_flag", "mouse_sgr_flag"),
        *("mouse_standard_flag", "mouse_utf8_flag"),
    )
)


def variable_cost(name: str, view: View) -> int:
    """The cost of looking `name` up. It is higher if all panes, windows or clients are visited, or the kernel is asked."""
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
    if name == "cursor_character":
        return VARIABLE + _SCREEN
    if name in _OF_SCREEN:
        return VARIABLE if view.has("screen") else VARIABLE + _SCREEN
    if name.startswith("pane_current_"):
        return VARIABLE if view.has("foreground") else VARIABLE + _PROCESS
    if name in _SHOWN_TEXT:
        return VARIABLE + _SCREEN
    if name.startswith("history_"):
        return VARIABLE + _HISTORY
    return VARIABLE
