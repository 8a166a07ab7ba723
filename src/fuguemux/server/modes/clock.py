"""clock-mode: the time in large digits. Any key ends it."""

from collections.abc import Callable
from typing import NamedTuple

from fuguemux.server.modes.pane_mode import STAYS, ModeOutcome, MouseAt, shown
from fuguemux.terminal import big_text
from fuguemux.terminal.canvas import Canvas
from fuguemux.terminal.compose import ScrolledRows
from fuguemux.terminal.style import sgr_of

ROWS_MIN = 6


class ClockLook(NamedTuple):
    """`hour`, `minute`: local time. `colour`: a colour in tmux's words. `twelve`: whether there are AM and PM."""

    hour: int
    minute: int
    colour: str = "blue"
    twelve: bool = False


class ClockMode:
    """Implements PaneMode."""

    name = "clock-mode"
    redraw_seconds = 1.0

    def __init__(self, look: Callable[[], ClockLook]) -> None:
        self._look = look

    def view(self, columns: int, rows: int) -> ScrolledRows:
        """The time in the middle: large, or as text if there is no room."""
        look = self._look()
        canvas = Canvas(columns, rows)
        text = clock_text(look)
        if columns < big_text.STEP * len(text) or rows < ROWS_MIN:
            if columns >= len(text):
                style = sgr_of(f"fg={look.colour}")
                canvas.put(columns // 2 - len(text) // 2, rows // 2, text, style)
        else:
            style = sgr_of(f"bg={look.colour}")
            big_text.draw(canvas, columns // 2 - 3 * len(text), rows // 2 - 3, text, style)
        return shown(canvas.rows())

    def key(self, name: str) -> ModeOutcome:
        """End the mode."""
        del name
        return ModeOutcome(closed=True)

    def mouse(self, event: MouseAt) -> ModeOutcome:
        """Nothing: only keys end the mode."""
        del event
        return STAYS

    def changed(self) -> None:
        """The time does not depend on the state."""

    def end(self) -> str:
        """Nothing is left to do."""
        return ""


def clock_text(look: ClockLook) -> str:
    """The time as `clock-mode-style` says: ` 3:05 PM`, or `15:05`."""
    if not look.twelve:
        return f"{look.hour:02}:{look.minute:02}"
    return f"{look.hour % 12 or 12:2}:{look.minute:02} {'PM' if look.hour >= 12 else 'AM'}"
