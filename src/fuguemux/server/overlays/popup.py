"""A popup: a box over the panes of a client in which a program runs. After tmux(1), `display-popup`."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple, Protocol

from fuguemux.model.overlay_effects import MenuItem, OpenMenu, OpenPopup
from fuguemux.model.pointing import Pointing
from fuguemux.server.overlays.frames import LINES, framed
from fuguemux.server.overlays.menu import MenuOverlay
from fuguemux.server.overlays.outcome import STAYS, OverlayOutcome
from fuguemux.terminal.blocks import CellBlock, OverPanes
from fuguemux.terminal.emulator import Emulator, MouseEvent
from fuguemux.terminal.key_reader import Input, KeyPress, Mouse, Paste
from fuguemux.terminal.mouse import META
from fuguemux.terminal.style import RESET, TOKENS, Style, text_width

HANGUP: Final = 129
"""The exit code of a popup that was closed while its program ran."""
CLOSED: Final = OverlayOutcome(closed=True)
_MENU: Final = (
    MenuItem("Close#[default] #[align=right](q)", "q", "close"),
    MenuItem(),
    MenuItem("Fill Space#[default] #[align=right](F)", "F", "fill"),
    MenuItem("Centre#[default] #[align=right](C)", "C", "centre"),
)
_MENU_WIDTH: Final = 14


class PopupLook(NamedTuple):
    """The colours of a popup, and of its border."""

    inside: Style
    border: Style
    chosen: Style
    """Of the selected row of its menu."""


class Program(Protocol):
    """The program in the popup."""

    def write(self, data: bytes) -> None: ...

    def resize(self, columns: int, rows: int) -> None: ...

    def close(self) -> None: ...


class PopupOverlay:
    """Implements `overlays.PanesOverlay`. Belongs to the loop."""

    def __init__(
        self,
        popup: OpenPopup,
        look: PopupLook,
        size: tuple[int, int],
        emulator: Emulator,
        program: Program,
        ended: Callable[[int], None],
    ) -> None:
        """`size`: the client's columns and rows. `ended` gets the exit code of the program."""
        self._popup = popup
        self._look = look
        self._size = size
        self._emulator = emulator
        self._program = program
        self._ended = ended
        self._edge = 0 if popup.lines == "none" else 1
        self.column, self.row = popup.column, popup.row
        self.columns, self.rows = popup.columns, popup.rows
        self._wanted = (popup.column, popup.row, popup.columns, popup.rows)
        """The place that the user chose, which a small terminal may not have."""
        self._menu: MenuOverlay | None = None
        self._dragging: Literal["", "move", "size"] = ""
        self._grip = (0, 0)
        self._last: MouseEvent | None = None
        self._code = HANGUP
        self.running = True
        """Whether the program runs."""

    @property
    def inside(self) -> tuple[int, int]:
        """The columns and rows of the program's terminal."""
        return self.columns - 2 * self._edge, self.rows - 2 * self._edge

    def program_ended(self, code: int) -> bool:
        """The program has ended. Returns whether the popup closes."""
        self._code, self.running = code, False
        closes = self._popup.closes
        return closes == "exit" or (closes == "success" and code == 0)

    # Keys

    def key(self, item: Input) -> OverlayOutcome:
        """Give it to the program, or close, move or resize the popup."""
        if self._menu is not None:
            return self._menu_key(self._menu, item)
        if isinstance(item, Mouse):
            return self._pointed(item.event)
        if isinstance(item, KeyPress):
            closes = not self._popup.closes or not self.running
            if closes and item.name in ("Escape", "C-c"):
                return CLOSED
            self._write(item.raw)
        elif isinstance(item, Paste):
            self._write(self._emulator.encode_paste(item.data))
        return STAYS

    def _write(self, data: bytes) -> None:
        if data and self.running:
            self._program.write(data)

    def _menu_key(self, menu: MenuOverlay, item: Input) -> OverlayOutcome:
        outcome = menu.key(item)
        if not outcome.closed:
            return STAYS
        self._menu = None
        columns, rows = self._size
        match outcome.command:
            case "close":
                return CLOSED
            case "fill":
                self._place(0, 0, columns, rows)
            case "centre":
                self._place(
                    columns // 2 - self.columns // 2,
                    rows // 2 - self.rows // 2,
                    self.columns,
                    self.rows,
                )
        return STAYS

    # The mouse

    def _pointed(self, event: MouseEvent) -> OverlayOutcome:
        last, self._last = self._last or event, event
        moves = event.action == "motion"
        if self._dragging:
            self._drag(event)
            return STAYS
        x, y = event.column - self.column, event.row - self.row
        right = event.button == 3 and event.action == "press"
        if not (0 <= x < self.columns and 0 <= y < self.rows):
            if right:
                self._open_menu(event)
            return STAYS
        at_left_or_top = bool(self._edge) and (x == 0 or y == 0)
        on_border = bool(self._edge) and (
            at_left_or_top or x == self.columns - 1 or y == self.rows - 1
        )
        if right and not event.modifiers and at_left_or_top:
            self._open_menu(event)
            return STAYS
        if event.modifiers == META or (on_border and last.action != "motion"):
            if moves and last.button in (1, 3):
                self._dragging = "move" if last.button == 1 else "size"
                self._grip = (last.column - self.column, last.row - self.row)
            return STAYS
        inner = event._replace(column=x - self._edge, row=y - self._edge)
        columns, rows = self.inside
        if 0 <= inner.column < columns and 0 <= inner.row < rows:
            self._write(self._emulator.encode_mouse(inner))
        return STAYS

    def _drag(self, event: MouseEvent) -> None:
        if event.action != "motion" or not event.button:
            self._dragging = ""
        elif self._dragging == "move":
            columns, rows = self._size
            x = min(max(event.column - self._grip[0], 0), columns - self.columns)
            y = min(max(event.row - self._grip[1], 0), rows - self.rows)
            self._grip = (event.column - x, event.row - y)
            self._place(x, y, self.columns, self.rows)
        else:
            least = 3 if self._edge else 1
            wide, high = event.column - self.column, event.row - self.row
            if wide >= least and high >= least:
                self._place(self.column, self.row, wide, high)

    def _open_menu(self, event: MouseEvent) -> None:
        wide, high = _MENU_WIDTH + 4, len(_MENU) + 2
        columns, rows = self._size
        if wide > columns or high > rows:
            return
        popup = self._popup
        x = min(max(event.column - wide // 2, 0), columns - wide)
        y = min(event.row, rows - high)
        mouse = Pointing("", event.column, event.row, event.column, event.row, popup.session)
        menu = OpenMenu(
            popup.client, x, y, _MENU_WIDTH, "", _MENU, popup.session, popup.pane, mouse
        )
        self._menu = MenuOverlay(menu, self._look.chosen)

    # Place and size

    def _place(self, x: int, y: int, columns: int, rows: int) -> None:
        """Put the popup where the user wants it."""
        self._wanted = (x, y, columns, rows)
        self._fit()

    def _fit(self) -> None:
        x, y, columns, rows = self._wanted
        wide, high = self._size
        before = self.inside
        self.columns, self.rows = min(columns, wide), min(rows, high)
        self.column, self.row = min(x, wide - self.columns), min(y, high - self.rows)
        if self.inside != before and min(self.inside) > 0:
            self._emulator.resize(*self.inside)
            self._program.resize(*self.inside)

    def resized(self, columns: int, rows: int) -> bool:
        """Stay in sight, as far as it fits."""
        self._size = (columns, rows)
        self._menu = None
        self._fit()
        return True

    def ended(self) -> None:
        """End the program."""
        self._program.close()
        self._emulator.close()
        self._ended(self._code)

    # Drawing

    def drawn(self, columns: int, rows: int) -> OverPanes:
        """The box with the screen of the program, and its menu if that is open."""
        shown = self._rows()
        blocks = [CellBlock(self.column, self.row, self.columns, shown)]
        if self._menu is not None:
            over = self._menu.drawn(columns, rows)
            return over._replace(blocks=[*blocks, *over.blocks])
        cursor = self._emulator.cursor
        place = None
        if cursor.visible:
            left, top = self.column + self._edge, self.row + self._edge
            place = (left + cursor.column, top + cursor.row)
        return OverPanes(blocks, place, emulator=self._emulator)

    def _rows(self) -> list[bytes]:
        columns, rows = self.inside
        if min(columns, rows) <= 0:
            return [b""] * self.rows
        base = self._look.inside
        content = self._emulator.render(0, 0, columns, rows)
        content += [b""] * (rows - len(content))
        inner = [_filled(row, columns, base) for row in content]
        if not self._edge:
            return inner
        lines = LINES[self._popup.lines]
        return framed(inner, columns, self._popup.title, self._look.border, lines)


def _filled(row: bytes, columns: int, base: Style) -> bytes:
    """A row of the program's screen in `columns` cells; what has no colours has those of the popup."""
    parts: list[str] = []
    size = 0
    style = base.sgr().decode()
    colours = base != Style()
    for index, token in enumerate(TOKENS.split(row.decode("utf-8", "replace"))):
        if index % 2 == 0:
            size += text_width(token)
        elif colours and token.startswith("\x1b[0") and token.endswith("m"):
            rest = token[3:-1].lstrip(";")
            token = f"{style}\x1b[{rest}m" if rest else style
        parts.append(token)
    blanks = " " * max(columns - size, 0)
    return f"{style}{''.join(parts)}{style}{blanks}{RESET}".encode()
