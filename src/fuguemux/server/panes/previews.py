"""The preview beside a list of panes, or below it on a narrow terminal: the last screen of the program that ended in
the selected pane.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.last_screens import LastScreen
from fuguemux.server.panes.last_screen import rows_of
from fuguemux.server.panes.last_screens import NoScreen
from fuguemux.terminal.clip import clipped
from fuguemux.terminal.style import text_width
from fuguemux.terminal.styled_row import line

BESIDE_COLUMNS_MIN: Final = 72
"""On narrower terminals the preview is below the list."""
LIST_COLUMNS_MIN: Final = 28
LIST_ROWS_MIN: Final = 3
HEAD_STYLE: Final = "dim"

FindScreen = Callable[[PaneId, int | None], Awaitable[LastScreen]]
"""The signature of `LastScreensPort.fetch`."""
READING: Final = "the last screen is being read…"


class LastScreensPort(Protocol):
    """The part of LastScreens that a preview needs."""

    spawn: Callable[[Coroutine[Any, Any, None]], object]

    async def fetch(self, pane: PaneId, recovery_ms: int | None) -> LastScreen:
        """The last screen of a pane, of one recovery (its time) or the newest (None). May take long. Raises NoScreen."""
        ...


class ScreenPreview:
    """Implements overlays.Preview. A screen is read when its pane is selected, and shown when it has arrived."""

    def __init__(
        self,
        screens: LastScreensPort | None,
        panes: Sequence[PaneId | None],
        redraw: Callable[[], None],
    ) -> None:
        """`panes` has one element for each row of the list. `redraw` is called when there is something new to show."""
        self._panes = panes
        self._screens = screens
        self._redraw = redraw
        self._pane: PaneId | None = None
        """The pane whose screen is, or will be, in `_screen`."""
        self._screen: LastScreen | str = READING
        """The screen, or a text that says why there is none."""

    def with_list(
        self, row: int, columns: int, height: int, listed: Callable[[int, int], list[bytes]]
    ) -> list[bytes]:
        """The rows of list and preview together."""
        if columns >= BESIDE_COLUMNS_MIN:
            return self._beside(row, columns, height, listed)
        return self._below(row, columns, height, listed)

    def _beside(
        self, row: int, columns: int, height: int, listed: Callable[[int, int], list[bytes]]
    ) -> list[bytes]:
        left = max(columns * 2 // 5, LIST_COLUMNS_MIN)
        names = listed(left, height)
        names += [line("", left)] * (height - len(names))
        title, shown = self._shown(row, columns - left - 1, height - 1)
        head = line(title, columns - left - 1, HEAD_STYLE)
        shown = [head, *shown, *[b""] * (height - 1 - len(shown))]
        bar = line("│", 1, HEAD_STYLE)
        return [name + bar + cells for name, cells in zip(names, shown, strict=True)]

    def _below(
        self, row: int, columns: int, height: int, listed: Callable[[int, int], list[bytes]]
    ) -> list[bytes]:
        top = min(max(height // 2, LIST_ROWS_MIN), height)
        names = listed(columns, top)
        left = height - len(names) - 1
        if left <= 0:
            return names[:height]
        title, shown = self._shown(row, columns, left)
        rule = "─" * max(columns - text_width(title) - 1, 0)
        return [*names, line(f"{title} {rule}", columns, HEAD_STYLE), *shown]

    def _shown(self, row: int, columns: int, height: int) -> tuple[str, list[bytes]]:
        """Return a title line and the part of the screen that fits, which includes the row of the cursor."""
        pane = self._panes[row] if row < len(self._panes) else None
        if pane is None:
            return "", []
        if pane != self._pane:
            self._pane, self._screen = pane, READING
            if self._screens is not None:
                self._screens.spawn(self._read(pane, self._screens))
        screen = self._screen
        if isinstance(screen, str):
            return _plain(screen), []
        title = f"{screen.program or 'a program'}, {screen.columns}x{screen.rows}"
        if height <= 0 or columns <= 0:
            return _plain(title), []
        rows = rows_of(screen)
        top = min(max(screen.cursor_row - height + 1, 0), max(len(rows) - height, 0))
        start = max(screen.cursor_column - columns + 1, 0)
        return _plain(title), [clipped(each, start, columns) for each in rows[top : top + height]]

    async def _read(self, pane: PaneId, screens: LastScreensPort) -> None:
        try:
            found: LastScreen | str = await screens.fetch(pane, None)
        except NoScreen as none:
            found = str(none)
        if pane == self._pane:
            self._screen = found
            self._redraw()


def _plain(text: str) -> str:
    return "".join(c for c in text.replace("#[", "##[") if c.isprintable())
