"""From mouse reports to the names of mouse keys: clicks, double and triple clicks, drags, the wheel.

Pure functions of values. What happens depends on the reports before, which a `Pointer` holds: a drag begins where the
button went down, and a click is the second of a double click only for a short time. After tmux(1), MOUSE SUPPORT.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeVar

from fuguemux.terminal.emulator import MouseEvent

CLICK_SECONDS: Final = 0.3
"""How long after a click the next one may follow for a double or a triple click."""
WHEEL_UP: Final = 4
WHEEL_DOWN: Final = 5
SHIFT: Final = 4
META: Final = 8
CONTROL: Final = 16

_PlaceT = TypeVar("_PlaceT")
Clicks = Literal["none", "one", "two"]


class Pointer(NamedTuple):
    """What has to be remembered of one client's mouse."""

    column: int = 0
    row: int = 0
    button: int = 0
    modifiers: int = 0
    """Of the last report."""
    dragging: int = 0
    """The button of the drag that is going on; 0: there is none."""
    clicks: Clicks = "none"
    """How many clicks of a double or triple click there were so far."""
    clicked: MouseEvent | None = None
    """The last of them."""
    until: float = 0.0
    """When they stop counting, by the clock that gives `now`."""


class Gesture(NamedTuple):
    """What a report means. `name` lacks the place, which follows it in the name of a key."""

    name: str
    column: int
    row: int
    """Where it counts as having happened: for a drag that begins, where the button went down."""
    drags: bool = False
    """Whether a drag goes on, which has no key."""
    from_clock: bool = False


def named(name: str, button: int, modifiers: int) -> str:
    """The name of a gesture with its button and with the prefixes of its modifiers."""
    prefix = "C-" if modifiers & CONTROL else ""
    prefix += "M-" if modifiers & META else ""
    prefix += "S-" if modifiers & SHIFT else ""
    return f"{prefix}{name}{button or ''}"


def expired(pointer: Pointer) -> tuple[Pointer, MouseEvent | None]:
    """The time for another click is over. Returns the double click that there was after all, if any."""
    double = pointer.clicked if pointer.clicks == "two" else None
    return pointer._replace(clicks="none", clicked=None), double


def double_click(event: MouseEvent) -> Gesture:
    """The gesture of a double click that no third click followed."""
    name = named("DoubleClick", event.button, event.modifiers)
    return Gesture(name, event.column, event.row, from_clock=True)


def recognize(
    pointer: Pointer,
    event: MouseEvent,
    now: float,
    place_at: Callable[[int, int], _PlaceT | None],
) -> tuple[Pointer, Gesture | None, _PlaceT | None]:
    """Return the pointer after the event, what the event means, and the place of that.

    `place_at` says what is at a column and row; None: nothing that has keys. The gesture is None if nothing happens.
    """
    if event.action == "release" and event.button in (WHEEL_UP, WHEEL_DOWN):
        return pointer, None, None  # a wheel has none, but some terminals report it
    before = pointer
    kind, pointer = _kind(pointer, event, now)
    pointer = pointer._replace(
        column=event.column, row=event.row, button=event.button, modifiers=event.modifiers
    )
    column, row, button, modifiers = event.column, event.row, event.button, event.modifiers
    if kind == "MouseUp" and not button:
        button, modifiers = before.button, before.modifiers  # old reports do not name the button
    if kind == "MouseDrag" and before.dragging:
        if (column, row) == (before.column, before.row):
            return pointer, None, None
    elif kind == "MouseDrag":
        column, row = before.column, before.row
        button, modifiers = before.button or button, before.modifiers
    place = place_at(column, row)
    if place is None:
        return pointer, None, None
    if kind not in ("MouseDrag", "WheelUp", "WheelDown") and before.dragging:
        name = named("MouseDragEnd", before.dragging, modifiers)
        return pointer._replace(dragging=0), Gesture(name, column, row), place
    if kind == "MouseDrag":
        pointer = pointer._replace(dragging=button)
    number = 0 if kind in ("MouseMove", "WheelUp", "WheelDown") else button
    drags = kind == "MouseDrag" and before.dragging > 0
    return pointer, Gesture(named(kind, number, modifiers), column, row, drags=drags), place


def _kind(pointer: Pointer, event: MouseEvent, now: float) -> tuple[str, Pointer]:
    """What kind of event it is, and the clicks that were counted after it."""
    if event.action == "motion":
        return ("MouseDrag" if event.button else "MouseMove"), pointer
    if event.button in (WHEEL_UP, WHEEL_DOWN):
        return ("WheelUp" if event.button == WHEEL_UP else "WheelDown"), pointer
    if event.action == "release":
        return "MouseUp", pointer
    same = (
        pointer.clicked is not None
        and pointer.clicked.button == event.button
        and pointer.clicked.modifiers == event.modifiers
        and now < pointer.until
    )
    if pointer.clicks == "two" and same:
        return "TripleClick", pointer._replace(clicks="none", clicked=None)
    second = pointer.clicks == "one" and same
    counted = pointer._replace(
        clicks="two" if second else "one", clicked=event, until=now + CLICK_SECONDS
    )
    return ("SecondClick" if second else "MouseDown"), counted
