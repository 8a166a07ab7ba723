"""Panes that show their history instead of their screen (copy mode's scrolling). Shared by all clients, as in tmux."""

from collections.abc import Callable

from fuguemux.model.ids import PaneId
from fuguemux.server.capture import history_row_count, newest_history_rows
from fuguemux.server.pane_terminal import PaneTerminal
from fuguemux.terminal.compose import ScrollView

KEYS_UP = ("PPage", "C-b", "M-v")
KEYS_DOWN = ("NPage", "C-f", "C-v", "Space")


class ScrollViews:
    """How far each pane is scrolled back, in rows of its present width. 0 rows back is still the mode."""

    def __init__(self) -> None:
        self._back: dict[PaneId, int] = {}
        self.moved: Callable[[], None] = lambda: None
        """Called when a pane shows another part of its history, or its screen again."""

    def places(self) -> tuple[tuple[PaneId, int], ...]:
        """Every pane in the mode, and how many rows back."""
        return tuple(self._back.items())

    def put(self, terminal: PaneTerminal, rows: int) -> None:
        """Show the pane as it was before another server took over, unless it is in the mode already."""
        if terminal.id not in self._back:
            self.scroll(terminal, rows)

    def in_mode(self, pane: PaneId) -> tuple[bool, int]:
        """Whether the pane is in the mode, and how many rows back."""
        return pane in self._back, self._back.get(pane, 0)

    def enter(self, terminal: PaneTerminal, *, page_up: bool) -> None:
        """Show the history; with `page_up` a page back."""
        self._back.setdefault(terminal.id, 0)
        self.moved()
        if page_up:
            self.scroll(terminal, terminal.emulator.size.rows)

    def leave(self, pane: PaneId) -> None:
        """Show the screen again."""
        if self._back.pop(pane, None) is not None:
            self.moved()

    def scroll(self, terminal: PaneTerminal, rows: int) -> None:
        """Go back (or with a negative number forward) by rows, as far as there is history."""
        terminal.take_archive(everything=True)
        last = history_row_count(terminal)
        self._back[terminal.id] = min(max(self._back.get(terminal.id, 0) + rows, 0), last)
        self.moved()

    def key(self, terminal: PaneTerminal, name: str) -> None:
        """A key while in the mode."""
        page = max(1, terminal.emulator.size.rows - 2)
        if name in KEYS_UP:
            self.scroll(terminal, page)
        elif name in KEYS_DOWN:
            self.scroll(terminal, -page)
        elif name in ("Up", "k", "C-p", "C-Up"):
            self.scroll(terminal, 1)
        elif name in ("Down", "j", "C-n", "C-Down"):
            self.scroll(terminal, -1)
        elif name in ("C-u", "M-Up"):
            self.scroll(terminal, page // 2)
        elif name in ("C-d", "M-Down"):
            self.scroll(terminal, -page // 2)
        elif name in ("g", "M-<", "Home"):
            self.scroll(terminal, 1 << 60)
        elif name in ("G", "M->", "End"):
            self.scroll(terminal, -(1 << 60))
        elif name in ("q", "Escape", "C-c", "Enter", "i"):
            self.leave(terminal.id)

    def view(self, terminal: PaneTerminal) -> ScrollView | None:
        """What to draw, or None: the pane shows its screen."""
        back = self._back.get(terminal.id)
        if back is None:
            return None
        size = terminal.emulator.size
        rows: list[bytes] = []
        if back:
            history = newest_history_rows(terminal, back, size.columns)
            back = self._back[terminal.id] = min(back, len(history))
            rows = [row.data for row in history[: size.rows]]
        rows += terminal.emulator.screen_ansi()[: max(0, size.rows - len(rows))]
        return ScrollView(rows, back, history_row_count(terminal), (0, size.rows - 1))
