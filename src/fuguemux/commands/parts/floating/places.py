"""Where floating panes are put: places and sizes as words say them, and the events that change them."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from fuguemux.commands.parts.settings import expanded
from fuguemux.commands.parts.zooming import unzoomed
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import cells, number
from fuguemux.language.target import Target
from fuguemux.model.decision import Refused
from fuguemux.model.events import AnyEvent, PanesPlaced
from fuguemux.model.floating import Floating, edge, fitted, found
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Direction
from fuguemux.model.limits import PANE_COLUMNS_MIN, WINDOW_COLUMNS_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Window

LINES: Final = ("single", "double", "heavy", "simple", "number", "spaces", "none")
"""The values of `-B`."""
_STEP_COLUMNS, _STEP_ROWS = 4, 2
_CELLS_MAX: Final = WINDOW_COLUMNS_MAX


def border_lines(invocation: Invocation) -> str:
    """The value of `-B`. Raises Refused."""
    given = invocation.flags.value("B") or ""
    if given and given not in LINES:
        raise Refused(f"unknown value: {given}")
    return given


def placed(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target, pane: Floating
) -> Floating:
    """`pane` at the place and with the size that -x, -y, -X and -Y give; sizes include the border, as in tmux. Raises
    Refused.
    """
    border, window = edge(pane), target.window

    def given(letter: str, low: int, whole: int, high: int) -> int | None:
        value = invocation.flags.value(letter)
        if value is None:
            return None
        text = expanded(state, live, invocation, value, target)
        return cells("position", text, low=low, whole=whole, high=high)

    columns, rows = window.layout.columns, window.layout.rows
    width = given("x", 0, columns, _CELLS_MAX)
    height = given("y", 0, rows, _CELLS_MAX)
    wide = pane.columns if width is None else width - 2 * border
    high = pane.rows if height is None else height - 2 * border
    if wide < PANE_COLUMNS_MIN:
        raise Refused("invalid width")
    if high < PANE_COLUMNS_MIN:
        raise Refused("invalid height")
    left = given("X", -wide, columns, columns)
    top = given("Y", -high, rows, rows)
    x = pane.x if left is None else left + border
    y = pane.y if top is None else top + border
    return inside(window, replace(pane, x=x, y=y, columns=wide, rows=high))


def fresh(window: Window, pane: PaneId, lines: str = "") -> Floating:
    """A floating pane of half the width and a quarter of the height, down the cascade from the last one."""
    columns, rows = window.layout.columns, window.layout.rows
    taken = {(each.x, each.y) for each in window.floating}
    x, y = _STEP_COLUMNS, _STEP_ROWS
    while (x, y) in taken and x + _STEP_COLUMNS < columns and y + _STEP_ROWS < rows:
        x, y = x + _STEP_COLUMNS, y + _STEP_ROWS
    wide, high = max(columns // 2, 1), max(rows // 4, 1)
    return Floating(pane, x, y, wide, high, lines)


def inside(window: Window, pane: Floating) -> Floating:
    """`pane` where it is shown: inside the window."""
    x, y, columns, rows = fitted(pane, window.layout.columns, window.layout.rows)
    return replace(pane, x=x, y=y, columns=columns, rows=rows)


def floating_of(target: Target) -> Floating:
    """The floating pane that the target names. Raises Refused."""
    pane = found(target.window.floating, target.pane.id)
    if pane is None:
        raise Refused("pane is not floating")
    return pane


def changed(window: Window, pane: Floating) -> tuple[AnyEvent, ...]:
    """The event that puts `pane` in the place of the entry for it. None if it is the same."""
    after = tuple(pane if each.pane == pane.pane else each for each in window.floating)
    return reordered(window, after)


def reordered(window: Window, floating: tuple[Floating, ...]) -> tuple[AnyEvent, ...]:
    """The event that gives the window these floating panes. None if nothing changes."""
    if floating == window.floating:
        return ()
    return (PanesPlaced(window.id, window.layout, floating),)


# -- sizes ----------------------------------------------------------------------------------------


def resized(window: Window, pane: Floating, letter: str, change: int) -> Floating:
    """Move the border at the side `letter` (U, D, L, R) outwards by `change` cells, inwards if it is negative. Raises
    Refused.
    """
    flat = letter in "LR"
    size = (pane.columns if flat else pane.rows) + change
    if not PANE_COLUMNS_MIN <= size <= _CELLS_MAX:
        raise Refused("adjustment change is too big or too small")
    if flat:
        x = pane.x - change if letter == "L" else pane.x
        return inside(window, replace(pane, x=x, columns=size))
    y = pane.y - change if letter == "U" else pane.y
    return inside(window, replace(pane, y=y, rows=size))


def sized(window: Window, pane: Floating, width: str | None, height: str | None) -> Floating:
    """`pane` with the size that `resize-pane -x -y` gives, its border included. Raises Refused."""
    border = edge(pane)

    def size(what: str, text: str, whole: int) -> int:
        asked = cells(what, text, low=0, whole=whole)
        asked = asked - 2 * border if asked >= PANE_COLUMNS_MIN + 2 * border else asked
        if not PANE_COLUMNS_MIN <= asked <= _CELLS_MAX:
            raise Refused("size size is too big or too small")
        return asked

    if width is not None:
        pane = replace(pane, columns=size("width", width, window.layout.columns))
    if height is not None:
        pane = replace(pane, rows=size("height", height, window.layout.rows))
    return inside(window, pane)


def beside(
    window: Window,
    pane: Floating,
    new: PaneId,
    along: Direction,
    *,
    before: bool,
    full: bool,
) -> tuple[Floating, Floating]:
    """`pane` and a new floating pane beside it of the same size. If the window has no room for the new one, the room that
    there is on that side and in `pane` is shared. With `full` the new one is as long as the window. Raises Refused.
    """
    pane, border = inside(window, pane), edge(pane)
    flat = along == "row"
    whole = window.layout.columns if flat else window.layout.rows
    start, size = (pane.x, pane.columns) if flat else (pane.y, pane.rows)
    own = size
    gap = 2 * border
    room = start - border if before else whole - (start + size + border)
    if room < size + gap:
        low = border if before else start
        high = start + size if before else whole - border
        size = (high - low - gap + 1) // 2
        own = high - low - gap - size
        size, own = own, size
        start = high - own if before else start
    other = start - gap - size if before else start + own + gap
    if min(size, own) < PANE_COLUMNS_MIN:
        raise Refused("no space for a new pane")
    if flat:
        old = replace(pane, x=start, columns=own)
        made = replace(old, pane=new, x=other, columns=size)
        if full:
            made = replace(made, y=border, rows=window.layout.rows - gap)
    else:
        old = replace(pane, y=start, rows=own)
        made = replace(old, pane=new, y=other, rows=size)
        if full:
            made = replace(made, x=border, columns=window.layout.columns - gap)
    return old, replace(inside(window, made), tiled=None)


# -- moving ---------------------------------------------------------------------------------------

_THIRDS: Final = {"left": 0, "top": 0, "centre": 1, "right": 2, "bottom": 2}


def moved(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target
) -> tuple[AnyEvent, ...]:
    """The events of `move-pane` with -P, -z, -X, -Y, -U, -D, -L or -R. Raises Refused."""
    window, pane, flags = target.window, floating_of(target), invocation.flags
    position, depth = flags.value("P"), flags.value("z")
    if position is not None:
        return (*unzoomed(window), *at_position(window, pane, position))
    if depth is not None:
        at = number("z-index", depth, 0, _CELLS_MAX)
        return (*unzoomed(window), *reordered(window, at_depth(window, pane, at)))
    border = edge(pane)

    def given(letter: str, whole: int, now: int) -> int:
        value = flags.value(letter)
        if value is None:
            return now
        text = expanded(state, live, invocation, value, target)
        return cells("position", text, low=-whole, whole=whole, high=whole) + border

    x = given("X", window.layout.columns, pane.x)
    y = given("Y", window.layout.rows, pane.y)
    for letter, sideways, sign in (("U", 0, -1), ("D", 0, 1), ("L", 1, -1), ("R", 1, 1)):
        if flags.has(letter):
            by = sign * number("offset", flags.value(letter) or "1", -_CELLS_MAX, _CELLS_MAX)
            x, y = (x + by, y) if sideways else (x, y + by)
    return (*unzoomed(window), *changed(window, inside(window, replace(pane, x=x, y=y))))


def at_depth(window: Window, pane: Floating, at: int) -> tuple[Floating, ...]:
    """The floating panes with `pane` at a place of the order of depth, 0 for the front."""
    others = [each for each in window.floating if each.pane != pane.pane]
    return (*others[:at], pane, *others[at:])


def at_position(window: Window, pane: Floating, name: str) -> tuple[AnyEvent, ...]:
    """The event that moves `pane` to a position by its name: `top-left`, `centre`, `front`. Raises Refused."""
    count = len(window.floating)
    at = [each.pane for each in window.floating].index(pane.pane)
    depths = {
        "front": 0,
        "back": count - 1,
        "forward": max(at - 1, 0),
        "backward": at + 1,
        "forward-loop": at - 1 if at else count - 1,
        "backward-loop": (at + 1) % count,
    }
    if name in depths:
        return reordered(window, at_depth(window, pane, depths[name]))
    corner = _position(window, pane, name.replace("center", "centre"))
    if corner is None:
        raise Refused(f"unknown position: {name}")
    return changed(window, inside(window, replace(pane, x=corner[0], y=corner[1])))


def _position(window: Window, pane: Floating, name: str) -> tuple[int, int] | None:
    columns, rows, border = window.layout.columns, window.layout.rows, edge(pane)
    places: dict[str, tuple[Callable[[int, int], int], Callable[[int, int], int]]] = {}
    starts = (
        lambda _whole, _size: border,
        lambda whole, size: (whole - size) // 2,
        lambda whole, size: whole - size - border,
    )
    for tall in ("top", "centre", "bottom"):
        for wide in ("left", "centre", "right"):
            word = "centre" if tall == wide == "centre" else f"{tall}-{wide}"
            places[word] = (starts[_THIRDS[wide]], starts[_THIRDS[tall]])
            if "centre" not in word:
                places[f"{word}-centre"] = (_quarter(wide == "right"), _quarter(tall == "bottom"))
    if name not in places:
        return None
    across, down = places[name]
    return across(columns, pane.columns), down(rows, pane.rows)


def _quarter(second: bool) -> Callable[[int, int], int]:
    """Centred in the first or the second half."""
    return lambda whole, size: (3 * whole if second else whole) // 4 - size // 2
