"""Draws one client's screen: the bytes that update panes, borders, status line and cursor.

`Composer` remembers what its client shows and returns the difference, inside a synchronized update, so that a terminal
that supports these never shows half a frame. A row that changed is erased over its own width and written again; nothing
else is touched.

Pure: no socket, no clock. One composer serves one attached client.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.terminal import borders
from fuguemux.terminal.blocks import OverPanes, Segment, laid_over
from fuguemux.terminal.borders import BorderLook, CellRectangle
from fuguemux.terminal.clip import clipped
from fuguemux.terminal.emulator import Cursor, Emulator, Modes
from fuguemux.terminal.floats import Covering, Frame, border_runs, outer
from fuguemux.terminal.style import text_width

SYNC_BEGIN: Final = b"\x1b[?2026h"
SYNC_END: Final = b"\x1b[?2026l"
CURSOR_HIDE: Final = b"\x1b[?25l"
CURSOR_SHOW: Final = b"\x1b[?25h"
CURSOR_SHAPES: Final = {"block": 1, "underline": 3, "bar": 5}
INDICATOR_STYLE: Final = b"\x1b[0;30;43m"
MOUSE_NUMBERS: Final = {"x10": 9, "normal": 1000, "button": 1002, "any": 1003}
# No automatic wrap, bracketed paste (so that pasted text is not read as keys), an empty screen. The client itself enters
# and leaves the alternate screen and undoes every mode, since it may outlive the server.
ENTER: Final = b"\x1b[?7l\x1b[?2004h\x1b[r\x1b[0m\x1b[H\x1b[2J"


class ScrolledRows(NamedTuple):
    """What a pane shows instead of its screen: rows of the history, prepared by the caller.

    `rows`: self-contained ANSI, at most the pane's height. `position` of `total`, or the `note` if there is one, is
    written at the top right, unless `indicator` is false. `cursor`: column and row in the pane, or None for no cursor.
    """

    rows: Sequence[bytes]
    position: int
    total: int
    cursor: tuple[int, int] | None = None
    note: str = ""
    indicator: bool = True


class PaneView(NamedTuple):
    """A pane in the window; its rectangle counts from the window's top left corner."""

    rectangle: CellRectangle
    emulator: Emulator
    active: bool
    scroll: ScrolledRows | None = None
    frame: Frame | None = None
    """The border of a floating pane. None: the pane is tiled."""


class Scene(NamedTuple):
    """Everything a client shows. `columns` and `rows` are those of the client's terminal. `panes`: the tiled ones, then
    the floating ones from the back to the front.

    `status`: finished rows (see `styled_row.draw`), below the window, or above it with `status_at_top`. `window`: the
    window's columns and rows, if they are not those of the client. `look`: of the borders. `mouse`: whether fugue itself
    wants mouse events. `cursor`: where to place it (for a prompt, which draws its cursor itself, so it is hidden), counted
    from the client's top left corner. `over`: what lies over the panes.
    """

    columns: int
    rows: int
    panes: Sequence[PaneView]
    status: Sequence[bytes] = ()
    status_at_top: bool = False
    window: tuple[int, int] | None = None
    look: BorderLook | None = None
    mouse: bool = False
    cursor: tuple[int, int] | None = None
    over: OverPanes | None = None


class ClientModes(NamedTuple):
    """The modes of the client's terminal."""

    mouse: int = 0
    focus: bool = False
    application_cursor: bool = False
    application_keypad: bool = False
    kitty_keyboard: int = 0
    cursor_shape: int = 0


class _Drawn(NamedTuple):
    """The last drawing of one pane, to skip the work if nothing has changed."""

    emulator: Emulator
    generation: int
    rectangle: CellRectangle
    rows: list[bytes]


class Composer:
    """Turns scenes into the bytes for one client. Send `ENTER` first."""

    def __init__(self) -> None:
        self._shown: dict[tuple[int, int, int], bytes] = {}
        self._cursor = b""
        self._modes = ClientModes()
        self._layout: object = None
        self._borders: list[Segment] = []
        self._drawn: dict[int, _Drawn] = {}
        self._covering = Covering()

    def repaint(self) -> None:
        """Forget which cells the client shows, so that the next `compose` sends all of them."""
        self._shown.clear()
        self._layout = None
        self._cursor = b""

    def disturbed(self) -> None:
        """Forget where the client's cursor is, because something else was written to its terminal."""
        self._cursor = b""

    def compose(self, scene: Scene) -> bytes:
        """Return what to send so that the client shows `scene`; b"" if it already does."""
        segments = self._segments(scene)
        parts = []
        keys = {(segment.row, segment.column, segment.columns) for segment in segments}
        for key in self._shown.keys() - keys:
            del self._shown[key]
        for segment in segments:
            key = segment[:3]
            if self._shown.get(key) != segment.content:
                self._shown[key] = segment.content
                parts.append(_draw(segment, scene.columns))
        active = next((pane for pane in scene.panes if pane.active), None)
        parts.append(self._modes_change(scene, active))
        cursor = _cursor(scene, active)
        body = b"".join(parts)
        if not body and cursor == self._cursor:
            return b""
        self._cursor = cursor
        return SYNC_BEGIN + (CURSOR_HIDE if body else b"") + body + cursor + SYNC_END

    # -- cells ------------------------------------------------------------------------------------
    def _segments(self, scene: Scene) -> list[Segment]:
        top = len(scene.status) if scene.status_at_top else 0
        height = max(0, scene.rows - len(scene.status))
        self._update_layout(scene, height, top)
        segments = list(self._borders)
        if scene.panes and scene.panes[-1].frame is not None:
            self._covering.begin()
        for index, pane in enumerate(scene.panes):
            if pane.frame is not None:
                segments = self._covered(segments, pane, pane.frame, (scene.columns, height), top)
            segments.extend(self._pane_segments(index, pane, scene.columns, height, top))
        status_row = 0 if scene.status_at_top else height
        for offset, content in enumerate(scene.status):
            if status_row + offset < scene.rows:
                segments.append(Segment(status_row + offset, 0, scene.columns, content))
        return segments if scene.over is None else laid_over(segments, scene.over.blocks)

    def _covered(
        self,
        segments: list[Segment],
        pane: PaneView,
        frame: Frame,
        client: tuple[int, int],
        top: int,
    ) -> list[Segment]:
        """What is left below a floating pane, and its border."""
        place = outer(pane.rectangle, frame)
        runs = [borders.BorderRun(*segment) for segment in segments]
        left = self._covering.without(runs, place._replace(row=place.row + top))
        around = border_runs(pane.rectangle, frame, client)
        return [
            *(Segment(*run) for run in left),
            *(Segment(*run._replace(row=run.row + top)) for run in around),
        ]

    def _update_layout(self, scene: Scene, height: int, top: int) -> None:
        """Draw the borders again if a rectangle, the size or the active pane has changed."""
        rectangles = tuple(pane.rectangle for pane in scene.panes if pane.frame is None)
        active = next((at for at, pane in enumerate(scene.panes) if pane.active), 0)
        active = active if active < len(rectangles) else 0
        shape = (rectangles, scene.columns, scene.rows, height, top, scene.window)
        layout = (shape, active, scene.look)
        if layout == self._layout:
            return
        if self._layout is None or not isinstance(self._layout, tuple) or self._layout[0] != shape:
            self._shown.clear()
            self._drawn.clear()
        self._layout = layout
        self._borders = [
            Segment(row + top, column, columns, content)
            for row, column, columns, content in borders.draw(
                rectangles,
                active,
                window=scene.window or (scene.columns, height),
                client=(scene.columns, height),
                look=scene.look or BorderLook([b"\x1b[0m"] * len(rectangles), b"\x1b[0m"),
            )
        ]

    def _pane_segments(
        self, index: int, pane: PaneView, columns: int, height: int, top: int
    ) -> list[Segment]:
        left, first, wide, high = pane.rectangle
        wide, high = min(wide, columns - left), min(high, height - first)
        if wide <= 0 or high <= 0:
            return []
        rows = self._pane_rows(index, pane, wide, high)
        segments = [Segment(first + top + at, left, wide, row) for at, row in enumerate(rows)]
        if pane.scroll is not None and pane.scroll.indicator:
            segments[:1] = _with_indicator(segments[0], pane.scroll)
        return segments

    def _pane_rows(self, index: int, pane: PaneView, wide: int, high: int) -> list[bytes]:
        if pane.scroll is not None:
            rows = list(pane.scroll.rows[:high])
            return rows + [b""] * (high - len(rows))
        emulator, rectangle = pane.emulator, CellRectangle(0, 0, wide, high)
        drawn = self._drawn.get(index)
        if (
            drawn is None
            or drawn.emulator is not emulator
            or drawn.generation != emulator.generation
            or drawn.rectangle != rectangle
        ):
            rows = emulator.render(0, 0, wide, high)
            rows += [b""] * (high - len(rows))
            drawn = _Drawn(emulator, emulator.generation, rectangle, rows)
            self._drawn[index] = drawn
        return drawn.rows

    # -- modes ------------------------------------------------------------------------------------
    def _modes_change(self, scene: Scene, active: PaneView | None) -> bytes:
        wanted = client_modes(scene, active)
        now, self._modes = self._modes, wanted
        if wanted == now:
            return b""
        parts = []
        if wanted.mouse != now.mouse:
            if now.mouse:
                parts.append(b"\x1b[?%dl" % now.mouse)
            if wanted.mouse:
                parts.append(b"\x1b[?%dh\x1b[?1006h" % wanted.mouse)
        for number, want, have in (
            (1004, wanted.focus, now.focus),
            (1, wanted.application_cursor, now.application_cursor),
        ):
            if want != have:
                parts.append(b"\x1b[?%d%c" % (number, b"h" if want else b"l"))
        if wanted.application_keypad != now.application_keypad:
            parts.append(b"\x1b=" if wanted.application_keypad else b"\x1b>")
        if wanted.kitty_keyboard != now.kitty_keyboard:
            parts.append(b"\x1b[=%d;1u" % wanted.kitty_keyboard)
        if wanted.cursor_shape != now.cursor_shape:
            parts.append(b"\x1b[%d q" % wanted.cursor_shape)
        return b"".join(parts)


def client_modes(scene: Scene, active: PaneView | None) -> ClientModes:
    """Return the modes of the client's terminal for the active pane, or for what lies over the panes."""
    emulator = None if active is None or active.scroll is not None else active.emulator
    tracking = MOUSE_NUMBERS["button"] if scene.mouse else 0
    if scene.over is not None:
        emulator, tracking = scene.over.emulator, max(tracking, scene.over.mouse)
    if emulator is None:
        return ClientModes(mouse=tracking)
    modes: Modes = emulator.modes
    return ClientModes(
        mouse=max(tracking, MOUSE_NUMBERS.get(modes.mouse, 0)),
        focus=modes.focus_events,
        application_cursor=modes.application_cursor,
        application_keypad=modes.application_keypad,
        kitty_keyboard=modes.kitty_keyboard,
        cursor_shape=_shape(emulator.cursor),
    )


def _shape(cursor: Cursor) -> int:
    """Return the number of DECSCUSR; 0 is the terminal's own cursor."""
    if cursor.style == "default":
        return 0
    return CURSOR_SHAPES[cursor.style] + (not cursor.blink)


def _draw(segment: Segment, columns: int) -> bytes:
    """Return the bytes that show a segment. A segment that reaches the right edge is erased with EL, others with ECH."""
    row, column, wide, content = segment
    erase = b"\x1b[K" if column + wide >= columns else b"\x1b[%dX" % wide
    return b"\x1b[%d;%dH\x1b[0m%b%b" % (row + 1, column + 1, erase, content)


def _with_indicator(segment: Segment, scroll: ScrolledRows) -> list[Segment]:
    """Write `[position/total]`, or a note, over the right end of a pane's first row."""
    text = f"[{scroll.note or f'{scroll.position}/{scroll.total}'}]"
    size = text_width(text)
    before = segment.columns - size
    if before < 0:
        return [segment]
    content = INDICATOR_STYLE + text.encode() + b"\x1b[0m"
    shown = [Segment(segment.row, segment.column + before, size, content)]
    if before:
        row = clipped(segment.content, 0, before)
        shown.insert(0, segment._replace(columns=before, content=row))
    return shown


def _cursor(scene: Scene, active: PaneView | None) -> bytes:
    """Return the bytes that place the cursor, or hide it."""
    if scene.cursor is not None:
        column, row = scene.cursor
        return b"\x1b[%d;%dH" % (row + 1, column + 1) + CURSOR_HIDE
    if scene.over is not None:
        at = scene.over.cursor
        return CURSOR_HIDE if at is None else b"\x1b[%d;%dH" % (at[1] + 1, at[0] + 1) + CURSOR_SHOW
    if active is None:
        return CURSOR_HIDE
    top = len(scene.status) if scene.status_at_top else 0
    left, first, wide, high = active.rectangle
    if active.scroll is not None:
        place = active.scroll.cursor
    else:
        cursor = active.emulator.cursor
        place = (cursor.column, cursor.row) if cursor.visible else None
    if place is None:
        return CURSOR_HIDE
    column, row = left + place[0], first + place[1]
    bottom = min(first + high, scene.rows - len(scene.status))
    if column >= min(left + wide, scene.columns) or row >= bottom:
        return CURSOR_HIDE
    if active.frame is None and _is_covered(scene.panes, column, row):
        return CURSOR_HIDE
    return b"\x1b[%d;%dH" % (row + top + 1, column + 1) + CURSOR_SHOW


def _is_covered(panes: Sequence[PaneView], column: int, row: int) -> bool:
    """Whether a floating pane covers a cell of the tiled ones."""
    for pane in panes:
        if pane.frame is not None:
            left, top, columns, rows = outer(pane.rectangle, pane.frame)
            if left <= column < left + columns and top <= row < top + rows:
                return True
    return False
