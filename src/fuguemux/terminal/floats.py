"""Draws floating panes: a border around each, and the screen behind it without the cells that it covers. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.terminal.borders import CELLS, DOWN, LEFT, RIGHT, UP, BorderRun, CellRectangle
from fuguemux.terminal.clip import clipped
from fuguemux.terminal.style import RESET

_SPACES: Final = "spaces"
_NONE: Final = "none"
_NUMBER: Final = "number"


class Frame(NamedTuple):
    """The border of a floating pane. `lines` as `pane-border-lines`, or `spaces`, or `none`. `style`: an SGR sequence.
    `number`: the index of the pane.
    """

    lines: str = "single"
    style: bytes = b"\x1b[0m"
    number: int = 0


def outer(rectangle: CellRectangle, frame: Frame) -> CellRectangle:
    """The rectangle with the border around it."""
    if frame.lines == _NONE:
        return rectangle
    column, row, columns, rows = rectangle
    return CellRectangle(column - 1, row - 1, columns + 2, rows + 2)


def border_runs(rectangle: CellRectangle, frame: Frame, client: tuple[int, int]) -> list[BorderRun]:
    """The cells of the border that a client of this size shows."""
    if frame.lines == _NONE:
        return []
    left, top, columns, rows = outer(rectangle, frame)
    right, bottom = left + columns - 1, top + rows - 1
    across = _character(frame, LEFT | RIGHT)
    down = _character(frame, UP | DOWN)
    ends = {
        top: (_character(frame, DOWN | RIGHT), _character(frame, DOWN | LEFT)),
        bottom: (_character(frame, UP | RIGHT), _character(frame, UP | LEFT)),
    }
    runs: list[BorderRun] = []
    for row, (first, last) in ends.items():
        text = f"{first}{across * (columns - 2)}{last}"
        runs += _run(row, left, text, frame, client)
    for row in range(top + 1, bottom):
        runs += _run(row, left, down, frame, client)
        runs += _run(row, right, down, frame, client)
    return runs


def _character(frame: Frame, sides: int) -> str:
    if frame.lines == _SPACES:
        return " "
    if frame.lines == _NUMBER:
        return str(frame.number % 10)
    return CELLS.get(frame.lines, CELLS["single"])[sides]


def _run(
    row: int, column: int, text: str, frame: Frame, client: tuple[int, int]
) -> list[BorderRun]:
    begin, stop = max(column, 0), min(column + len(text), client[0])
    if begin >= stop or not 0 <= row < client[1]:
        return []
    shown = text[begin - column : stop - column]
    return [BorderRun(row, begin, stop - begin, frame.style + shown.encode() + RESET.encode())]


class Covering:
    """Cuts what floating panes cover out of the rows below. Remembers the pieces of the last frame, since most rows stay
    as they are.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, int, int], bytes] = {}
        self._used: dict[tuple[bytes, int, int], bytes] = {}

    def begin(self) -> None:
        """A new frame begins: forget the pieces that the last one did not need."""
        self._known, self._used = self._used, {}

    def without(self, runs: Sequence[BorderRun], covered: CellRectangle) -> list[BorderRun]:
        """The runs without the cells of a rectangle."""
        left: list[BorderRun] = []
        first, last = covered.row, covered.row + covered.rows
        begin, stop = covered.column, covered.column + covered.columns
        for run in runs:
            end = run.column + run.columns
            if not first <= run.row < last or end <= begin or run.column >= stop:
                left.append(run)
                continue
            if run.column < begin:
                left.append(self._piece(run, 0, begin - run.column))
            if end > stop:
                left.append(self._piece(run, stop - run.column, end - stop))
        return left

    def _piece(self, run: BorderRun, start: int, columns: int) -> BorderRun:
        key = (run.content, start, columns)
        content = self._used.get(key) or self._known.get(key)
        if content is None:
            content = clipped(run.content, start, columns)
        self._used[key] = content
        return BorderRun(run.row, run.column + start, columns, content)
