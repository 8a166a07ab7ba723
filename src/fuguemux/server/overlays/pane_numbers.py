"""The numbers of panes, drawn over the panes. A key chooses one. After tmux(1), `display-panes`."""

from collections.abc import Callable, Sequence
from string import ascii_lowercase
from typing import Final, NamedTuple

from fuguemux.commands.parts.choosing import filled
from fuguemux.model.ids import PaneId
from fuguemux.server.overlays.outcome import OverlayOutcome
from fuguemux.terminal import big_text
from fuguemux.terminal.blocks import CellBlock, OverPanes
from fuguemux.terminal.borders import CellRectangle
from fuguemux.terminal.key_reader import Input, KeyPress

NUMBERS: Final = "0123456789" + ascii_lowercase
CLOSED: Final = OverlayOutcome(closed=True)


class NumberedPane(NamedTuple):
    """A pane that gets a number. The rectangle counts from the client's top left corner."""

    pane: PaneId
    number: int
    rectangle: CellRectangle
    colour: str
    """As SGR parameters of a background; empty for the terminal's own."""


class PaneNumbers:
    """Implements `overlays.PanesOverlay`. Belongs to the loop."""

    def __init__(
        self,
        panes: Callable[[], Sequence[NumberedPane]],
        template: str,
        *,
        reads_keys: bool,
        ended: Callable[[], None],
    ) -> None:
        """`panes` returns those that the client shows now. `template`: the command for the chosen one, with `%%`.

        Without `reads_keys` any key closes it and has its usual effect.
        """
        self._panes = panes
        self._template = template
        self._reads_keys = reads_keys
        self._ended = ended

    def key(self, item: Input) -> OverlayOutcome:
        """Choose a pane. A key that names none closes it and has its usual effect."""
        name = item.name if isinstance(item, KeyPress) else ""
        if not self._reads_keys or len(name) != 1 or name not in NUMBERS:
            return OverlayOutcome(closed=True, again=True)
        wanted = NUMBERS.index(name)
        chosen = next((each for each in self._panes() if each.number == wanted), None)
        if chosen is None:
            return CLOSED
        return OverlayOutcome(closed=True, command=filled(self._template, f"%{chosen.pane}"))

    def drawn(self, columns: int, rows: int) -> OverPanes:
        """The numbers, cell by cell."""
        blocks: list[CellBlock] = []
        for each in self._panes():
            blocks += _number(each)
        return OverPanes([block for block in blocks if _is_inside(block, columns, rows)])

    def resized(self, columns: int, rows: int) -> bool:
        """It disappears, as in tmux."""
        del columns, rows
        return False

    def ended(self) -> None:
        """Tell that it has disappeared."""
        self._ended()


def _is_inside(block: CellBlock, columns: int, rows: int) -> bool:
    return block.column >= 0 and block.column + block.columns <= columns and 0 <= block.row < rows


def _number(pane: NumberedPane) -> list[CellBlock]:
    text, (left, top, wide, high) = str(pane.number), pane.rectangle
    if wide < len(text):
        return []
    letter = NUMBERS[pane.number] if 9 < pane.number < len(NUMBERS) - 1 else ""
    filled_style = f"\x1b[0;{pane.colour}m" if pane.colour else "\x1b[0m"
    foreground = _foreground(pane.colour)
    style = f"\x1b[0;{foreground}m" if foreground else "\x1b[0m"
    middle, row = wide // 2, top + high // 2

    def put(column: int, at: int, shown: str) -> CellBlock:
        return CellBlock(column, at, len(shown), (f"{style}{shown}\x1b[0m".encode(),))

    if wide < len(text) * big_text.STEP or high < big_text.SIZE:
        if wide >= len(text) + len(letter) + 1:
            whole = f"{text} {letter}"
            return [put(left + middle - len(whole) // 2, row, whole)]
        return [put(left + middle - len(text) // 2, row, text)]
    begin = left + middle - len(text) * (big_text.STEP // 2)
    upper = row - big_text.SIZE // 2
    blocks = [
        CellBlock(x, y, 1, (f"{filled_style} \x1b[0m".encode(),))
        for x, y in big_text.cells_of(text, begin, upper)
    ]
    if high <= big_text.SIZE + 1:
        return blocks
    size = f"{wide}x{high}"
    if wide >= len(size):
        blocks.append(put(left + wide - len(size), top, size))
    if letter:
        blocks.append(put(left + middle + len(text) * 3 - 2, upper + big_text.SIZE, letter))
    return blocks


def _foreground(background: str) -> str:
    """The SGR parameters of the same colour for text."""
    first, _, rest = background.partition(";")
    if not first:
        return ""
    return f"{int(first) - 10}{';' * bool(rest)}{rest}"
