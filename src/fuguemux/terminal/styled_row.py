"""Draws a row of text with `#[…]` marks, as tmux draws its status line: aligned parts, a list that scrolls, ranges.

Source: tmux(1), STYLES. A row has up to five parts: left, centre, right, absolute centre, and a list (of windows) with
the text behind it. If there is no room for all of them, they are trimmed in a fixed order. A trimmed list keeps its
focus in sight, and shows a marker at each end that is cut off.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from fuguemux.terminal.style import DEFAULT, RESET, Style, parse, width
from fuguemux.terminal.styled_text import (
    ABSOLUTE,
    AFTER,
    CENTRE,
    LEFT,
    LIST,
    MARKERS,
    RIGHT,
    Part,
    StatusRange,
    TextReader,
)

TRIMMED_FIRST: Final = {
    "": (CENTRE, RIGHT, LEFT),
    LEFT: (CENTRE, LIST, RIGHT, AFTER, LEFT),
    CENTRE: (LIST, AFTER, CENTRE, RIGHT, LEFT),
    RIGHT: (CENTRE, LIST, RIGHT, AFTER, LEFT),
    ABSOLUTE: (CENTRE, RIGHT, LEFT),
}
"""By the alignment of the list ("" is no list): which parts lose columns, one after the other."""
TRIMMED_FIRST_IN_MIDDLE: Final = (LIST, AFTER, ABSOLUTE)


class DrawnRow(NamedTuple):
    """A row of exactly the wanted number of cells as ANSI, and its ranges."""

    content: bytes
    ranges: tuple[StatusRange, ...] = ()


class _Writer:
    """Places the parts in the row."""

    def __init__(self, reader: TextReader, columns: int, base: Style) -> None:
        self._parts = reader.parts
        self._focus = reader.focus
        self._columns = columns
        filling = base if reader.fill is None else Style(background=reader.fill)
        self._filling = filling
        self.row: list[tuple[Style, str]] = [(filling, " ")] * columns
        self.ranges: list[StatusRange] = []
        self._sizes = {name: len(part) for name, part in self._parts.items()}

    def write(self, aligned: str) -> None:
        sizes = self._sizes
        order = TRIMMED_FIRST[aligned]
        if aligned == ABSOLUTE:
            self._trim(TRIMMED_FIRST_IN_MIDDLE)
        self._trim(order)
        if aligned not in ("", ABSOLUTE) and sizes[LIST] == 0:
            joined = self._parts[aligned]
            joined.cells += self._parts[AFTER].cells[: sizes[AFTER]]
            sizes.update({name: len(part) for name, part in self._parts.items()})
            aligned = ""
            self._trim(TRIMMED_FIRST[""])
        match aligned:
            case "left":
                self._write_left()
            case "centre":
                self._write_centre()
            case "right":
                self._write_right()
            case "absolute-centre":
                self._write_absolute_centre()
            case _:
                self._write_plain()

    def _trim(self, order: tuple[str, ...]) -> None:
        excess = sum(self._sizes[name] for name in order) - self._columns
        for name in order:
            if excess <= 0:
                break
            taken = min(excess, self._sizes[name])
            self._sizes[name] -= taken
            excess -= taken

    def _write_plain(self) -> None:
        sizes = self._sizes
        self._put(LEFT, 0)
        self._put_right(self._columns)
        self._put_centre(sizes[LEFT], self._columns - sizes[RIGHT])
        self._put_absolute()

    def _write_left(self) -> None:
        sizes = self._sizes
        behind = sizes[LEFT] + sizes[LIST] + sizes[AFTER]
        self._put(LEFT, 0)
        self._put_right(self._columns)
        self._put(AFTER, sizes[LEFT] + sizes[LIST])
        self._put_centre(behind, self._columns - sizes[RIGHT])
        self._put_list(sizes[LEFT], (0, 0))
        self._put_absolute()

    def _write_centre(self) -> None:
        sizes = self._sizes
        middle = sizes[LEFT] + (self._columns - sizes[RIGHT] - sizes[LEFT]) // 2
        start = middle - sizes[LIST] // 2
        self._put(LEFT, 0)
        self._put_right(self._columns)
        self._put(CENTRE, start - sizes[CENTRE])
        self._put(AFTER, start + sizes[LIST])
        half = len(self._parts[LIST]) // 2
        self._put_list(start, (half, half))
        self._put_absolute()

    def _write_right(self) -> None:
        sizes = self._sizes
        list_at = self._columns - sizes[LIST] - sizes[AFTER]
        self._put(LEFT, 0)
        self._put(AFTER, self._columns - sizes[AFTER], from_end=True)
        self._put(RIGHT, list_at - sizes[RIGHT])
        self._put_centre(sizes[LEFT], list_at - sizes[RIGHT])
        self._put_list(list_at, (0, 0))
        self._put_absolute()

    def _write_absolute_centre(self) -> None:
        sizes = self._sizes
        middle = sizes[LEFT] + (self._columns - sizes[RIGHT] - sizes[LEFT]) // 2
        self._put(LEFT, 0)
        self._put_right(self._columns)
        self._put(CENTRE, middle - sizes[CENTRE])
        at = (self._columns - sizes[LIST] - sizes[ABSOLUTE]) // 2
        self._put(ABSOLUTE, at)
        half = len(self._parts[LIST]) // 2
        self._put_list(at + sizes[ABSOLUTE], (half, half))
        self._put(AFTER, at + sizes[ABSOLUTE] + sizes[LIST])

    def _put_right(self, end: int) -> None:
        self._put(RIGHT, end - self._sizes[RIGHT], from_end=True)

    def _put_centre(self, first: int, stop: int) -> None:
        size = self._sizes[CENTRE]
        skipped = len(self._parts[CENTRE]) // 2 - size // 2
        self._copy(self._parts[CENTRE], first + (stop - first) // 2 - size // 2, skipped, size)

    def _put_absolute(self) -> None:
        size = min(self._sizes[ABSOLUTE], self._columns)
        self._copy(self._parts[ABSOLUTE], (self._columns - size) // 2, 0, size)

    def _put(self, name: str, at: int, *, from_end: bool = False) -> None:
        part, size = self._parts[name], self._sizes[name]
        self._copy(part, at, len(part) - size if from_end else 0, size)

    def _put_list(self, at: int, focus: tuple[int, int]) -> None:
        part, size = self._parts[LIST], self._sizes[LIST]
        if size >= len(part):
            self._copy(part, at, 0, len(part))
            return
        begun, ended = self._focus or focus
        centre = begun + (ended - begun) // 2
        start = min(max(centre - size // 2, 0), len(part) - size)
        left, right = (self._parts[name] for name in MARKERS)
        if start and size > len(left):
            self._copy(left, at, 0, len(left))
            at, start, size = at + len(left), start + len(left), size - len(left)
        if start + size < len(part) and size > len(right):
            size -= len(right)
            self._copy(right, at + size, 0, len(right))
        self._copy(part, at, start, size)

    def _copy(self, part: Part, at: int, start: int, size: int) -> None:
        """Write `size` cells of a part, from `start` on, at column `at`. Ranges move with them."""
        for place, cell in enumerate(part.cells[start : start + size], at):
            if 0 <= place < self._columns:
                self.row[place] = cell
        for first, stop, kind, argument in part.ranges:
            first, stop = max(first, start), min(stop, start + size)
            if first < stop:
                moved = at - start
                self.ranges.append(StatusRange(first + moved, stop + moved, kind, argument))

    def finished(self) -> Iterator[tuple[Style, str]]:
        """The cells. A wide character of which only a half fits is a blank."""
        row = self.row
        for at, (style, text) in enumerate(row):
            wide = bool(text) and width(text[0]) == 2
            followed = at + 1 < len(row) and not row[at + 1][1]
            preceded = at > 0 and bool(row[at - 1][1]) and width(row[at - 1][1][0]) == 2
            broken = (wide and not followed) or (not text and not preceded)
            yield (self._filling, " ") if broken else (style, text)


@functools.lru_cache(maxsize=256)  # most status lines are the same as a moment ago
def draw(text: str, columns: int, base: Style = DEFAULT) -> DrawnRow:
    """One row of exactly `columns` cells, in the style `base` where nothing else is said.

    Control characters are left out. Marks that are no style are ignored.
    """
    reader = TextReader(base)
    whole = reader.read(text)
    writer = _Writer(reader, columns, base)
    if whole:
        writer.write(reader.aligned)
    return DrawnRow(_bytes_of(writer.finished()), tuple(writer.ranges))


def cells_over(
    under: Iterable[tuple[Style, str]], text: str, base: Style
) -> tuple[tuple[Style, str], ...]:
    """The cells `under`, with the parts of a text over them. A second half of a wide character is empty."""
    reader = TextReader(base)
    whole = reader.read(text)
    cells = list(under)
    writer = _Writer(reader, len(cells), base)
    if reader.fill is None:
        writer.row = cells
    if whole:
        writer.write(reader.aligned)
    return tuple(writer.finished())


def drawn_over(text: str, under: Iterable[tuple[Style, str]], base: Style) -> bytes:
    """As `cells_over`, as bytes."""
    return _bytes_of(cells_over(under, text, base))


def columns_of(text: str) -> int:
    """How many columns a text takes. Marks take none, and no part is aligned."""
    reader = TextReader(DEFAULT)
    reader.read(text)
    return len(reader.parts[LEFT])


def wrapped(text: str, columns: int, base: Style = DEFAULT) -> tuple[DrawnRow, ...]:
    """The whole text, in as many rows of exactly `columns` cells as it needs. No part is aligned."""
    reader = TextReader(base)
    reader.read(text)
    rows: list[list[tuple[Style, str]]] = []
    for cell in reader.parts[LEFT].cells:
        size = width(cell[1][0]) if cell[1] else 0
        if not rows or len(rows[-1]) + size > columns:
            rows.append([])
        rows[-1].append(cell)
    blank = [(base, " ")]
    return tuple(DrawnRow(_bytes_of(row + blank * (columns - len(row)))) for row in rows)


def _bytes_of(cells: Iterable[tuple[Style, str]]) -> bytes:
    parts: list[bytes] = []
    current: Style | None = None
    for style, piece in cells:
        if style != current:
            parts.append(style.sgr())
            current = style
        parts.append(piece.encode("utf-8", "replace"))
    return b"".join(parts) + RESET.encode()


def line(text: str, columns: int, style: str = "default") -> bytes:
    """As `draw`, for a style in tmux's words and for a row whose ranges nobody needs. A bad style is the default."""
    try:
        base = parse(style)
    except ValueError:
        base = DEFAULT
    return draw(text, columns, base).content
