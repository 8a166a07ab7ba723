"""The mouse of attached clients: from reports of their terminals to mouse keys, and drags that go on."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from fuguemux.model.pointing import Pointing
from fuguemux.server.clients.drawing.mouse_places import MousePlace, place_at
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.copy.copy_mouse import SCROLL_SECONDS, Dragging
from fuguemux.terminal.emulator import MouseEvent
from fuguemux.terminal.mouse import Gesture, Pointer, double_click, expired, recognize


class MouseKey(NamedTuple):
    """A mouse key that was pressed, or the command of a drag that goes on."""

    mouse: Pointing
    command: str = ""


class MouseInput:
    """Belongs to the loop. `pressed` is called with mouse keys that come from the clock: double clicks."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        selection: Dragging,
        pressed: Callable[[Viewer, MouseKey], None],
    ) -> None:
        self._loop = loop
        self._selection = selection
        self._pressed = pressed

    def reported(self, viewer: Viewer, event: MouseEvent) -> MouseKey | None:
        """Take a report. Returns the key that it means; None: no key, or a drag that is dealt with."""
        self._expire(viewer, self._loop.time())
        area = viewer.shown_area()
        if area is None or viewer.read_only:
            return None
        before = viewer.pointer
        viewer.pointer, gesture, place = recognize(
            before, event, self._loop.time(), lambda column, row: place_at(area, column, row)
        )
        self._watch_clicks(viewer, before)
        if gesture is None or place is None:
            return None
        pointing = _pointing(viewer, before, event, gesture, place)
        drag = viewer.drag
        if not gesture.drags:
            if before.dragging and not viewer.pointer.dragging:
                viewer.drag = None
            return MouseKey(pointing)
        if drag is None:
            return MouseKey(pointing)
        if drag.command:
            return MouseKey(pointing, drag.command)
        self._drag_selection(viewer, pointing)
        return None

    def _drag_selection(self, viewer: Viewer, pointing: Pointing) -> None:
        drag = viewer.drag
        if drag is None or drag.pane is None:
            return
        if self._selection.dragged(drag.pane, pointing):
            self._loop.call_later(SCROLL_SECONDS, self._scroll, viewer, viewer.pointer)

    def _scroll(self, viewer: Viewer, pointer: Pointer) -> None:
        """Scroll on while the button stays down at the upper or lower edge."""
        drag = viewer.drag
        if drag is None or drag.pane is None or viewer.pointer != pointer:
            return
        if self._selection.scrolled(drag.pane):
            self._loop.call_later(SCROLL_SECONDS, self._scroll, viewer, pointer)

    # Double clicks

    def _watch_clicks(self, viewer: Viewer, before: Pointer) -> None:
        until = viewer.pointer.until
        if viewer.pointer.clicks != "none" and until != before.until:
            self._loop.call_at(until, self._expire, viewer, until)

    def _expire(self, viewer: Viewer, now: float) -> None:
        """Report a double click if the time for a third click is over at `now`."""
        pointer = viewer.pointer
        if pointer.clicks == "none" or now < pointer.until:
            return
        viewer.pointer, event = expired(pointer)
        area = viewer.shown_area()
        if event is None or area is None:
            return
        place = place_at(area, event.column, event.row)
        if place is not None:
            gesture = double_click(event)
            self._pressed(viewer, MouseKey(_pointing(viewer, pointer, event, gesture, place)))


def _pointing(
    viewer: Viewer, before: Pointer, event: MouseEvent, gesture: Gesture, place: MousePlace
) -> Pointing:
    area = viewer.shown_area()
    assert area is not None, "there is a place"
    return Pointing(
        gesture.name + place.where,
        event.column,
        event.row,
        before.column,
        before.row,
        viewer.session,
        place.window,
        place.pane,
        area.status_row,
        area.status_rows,
        area.offset_column,
        area.offset_row,
        event.button,
        event.action,
        event.modifiers,
        gesture.from_clock,
    )
