"""The panes in copy mode, which show their history instead of their screen. Shared by all clients, as in tmux."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from fuguemux.model.ids import PaneId
from fuguemux.model.live import TextAt
from fuguemux.server.copy.copy_document import Document, RowAt, Spot, frozen
from fuguemux.server.copy.copy_mode import VIEW_MODE, CopyMode, ModeFacts, Styles
from fuguemux.server.copy.held_history import NotHeld
from fuguemux.server.panes.capture import history_row_count
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.terminal.compose import ScrolledRows

NOT_IN_MODE = ModeFacts()
VIEW_LINES_MAX: Final = 100_000
"""View mode shows at most this many lines, the last ones."""


class ScrollViews:
    """The mode of each pane that is in one. A pane at 0 rows back is still in the mode."""

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, None]], object] | None = None) -> None:
        """Without `spawn` all lines are read at once when they are needed."""
        self._spawn = spawn
        self._modes: dict[PaneId, CopyMode] = {}
        self._names: dict[PaneId, str] = {}
        """The names of the modes when `moved` was called last."""
        self._mode_changed: Callable[[PaneId], None] = lambda _pane: None
        self._beginning: dict[PaneId, Document] = {}
        self._told: Callable[[], None] = lambda: None
        self._redraw: Callable[[PaneTerminal], None] = lambda _terminal: None
        self._keep: Callable[[Iterable[tuple[PaneId, CopyMode]]], None] = lambda _modes: None
        self._style: Callable[[PaneId], tuple[Styles, bool]] = lambda _pane: (
            Styles(b"\x1b[0;7m", b"\x1b[0;7m", b"\x1b[0;7m"),
            False,
        )

    def connect(
        self,
        told: Callable[[], None],
        redraw: Callable[[PaneTerminal], None],
        style: Callable[[PaneId], tuple[Styles, bool]],
    ) -> None:
        """Give what is built after this object.

        `told` is called when a pane shows another part of its history, or its screen again; `redraw` when more of a pane's
        history can be drawn than before. `style` returns how matches and selections of a pane look, and whether its keys are
        vi's.
        """
        self._told = told
        self._redraw = redraw
        self._style = style

    def when_mode_changes(self, told: Callable[[PaneId], None]) -> None:
        """Call `told` when a pane enters copy mode or view mode, or leaves it."""
        self._mode_changed = told

    def keep_by(self, keep: Callable[[Iterable[tuple[PaneId, CopyMode]]], None]) -> None:
        """Call `keep` with all panes in a mode, now and whenever that changes."""
        self._keep = keep
        self.moved()

    def moved(self) -> None:
        """Call when a pane shows another part of its history, or its screen again, or when its cursor or selection moved."""
        self._told()
        # A text that a command printed is not kept for the next server.
        self._keep(
            (pane, mode)
            for pane, mode in self._modes.items()
            if mode.name != VIEW_MODE or mode.last_screen_ms is not None
        )
        self._notice_modes()

    def _notice_modes(self) -> None:
        names = {pane: mode.name for pane, mode in self._modes.items()}
        before, self._names = self._names, names
        for pane in before.keys() | names.keys():
            if before.get(pane) != names.get(pane):
                self._mode_changed(pane)

    def places(self) -> tuple[tuple[PaneId, int], ...]:
        """Every pane that shows its history, and how many rows back."""
        return tuple(
            (pane, _facts(mode).position)
            for pane, mode in self._modes.items()
            if mode.name != VIEW_MODE
        )

    def put(self, terminal: PaneTerminal, rows: int) -> None:
        """Show the pane as it was before another server took over, unless it is in a mode already."""
        if terminal.id not in self._modes and self._spawn is not None:
            self._spawn(self._put_at(terminal, rows))

    async def _put_at(self, terminal: PaneTerminal, rows: int) -> None:
        await self.entered(terminal, page_up=False)
        await self._scrolled(terminal, rows)

    def mode(self, pane: PaneId) -> CopyMode | None:
        """The pane's mode, or None."""
        return self._modes.get(pane)

    def in_mode(self, pane: PaneId) -> ModeFacts:
        """The values for formats: whether the pane is in a mode, how many rows back, and so on."""
        mode = self._modes.get(pane)
        return NOT_IN_MODE if mode is None else _facts(mode)

    def text_at(self, pane: PaneId, column: int, row: int) -> TextAt | None:
        """The text at a visible cell of a pane in a mode. None: it is in none, or the text is not in memory yet."""
        mode = self._modes.get(pane)
        if mode is not None:
            with suppress(NotHeld):
                return mode.text_at(column, row)
        return None

    def enter(self, terminal: PaneTerminal, *, page_up: bool, ends_at_bottom: bool = False) -> None:
        """Show the lines of this moment, with `page_up` one page back, as soon as the visible ones are in memory."""
        if terminal.id in self._modes or self._entered_at_once(terminal):
            mode = self._modes[terminal.id]
            mode.ends_at_bottom = mode.ends_at_bottom or ends_at_bottom
            if not page_up or mode.tried(_page_up):
                self.moved()
                return
        if self._spawn is not None:
            self._spawn(self._entered_later(terminal, page_up=page_up, ends=ends_at_bottom))

    def _entered_at_once(self, terminal: PaneTerminal) -> bool:
        document = frozen(terminal)
        document.held.strict = self._spawn is not None
        try:
            self._put(terminal, document, _cursor(terminal))
        except NotHeld:
            return False
        return True

    async def _entered_later(self, terminal: PaneTerminal, *, page_up: bool, ends: bool) -> None:
        await self.entered(terminal, page_up=page_up, ends_at_bottom=ends)
        self._redraw(terminal)

    async def entered(
        self,
        terminal: PaneTerminal,
        *,
        page_up: bool,
        ends_at_bottom: bool = False,
        hide_position: bool = False,
        source: PaneTerminal | None = None,
    ) -> None:
        """Do as `enter`, and return when the lines are shown. `source`: the pane whose lines are shown, if not its own."""
        mode = self._modes.get(terminal.id)
        if mode is None:
            source = source or terminal
            document = frozen(source)
            document.held.strict = self._spawn is not None
            mode = await self._begun(terminal, document, _cursor(source))
            if mode is None:
                return
            mode.ends_at_bottom = ends_at_bottom
            mode.hides_position = hide_position
        if page_up:
            await self.done(mode, _page_up)
        self.moved()

    def enter_at_start(self, terminal: PaneTerminal) -> CopyMode:
        """Show the lines of this moment. Reads the lines that it needs, and so does the mode until `hold_from` of its
        document.
        """
        return self._put(terminal, frozen(terminal), _cursor(terminal))

    async def _begun(
        self, terminal: PaneTerminal, document: Document, cursor: tuple[int, int]
    ) -> CopyMode | None:
        """Return the mode once it can be drawn. None if the pane is gone, or if another mode was begun meanwhile."""
        self._beginning[terminal.id] = document
        try:
            while self._beginning.get(terminal.id) is document:
                try:
                    return self._put(terminal, document, cursor)
                except NotHeld:
                    document.held.strict = await document.held.hold_more()
            return None
        finally:
            if self._beginning.get(terminal.id) is document:
                del self._beginning[terminal.id]

    def _put(self, terminal: PaneTerminal, document: Document, cursor: tuple[int, int]) -> CopyMode:
        mode = CopyMode(document, history_row_count(terminal), terminal.emulator.size)
        mode.put(*cursor)
        mode.go(mode.cursor)
        mode.mark = mode.cursor
        self._modes[terminal.id] = mode
        if self._spawn is not None:
            self._spawn(self._hold(terminal, mode))
        return mode

    async def _hold(self, terminal: PaneTerminal, mode: CopyMode) -> None:
        """Load the whole history while the mode lasts."""
        while self._modes.get(terminal.id) is mode and await mode.document.held.hold_more():
            if mode.shown is None:
                self._redraw(terminal)

    async def done(self, mode: CopyMode, work: Callable[[CopyMode], None]) -> None:
        """Apply `work` to the mode, as soon as the lines that it needs are in memory."""
        while not mode.tried(work):
            mode.document.held.strict = await mode.document.held.hold_more()

    async def refreshed(self, terminal: PaneTerminal, mode: CopyMode) -> None:
        """Show the pane's lines of this moment instead of those of an earlier one."""
        document = frozen(terminal)
        document.held.strict = self._spawn is not None

        def renew(trial: CopyMode) -> None:
            trial.fit(terminal.emulator.size)
            trial.renew(document, history_row_count(terminal))

        while not mode.tried(renew):
            document.held.strict = await document.held.hold_more()
            if mode.document.held.strict:
                mode.document.held.strict = await mode.document.held.hold_more()
        if self._spawn is not None:
            self._spawn(self._hold(terminal, mode))

    def show(
        self,
        terminal: PaneTerminal,
        document: Document,
        first: int,
        cursor: Spot,
        recovery_ms: int,
    ) -> None:
        """Show a last screen instead of the pane's own lines, from line `first` on as far as the cursor is then visible."""
        mode = CopyMode(document, 0, terminal.emulator.size)
        mode.name, mode.last_screen_ms = VIEW_MODE, recovery_ms
        mode.history_rows = document.rows_between(
            RowAt(document.first, 0), mode.bottom_top(), mode.columns, total=document.stop
        )
        mode.top = min(RowAt(first, 0), mode.bottom_top())
        mode.go(cursor)
        self._modes[terminal.id] = mode
        self.moved()

    def show_text(self, terminal: PaneTerminal, lines: Sequence[str]) -> None:
        """Show text in view mode. If the pane shows text already, it is added below that."""
        mode = self._modes.get(terminal.id)
        added = [line.encode("utf-8", "replace") for line in lines]
        if mode is not None and mode.name == VIEW_MODE and mode.last_screen_ms is None:
            before = mode.document
            added = [before.line(line) for line in range(before.first, before.stop)] + added
            added = added[-VIEW_LINES_MAX:]
            top, cursor, anchor = mode.top, mode.cursor, mode.anchor
        else:
            top, cursor, anchor = RowAt(0, 0), Spot(0, 0), None
        size = terminal.emulator.size
        document = Document((), added[-VIEW_LINES_MAX:] or [b""], continues=False)
        mode = CopyMode(document, 0, size)
        mode.name = VIEW_MODE
        mode.history_rows = document.rows_between(
            RowAt(document.first, 0), mode.bottom_top(), mode.columns, total=document.stop
        )
        mode.top, mode.anchor = min(top, mode.bottom_top()), anchor
        mode.cursor = cursor
        self._modes[terminal.id] = mode
        self.moved()

    def stop_search(self, pane: PaneId | None) -> bool:
        """Stop the search that is running in the pane. Returns whether there is one."""
        mode = None if pane is None else self._modes.get(pane)
        if mode is None or mode.searched is None:
            return False
        mode.search_stopped = True
        return True

    def leave(self, pane: PaneId) -> None:
        """Show the pane's screen again."""
        self._beginning.pop(pane, None)
        if self._modes.pop(pane, None) is not None:
            self.moved()

    def scroll(self, terminal: PaneTerminal, rows: int) -> None:
        """Scroll back (forward if negative) by rows, as far as there is history."""
        mode = self._modes.get(terminal.id)
        if mode is None:
            return
        if mode.tried(_scrolling(terminal, rows)):
            self.moved()
        elif self._spawn is not None:
            self._spawn(self._scrolled(terminal, rows))

    async def _scrolled(self, terminal: PaneTerminal, rows: int) -> None:
        mode = self._modes.get(terminal.id)
        if mode is not None:
            await self.done(mode, _scrolling(terminal, rows))
            self.moved()
            self._redraw(terminal)

    def view(self, terminal: PaneTerminal) -> ScrolledRows | None:
        """The rows to draw, or None if the pane shows its screen."""
        mode = self._modes.get(terminal.id)
        if mode is None:
            return None
        styles, vi = self._style(terminal.id)

        def draw(trial: CopyMode) -> None:
            trial.fit(terminal.emulator.size)
            trial.shown = trial.view(styles, vi=vi)

        if mode.tried(draw):
            return mode.shown
        before, mode.shown = mode.shown, None  # draw again as soon as more is in memory
        return before or ScrolledRows([], 0, max(0, mode.history_rows), (0, 0), "")


def _cursor(terminal: PaneTerminal) -> tuple[int, int]:
    cursor = terminal.emulator.cursor
    return cursor.column, cursor.row


def _page_up(mode: CopyMode) -> None:
    mode.page(max(mode.rows - 2, 1))


def _scrolling(terminal: PaneTerminal, rows: int) -> Callable[[CopyMode], None]:
    def work(mode: CopyMode) -> None:
        mode.fit(terminal.emulator.size)
        mode.scroll(rows)

    return work


def _facts(mode: CopyMode) -> ModeFacts:
    """The values as of the last moment at which all needed lines were in memory."""
    with suppress(NotHeld):
        mode.known = mode.facts()
    return mode.known
