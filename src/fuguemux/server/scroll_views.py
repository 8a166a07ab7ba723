"""Panes in copy mode: they show their history instead of their screen. Shared by all clients, as in tmux."""

from collections.abc import Callable, Iterable

from fuguemux.model.ids import PaneId
from fuguemux.server.capture import history_row_count
from fuguemux.server.copy_document import Document, RowAt, Spot, frozen
from fuguemux.server.copy_mode import VIEW_MODE, CopyMode, ModeFacts, Styles
from fuguemux.server.pane_terminal import PaneTerminal
from fuguemux.terminal.compose import ScrollView

NOT_IN_MODE = ModeFacts()


class ScrollViews:
    """The mode of each pane that is in it. 0 rows back is still the mode."""

    def __init__(self) -> None:
        self._modes: dict[PaneId, CopyMode] = {}
        self.told: Callable[[], None] = lambda: None
        """Called when a pane shows another part of its history, or its screen again."""
        self.keep: Callable[[Iterable[tuple[PaneId, CopyMode]]], None] = lambda _modes: None
        """Given every pane that does not show its screen, whenever that changes."""
        self.style: Callable[[PaneId], tuple[Styles, bool]] = lambda _pane: (
            Styles(b"\x1b[0;7m", b"\x1b[0;7m", b"\x1b[0;7m"),
            False,
        )
        """How matches and selections of a pane look, and whether its keys are vi's."""

    def moved(self) -> None:
        """A pane shows another part of its history, or its screen again, or its cursor or selection is elsewhere."""
        self.told()
        self.keep(self._modes.items())

    def places(self) -> tuple[tuple[PaneId, int], ...]:
        """Every pane that shows its history, and how many rows back."""
        return tuple(
            (pane, mode.back) for pane, mode in self._modes.items() if mode.name != VIEW_MODE
        )

    def put(self, terminal: PaneTerminal, rows: int) -> None:
        """Show the pane as it was before another server took over, unless it is in the mode already."""
        if terminal.id not in self._modes:
            self.enter(terminal, page_up=False)
            self.scroll(terminal, rows)

    def mode(self, pane: PaneId) -> CopyMode | None:
        """The pane's mode, if it is in it."""
        return self._modes.get(pane)

    def in_mode(self, pane: PaneId) -> ModeFacts:
        """Whether the pane is in the mode, how many rows back, and so on."""
        mode = self._modes.get(pane)
        return NOT_IN_MODE if mode is None else mode.facts()

    def enter(self, terminal: PaneTerminal, *, page_up: bool, ends_at_bottom: bool = False) -> None:
        """Show the lines of this moment; with `page_up` a page back."""
        mode = self._modes.get(terminal.id)
        if mode is None:
            document = frozen(terminal)
            mode = CopyMode(document, history_row_count(terminal), terminal.emulator.size)
            cursor = terminal.emulator.cursor
            mode.put(cursor.column, cursor.row)
            mode.go(mode.cursor)
            mode.ends_at_bottom = ends_at_bottom
            self._modes[terminal.id] = mode
        if page_up:
            mode.page(max(mode.rows - 2, 1))
        self.moved()

    def show(
        self,
        terminal: PaneTerminal,
        document: Document,
        first: int,
        cursor: Spot,
        recovery_ms: int,
    ) -> None:
        """Show a last screen instead of the pane's own lines: from line `first` on, as far as the cursor is then visible."""
        mode = CopyMode(document, 0, terminal.emulator.size)
        mode.name, mode.last_screen_ms = VIEW_MODE, recovery_ms
        mode.history_rows = document.rows_between(
            RowAt(document.first, 0), mode.bottom_top(), mode.columns, total=document.stop
        )
        mode.top = min(RowAt(first, 0), mode.bottom_top())
        mode.go(cursor)
        self._modes[terminal.id] = mode
        self.moved()

    def stop_search(self, pane: PaneId | None) -> bool:
        """End the search that goes on in the pane; whether there is one."""
        mode = None if pane is None else self._modes.get(pane)
        if mode is None or mode.searched is None:
            return False
        mode.search_stopped = True
        return True

    def leave(self, pane: PaneId) -> None:
        """Show the screen again."""
        if self._modes.pop(pane, None) is not None:
            self.moved()

    def scroll(self, terminal: PaneTerminal, rows: int) -> None:
        """Go back (or with a negative number forward) by rows, as far as there is history."""
        mode = self._modes.get(terminal.id)
        if mode is not None:
            mode.fit(terminal.emulator.size)
            mode.scroll(rows)
            self.moved()

    def view(self, terminal: PaneTerminal) -> ScrollView | None:
        """What to draw, or None: the pane shows its screen."""
        mode = self._modes.get(terminal.id)
        if mode is None:
            return None
        mode.fit(terminal.emulator.size)
        styles, vi = self.style(terminal.id)
        return mode.view(styles, vi=vi)
