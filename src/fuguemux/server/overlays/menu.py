"""A menu over the panes of a client: rows to choose from by key or by mouse. After tmux(1), `display-menu`."""

import re
from collections.abc import Callable
from typing import Final

from fuguemux.model.overlay_effects import MenuItem, OpenMenu
from fuguemux.server.overlays.frames import framed
from fuguemux.server.overlays.outcome import STAYS, About, OverlayOutcome
from fuguemux.terminal.blocks import CellBlock, OverPanes
from fuguemux.terminal.canvas import SINGLE
from fuguemux.terminal.emulator import MouseEvent
from fuguemux.terminal.key_reader import Input, KeyPress, Mouse
from fuguemux.terminal.mouse import WHEEL_DOWN, WHEEL_UP
from fuguemux.terminal.style import DEFAULT, Style
from fuguemux.terminal.styled_row import draw

ALL_MOTION: Final = 1003
PAGE: Final = 5
CLOSED: Final = OverlayOutcome(closed=True)
_MARK: Final = re.compile(r"#\[(?:[^]#]|#(?!\[))*+\]")
_COLOUR: Final = re.compile(r"\b[fb]g=[^], ]*")
_DIM: Final = Style(attributes=frozenset("2"))


class MenuOverlay:
    """Implements `overlays.PanesOverlay`. Belongs to the loop."""

    def __init__(
        self, menu: OpenMenu, chosen_style: Style, ended: Callable[[], None] = lambda: None
    ) -> None:
        """`ended` is called when it has disappeared."""
        self._menu = menu
        self._items = menu.items
        self._chosen_style = chosen_style
        self._ended = ended
        self._chosen = -1
        """The selected row; -1: none."""
        if menu.mouse is None:
            self._to_first()

    def key(self, item: Input) -> OverlayOutcome:
        """Move, choose or close."""
        if isinstance(item, Mouse):
            return self._pointed(item.event)
        if not isinstance(item, KeyPress):
            return STAYS
        name = item.name
        for at, row in enumerate(self._items):
            if row.key == name and row.can_be_chosen:
                self._chosen = at
                return self._entered()
        match name:
            case "Up" | "k":
                self._step(-1)
            case "Down" | "j":
                self._step(1)
            case "PPage" | "C-b":
                self._page_up()
            case "NPage" | "C-f":
                self._page_down()
            case "g" | "Home":
                self._to_first()
            case "G" | "End":
                self._to_last()
            case "Enter":
                return self._entered()
            case "Escape" | "C-c" | "C-g" | "q":
                return CLOSED
        return STAYS

    def _can_be_chosen(self, at: int) -> bool:
        return self._items[at].can_be_chosen

    def _step(self, by: int) -> None:
        """Select the next row that can be chosen, round the ends."""
        count = len(self._items)
        old = max(self._chosen, 0)
        while True:
            if self._chosen < 0:
                self._chosen = 0 if by > 0 else count - 1
            else:
                self._chosen = (self._chosen + by) % count
            if self._can_be_chosen(self._chosen) or self._chosen == old:
                return

    def _to_first(self) -> None:
        found = [at for at in range(len(self._items)) if self._can_be_chosen(at)]
        self._chosen = found[0] if found else -1

    def _to_last(self) -> None:
        found = [at for at in range(len(self._items)) if self._can_be_chosen(at)]
        self._chosen = found[-1] if found else -1

    def _page_up(self) -> None:
        above = [at for at in range(max(self._chosen, 0)) if self._can_be_chosen(at)]
        if self._chosen < PAGE + 1 or len(above) < PAGE:
            self._to_first()
        else:
            self._chosen = above[-PAGE]

    def _page_down(self) -> None:
        below = [at for at in range(self._chosen + 1, len(self._items)) if self._can_be_chosen(at)]
        if len(below) < PAGE:
            self._to_last()
        else:
            self._chosen = below[PAGE - 1]

    def _pointed(self, event: MouseEvent) -> OverlayOutcome:
        menu = self._menu
        if menu.mouse is None:
            return STAYS if event.button == 1 and event.action != "release" else CLOSED
        row = event.row - menu.row - 1
        across = menu.column <= event.column <= menu.column + 4 + menu.width
        inside = across and 0 <= row < len(self._items)
        if not (self._clicked(event, inside) if menu.stays_open else _released(event)):
            self._chosen = row if inside else -1
            return STAYS
        return self._entered() if inside else CLOSED

    def _clicked(self, event: MouseEvent, inside: bool) -> bool:
        """Whether the event chooses, or closes, a menu that stays open."""
        if event.action == "motion" or event.button in (WHEEL_UP, WHEEL_DOWN):
            return False
        return inside or not _released(event)

    def _entered(self) -> OverlayOutcome:
        if self._chosen < 0:
            return CLOSED
        row = self._items[self._chosen]
        if not row.can_be_chosen:
            return STAYS if self._menu.stays_open else CLOSED
        menu = self._menu
        return OverlayOutcome(
            closed=True, command=row.command, about=About(menu.session, menu.pane, menu.mouse)
        )

    def drawn(self, columns: int, rows: int) -> OverPanes:
        """The menu as a block."""
        del columns, rows
        menu = self._menu
        inside = [self._row(at, item) for at, item in enumerate(self._items)]
        shown = framed(inside, menu.width + 2, menu.title, DEFAULT)
        for at, item in enumerate(self._items, 1):
            if not item.name:
                shown[at] = f"├{SINGLE.across * (menu.width + 2)}┤".encode()
        block = CellBlock(menu.column, menu.row, menu.width + 4, shown)
        return OverPanes((block,), mouse=0 if menu.mouse is None else ALL_MOTION)

    def _row(self, at: int, item: MenuItem) -> bytes:
        style, name = DEFAULT, item.name
        if name.startswith("-"):
            style, name = _DIM, name[1:]
        elif at == self._chosen:
            style, name = self._chosen_style, _without_colours(name)
        blank = style.sgr() + b" " if at == self._chosen and item.can_be_chosen else b" "
        return b" " + draw(name, self._menu.width, style).content + blank + b"\x1b[0m"

    def resized(self, columns: int, rows: int) -> bool:
        """It disappears, as in tmux."""
        del columns, rows
        return False

    def ended(self) -> None:
        """Tell that it has disappeared."""
        self._ended()


def _without_colours(text: str) -> str:
    """The text without the colours in its marks: the selected row has only those of its style."""
    return _MARK.sub(lambda mark: _COLOUR.sub("", mark[0]), text)


def _released(event: MouseEvent) -> bool:
    """Whether no button is down. Old reports tell it so, and motion without a button counts, as in tmux."""
    return event.action == "release" or event.button == 0
