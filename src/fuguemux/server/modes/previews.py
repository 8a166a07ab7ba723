"""Draws screens of panes into the preview of a list, and names the keys of its lines."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.formats.formats import FormatContext, Work, expand
from fuguemux.formats.work import UNITS_MAX
from fuguemux.language.key_names import key_name
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.terminal.canvas import Canvas
from fuguemux.terminal.style import sgr_of

PART_COLUMNS_MIN: Final = 24
KEYS_MAX: Final = 36
Place = tuple[int, int, int, int]


class ScreenPart(NamedTuple):
    """A screen in a preview, with its label, a shorter one, and whether it is the current one."""

    label: str
    short: str
    pane: PaneId
    current: bool


def line_keys(state: ServerState, live: LiveView, key_format: str, count: int) -> list[str]:
    """The names of the keys of the first lines: 0 to 9, M-a to M-z, or what a format says about `#{line}`.

    A format may name no key: then the line has none."""
    if not key_format:
        names = [*"0123456789", *(f"M-{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")]
        return names[:count]
    work = Work(UNITS_MAX)
    texts = (
        expand(key_format, FormatContext(state, live, extra={"line": str(at)}), work=work)
        for at in range(min(count, KEYS_MAX))
    )
    return [key_name(text) or "" for text in texts]


def draw_screen(canvas: Canvas, terminal: PaneTerminal | None, place: Place) -> None:
    """Draw the part of a pane's screen around its cursor."""
    column, row, columns, rows = place
    if terminal is None or columns <= 0 or rows <= 0:
        return
    emulator, cursor = terminal.emulator, terminal.emulator.cursor
    left = top = 0
    if cursor.visible:
        left = _start(cursor.column, columns, emulator.size.columns)
        top = _start(cursor.row, rows, emulator.size.rows)
    wide, high = min(columns, emulator.size.columns - left), min(rows, emulator.size.rows - top)
    canvas.fill(column, row, columns, rows)
    canvas.paste(column, row, emulator.render(left, top, wide, high), wide)
    x, y = cursor.column - left, cursor.row - top
    if cursor.visible and x < columns and y < rows:
        canvas.reverse(column + x, row + y)


def _start(at: int, shown: int, size: int) -> int:
    begin = 0 if at < shown // 3 else at - shown // 3
    if begin + shown > size:
        return 0 if shown > size else size - shown
    return begin


def draw_parts(
    canvas: Canvas,
    parts: Sequence[ScreenPart],
    panes: Panes,
    place: Place,
    shift: int,
    colours: tuple[str, str],
) -> int:
    """Draw screens side by side, as many as fit, around the current one. Returns `shift` as far as it can be.

    `colours`: of the labels of other screens, and of the current one.
    """
    left_column, row, columns, rows = place
    total = len(parts)
    visible = total if columns // total >= PART_COLUMNS_MIN else max(columns // PART_COLUMNS_MIN, 1)
    current = next((at for at, part in enumerate(parts) if part.current), 0)
    if current < visible:
        start = 0
    elif current >= total - visible:
        start = total - visible
    else:
        start = current - visible // 2
    shift = min(max(shift, -start), total - start - visible)
    start += shift
    end = start + visible
    left, right = start > 0, end < total
    if (left and right and columns <= 6) or ((left or right) and columns <= 3):
        left = right = False
    room = columns - 3 * (left + right)
    each = room // visible
    if each == 0:
        return shift
    if left:
        canvas.down(left_column + 2, row, rows)
        canvas.put(left_column, row + rows // 2, "<")
    if right:
        canvas.down(left_column + columns - 3, row, rows)
        canvas.put(left_column + columns - 1, row + rows // 2, ">")
    for at, part in enumerate(parts[start:end]):
        last = at == visible - 1
        wide = each + room - visible * each if last else each - 1
        column = left_column + 3 * left + at * each
        draw_screen(canvas, panes.get(part.pane), (column, row, wide, rows))
        label = part.label if len(part.label) <= wide else part.short
        # As in tmux: labels of panes are centred as if all parts were equally wide.
        around = wide if part.label != part.short else each
        _label(canvas, (column, row, around, rows), label, colours[part.current])
        if not last:
            canvas.down(column + wide, row, rows)
    return shift


def _label(canvas: Canvas, place: Place, label: str, colour: str) -> None:
    column, row, columns, rows = place
    size = len(label)
    if columns == 0 or rows == 1 or size > columns:
        return
    x, y = (columns - size + 1) // 2, (rows + 1) // 2
    if x > 1 and x + size < columns - 1 and rows >= 3:
        canvas.box(column + x - 1, row + y - 1, size + 2, 3)
    canvas.put(column + x, row + y, label, sgr_of(f"fg={colour}"))
