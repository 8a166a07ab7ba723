"""The terminal engine: libghostty-vt behind the `Emulator` port.

Traps of the library that are handled here or in the modules beside it:

* Its default history limit is 10,000 bytes, and a limit in lines is three times slower. So a limit in bytes is set, by
  width.
* Snapshots in the middle of a sequence need continuation tracking.
* DEL is stored as a character. It is dropped from the input, as terminals do.
* Exit statuses of OSC 133 and the erasure of the history (CSI 3 J) are not reported. The input is scanned for them,
  across chunks.
* A full reset (ESC c) erases the history, which users do not want. So the history is taken out first.
* A resize breaks wide characters of a screen that is hidden or does not re-wrap, and such a screen cannot be written to a
  snapshot: see `_before_switch` and `before_resize`.
* A resize pulls history rows back, and joins a line that crosses the border. So the history is taken out and dropped
  first, also before a program enters the alternate screen.
"""

from __future__ import annotations

from fuguemux.terminal import keys
from fuguemux.terminal.emulator import (
    Event,
    MouseEvent,
    SnapshotError,
)
from fuguemux.terminal.ghostty import callbacks as callbacks
from fuguemux.terminal.ghostty import clusters as clusters
from fuguemux.terminal.ghostty import portable as portable
from fuguemux.terminal.ghostty import pushed as pushed
from fuguemux.terminal.ghostty import repeat as repeat
from fuguemux.terminal.ghostty import scan as scan
from fuguemux.terminal.ghostty import snapshot as snapshots
from fuguemux.terminal.ghostty import state as state
from fuguemux.terminal.ghostty.library import SNAPSHOT_VERSION, load
from fuguemux.terminal.ghostty.resizing import ResizingScreen, clamp
from fuguemux.terminal.ghostty.taken import TakenLines
from fuguemux.terminal.ghostty.withheld import Withheld


class GhosttyEmulator(ResizingScreen):
    """One pane's terminal; see `emulator.Emulator` for what its methods promise."""

    def __init__(self, columns: int, rows: int) -> None:
        self._lib = load().lib
        self._size = clamp(columns, rows)
        self._generation = 0
        self._tail = self._held = b""
        self._withheld: Withheld | None = None
        self._repeats = repeat.Repeats()
        self._taken = TakenLines()
        self._shape = 0
        self._closed = False
        self._adopt(state.new(self._lib, self._size))

    @property
    def engine(self) -> str:
        return engine_name()

    @property
    def generation(self) -> int:
        return self._generation

    # -- new process ----------------------------------------------------------------------------
    def reset_for_new_process(self) -> list[Event]:
        self._tail = self._held = self._repeats.tail = b""
        self._withheld, self._shape = None, 0
        self._feed_pieces(state.ABORT_SEQUENCE)
        if self.alternate:
            self._feed_pieces(state.CLEAR_SCREEN + state.LEAVE_ALTERNATE)
        cursor = self.cursor
        last = max((y for y, text in enumerate(self.screen_text()) if text), default=-1)
        self._feed_pieces(state.reset_modes())
        if last >= cursor.row or cursor.column:
            row = max(last, cursor.row) + 1
            self._feed_pieces(b"\x1b[%d;1H\r\n" % row)
        else:
            self._feed_pieces(b"\x1b[%d;1H" % (cursor.row + 1))
        self._generation += 1
        return self._events()

    # -- checkpoint -----------------------------------------------------------------------------
    def snapshot(self) -> bytes:
        engine = self._encode()
        joint = self._history.joint or b""
        flags = snapshots.SnapshotFlags(
            self._taken.open, self._history.links, self._shape, self._taken.returnable
        )
        tail = (self._tail if self._withheld is None else self._withheld.tail()) + self._held
        return snapshots.wrap(snapshots.Content(engine, self._size, flags, tail, joint))

    @classmethod
    def restore(cls, snapshot: bytes) -> GhosttyEmulator:
        """Return an emulator in the state of `snapshot`. Raises SnapshotError."""
        content = snapshots.unwrap(snapshot)
        emulator = cls.__new__(cls)
        emulator._lib = load().lib
        emulator._size = content.size
        emulator._generation = 1
        whole = len(content.tail) - clusters.held(content.tail)
        emulator._tail, emulator._held = content.tail[:whole], content.tail[whole:]
        emulator._withheld = Withheld.stored(emulator._tail)
        if emulator._withheld is not None:
            emulator._tail = b""
        emulator._taken = TakenLines()
        emulator._taken.open, links, emulator._shape, emulator._taken.returnable = content.flags
        emulator._closed = True  # so that `close` does nothing until there is something to free
        emulator._repeats = repeat.Repeats(emulator._adopt_screens(content.engine))
        emulator._closed = False
        if state.size(emulator._lib, emulator._terminal) != content.size:
            emulator.close()
            raise SnapshotError("the snapshot is damaged: it has two sizes")
        emulator._history.links = links
        emulator._history.joint = content.joint or None
        return emulator

    def to_ansi(self) -> bytes:
        below = b""
        if self.alternate:
            with self._below_alternate(with_history=False) as primary:
                cursor = primary.cursor
                below = portable.text(primary, primary._rows) + b"\x1b[%d;%dH\x1b[?1049h" % (
                    cursor.row + 1,
                    cursor.column + 1,
                )
        return (
            portable.tab_stops(self._rows)
            + below
            + self._shown()
            + (b"\x1b[%d q" % self._shape if self._shape else b"")
        )

    # -- input for the program --------------------------------------------------------------------
    def encode_mouse(self, event: MouseEvent) -> bytes:
        return keys.encode_mouse(event, self.modes)

    def encode_paste(self, data: bytes) -> bytes:
        return keys.encode_paste(data, bracketed=self.modes.bracketed_paste)

    def encode_focus(self, gained: bool) -> bytes:
        if not self.modes.focus_events:
            return b""
        return b"\x1b[I" if gained else b"\x1b[O"


def engine_name() -> str:
    """Return the engine's name and version as written beside snapshots."""
    return f"ghostty {load().version}/{SNAPSHOT_VERSION}"
