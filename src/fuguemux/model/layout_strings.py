"""tmux's layout strings with their checksum, `b25d,80x24,0,0{40x24,0,0,1,39x24,41,0,2}`: written and parsed."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Direction, Layout, Leaf, Rectangle, Split, rectangles, size_of
from fuguemux.model.limits import PANES_MAX
from fuguemux.model.state import Window
from fuguemux.model.window_panes import floating_rectangles, is_visible, zoomed_pane

_CELL: Final = re.compile(r"(\d{1,5})x(\d{1,5}),(\d{1,5}),(\d{1,5})")
_PANE: Final = re.compile(r",(\d{1,10})(?!\d*x)")
_FLOATING: Final = re.compile(r"(\d{1,4})x(\d{1,4}),(-?\d{1,4}),(-?\d{1,4})(?:,\d{1,10})?")
_BETWEEN: Final = re.compile(r",(?=\d+x)")
_DEPTH_MAX: Final = 64


class BadLayout(ValueError):
    """The text is not a layout string; the message is tmux's."""


def checksum(text: str) -> int:
    """The 16-bit rotating sum that precedes a layout string."""
    total = 0
    for byte in text.encode():
        total = ((total >> 1) + ((total & 1) << 15) + byte) & 0xFFFF
    return total


def _body(cell: Layout, x: int, y: int) -> str:
    head = f"{cell.columns}x{cell.rows},{x},{y}"
    if isinstance(cell, Leaf):
        return f"{head},{cell.pane}"
    parts: list[str] = []
    for child in cell.children:
        parts.append(_body(child, x, y))
        if cell.direction == "row":
            x += child.columns + 1
        else:
            y += child.rows + 1
    opening, closing = "{}" if cell.direction == "row" else "[]"
    return f"{head}{opening}{','.join(parts)}{closing}"


def layout_string(layout: Layout, above: Sequence[str] = ()) -> str:
    """`layout` as tmux writes it, checksum first, followed by the cells of floating panes."""
    body = _body(layout, 0, 0) + (f"<{','.join(above)}>" if above else "")
    return f"{checksum(body):04x},{body}"


def window_layout_string(window: Window, *, visible: bool = False) -> str:
    """The layout of `window` as tmux writes it, checksum first. Floating panes follow in `<>`, the front one first.

    With `visible` only what zoom leaves visible.
    """
    layout, zoomed = window.layout, zoomed_pane(window) if visible else None
    if zoomed is not None:
        layout = Leaf(layout.columns, layout.rows, zoomed)
    above = [
        f"{cell.columns}x{cell.rows},{cell.x},{cell.y},{pane}"
        for pane, cell in floating_rectangles(window)
        if not visible or (pane != zoomed and is_visible(window, pane))
    ]
    return layout_string(layout, above)


def split_floating(text: str) -> tuple[str, tuple[Rectangle, ...]]:
    """A layout string without the cells of floating panes, and these, the front one first. A text that is not a layout
    string is returned as it is.
    """
    head, body = text[:5], text[5:]
    tiled, opening, rest = body.partition("<")
    cells = [_FLOATING.fullmatch(cell) for cell in _BETWEEN.split(rest.removesuffix(">"))]
    if not opening or not rest.endswith(">") or head != f"{checksum(body):04x},":
        return text, ()
    found = [tuple(map(int, cell.groups())) for cell in cells if cell is not None]
    if len(found) != len(cells) or len(cells) > PANES_MAX:
        return text, ()
    places = tuple(Rectangle(x, y, columns, rows) for columns, rows, x, y in found)
    if any(min(place.columns, place.rows) < 1 for place in places):
        return text, ()
    return f"{checksum(tiled):04x},{tiled}", places


def parse_layout_string(text: str, panes: tuple[PaneId, ...]) -> Layout:
    """Return the layout that `text` describes, with `panes` put into its cells in order.

    Raises BadLayout for a wrong checksum, wrong syntax, sizes that do not add up, or another number of cells than panes.
    """
    head, comma, body = text.partition(",")
    if not comma or not re.fullmatch(r"[0-9a-f]{4}", head) or int(head, 16) != checksum(body):
        raise BadLayout("invalid layout")
    names = iter(panes)
    try:
        layout, end = _parse(body, 0, names, 0)
    except StopIteration:
        raise BadLayout(f"have {len(panes)} panes but need more") from None
    if end != len(body):
        raise BadLayout("invalid layout")
    if next(names, None) is not None:
        count = sum(1 for _ in rectangles(layout))
        raise BadLayout(f"have {len(panes)} panes but need {count}")
    if not adds_up(layout):
        raise BadLayout("size mismatch after applying layout")
    return layout


def _parse(body: str, at: int, names: Iterator[PaneId], depth: int) -> tuple[Layout, int]:
    match = _CELL.match(body, at)
    if match is None or depth > _DEPTH_MAX:
        raise BadLayout("invalid layout")
    columns, rows = int(match[1]), int(match[2])
    at = match.end()
    opening = body[at : at + 1]
    if opening not in ("{", "[") or not opening:
        pane = _PANE.match(body, at)
        if pane is not None:
            at = pane.end()
        return Leaf(columns, rows, next(names)), at
    children: list[Layout] = []
    while True:
        child, at = _parse(body, at + 1, names, depth + 1)
        children.append(child)
        if len(children) > PANES_MAX:
            raise BadLayout("invalid layout")
        if body[at : at + 1] != ",":
            break
    if body[at : at + 1] != {"{": "}", "[": "]"}[opening] or len(children) < 2:
        raise BadLayout("invalid layout")
    return Split(columns, rows, "row" if opening == "{" else "column", tuple(children)), at + 1


def adds_up(layout: Layout) -> bool:
    """Whether children fill their cell exactly, borders included, and no cell is empty."""
    if layout.columns < 1 or layout.rows < 1:
        return False
    if isinstance(layout, Leaf):
        return True
    along = layout.direction
    across: Direction = "column" if along == "row" else "row"
    total = sum(size_of(child, along) for child in layout.children) + len(layout.children) - 1
    return total == size_of(layout, along) and all(
        size_of(child, across) == size_of(layout, across) and adds_up(child)
        for child in layout.children
    )
