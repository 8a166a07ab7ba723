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

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from fuguemux.terminal import keys
from fuguemux.terminal.emulator import (
    Archived,
    Cursor,
    EngineError,
    Event,
    HistoryErased,
    Modes,
    MouseEvent,
    ScreenSize,
    SnapshotError,
)
from fuguemux.terminal.ghostty import callbacks as callbacks
from fuguemux.terminal.ghostty import portable as portable
from fuguemux.terminal.ghostty import pushed as pushed
from fuguemux.terminal.ghostty import repeat as repeat
from fuguemux.terminal.ghostty import scan as scan
from fuguemux.terminal.ghostty import snapshot as snapshots
from fuguemux.terminal.ghostty import state as state
from fuguemux.terminal.ghostty._abi import ffi
from fuguemux.terminal.ghostty.history import BATCH_ROWS, EngineHistory, limit_bytes
from fuguemux.terminal.ghostty.library import SNAPSHOT_VERSION, check, load
from fuguemux.terminal.ghostty.rows import Rows
from fuguemux.terminal.ghostty.taken import TakenLines

COLUMNS_MAX: Final = 2000
ROWS_MAX: Final = 1000
DELETE: Final = b"\x7f"
HEAD_BYTES: Final = 1024
ENTER_ALTERNATE: Final = b"\x1b[?1049h"
ERASE_HISTORY: Final = b"\x1b[3J"


class GhosttyEmulator:
    """One pane's terminal; see `emulator.Emulator` for what its methods promise."""

    _keep_lines: int | None = None

    def __init__(self, columns: int, rows: int) -> None:
        self._lib = load().lib
        self._size = clamp(columns, rows)
        self._generation = 0
        self._tail = b""
        self._repeats = repeat.Repeats()
        self._taken = TakenLines()
        self._shape = 0  # the number of DECSCUSR
        self._closed = False
        self._adopt(state.new(self._lib, self._size))

    # -- life ---------------------------------------------------------------------------------
    def _adopt(self, terminal: Any) -> None:
        """Use `terminal` from now on, and configure it like all terminals of this adapter."""
        self._terminal = terminal
        self._sink = callbacks.Sink(self._lib, *self._size)
        callbacks.register(self._lib, terminal, self._sink)
        state.configure(self._lib, terminal, limit_bytes(self._size.columns, self._keep_lines))
        self._rows = Rows(self._lib, terminal)
        self._history = EngineHistory(self._lib, terminal, self._rows)

    def _release(self) -> None:
        self._history.free()
        self._lib.ghostty_terminal_free(self._terminal)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._release()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self.close()

    @property
    def engine(self) -> str:
        return engine_name()

    @property
    def size(self) -> ScreenSize:
        return self._size

    @property
    def generation(self) -> int:
        return self._generation

    # -- input --------------------------------------------------------------------------------
    def feed(self, data: bytes | memoryview) -> list[Event]:
        data = bytes(data)
        if DELETE in data:
            data = data.translate(None, DELETE)
        self._generation += 1
        # Scan a small part that ends the unfinished sequence. The rest is scanned only if it needs that.
        while self._tail and len(data) > 2 * HEAD_BYTES:
            self._feed_part(data[:HEAD_BYTES])
            data = data[HEAD_BYTES:]
        self._feed_part(data)
        return self._events()

    def _feed_part(self, data: bytes) -> None:
        if self._tail or scan.needed(data):
            self._feed_scanned(data)
        else:
            self._feed_pieces(self._repeats.followed(data, self._size.columns))
            self._tail = scan.tail(data)

    def _events(self) -> list[Event]:
        events, self._sink.events = self._sink.events, []
        return events

    def _feed_scanned(self, data: bytes) -> None:
        """Feed data that contains sequences the engine does not report."""
        many = pushed.many(self._tail + data)
        data, changed = self._repeats.clamped(data, self._size.columns, many=many)
        many = many or changed
        text = self._tail + data
        shift = len(self._tail)
        fed = 0
        for found in scan.SEEN.finditer(text):
            end = found.end() - shift
            if found["mark"]:
                self._feed_pieces(data[fed:end], many=many)
                self._sink.events.append(scan.prompt(found["mark"], found["rest"]))
            elif found["erase"]:
                self._feed_pieces(data[fed:end], many=many)
                self._note_erased_history()
            elif found["private"]:
                start = found.start() - shift
                if start < fed or scan.MODES_ALTERNATE.isdisjoint(found["private"].split(b";")):
                    continue
                self._feed_pieces(data[fed:start], many=many)
                self._before_switch(entering=found["on"] == b"h")
                end = start
            elif found["reset"]:
                end -= 1
                self._feed_pieces(data[fed:end], many=many)
                self._take_history()
                self._history.unmark()
                self._shape = 0
            elif found["shape"] is not None:
                self._shape = int(found["shape"] or 0)
                continue
            else:
                self._history.links = True
                continue
            fed = end
        self._feed_pieces(data[fed:], many=many)
        self._tail = scan.tail(text)

    def _feed_pieces(self, data: bytes, *, many: bool = False) -> None:
        start, end, at, spare = ffi.from_buffer("uint8_t[]", data), len(data), 0, 0
        write, history, columns = (
            self._lib.ghostty_terminal_vt_write,
            self._history,
            self._size.columns,
        )
        while at < end:
            stop = (
                pushed.stop(data, at, self._size) if many else at + pushed.PIECE_BYTES_MAX + spare
            )
            stop = min(stop, end)
            write(self._terminal, start + at, stop - at)
            due = history.due(stop - at, columns)
            at, spare = stop, history.spare
            if due and not self.alternate and self._make_room():
                spare = 0

    def _make_room(self) -> bool:
        """Skip rows of the history, or else take some out of it. Returns False if skipping was enough."""
        history, columns = self._history, self._size.columns
        while self._skip_history():
            if not history.due(0, columns):
                return False
        history.make_room(columns, self._taken.add)
        return True

    def _before_switch(self, *, entering: bool) -> None:
        """Prepare for the sequence that enters or leaves the alternate screen, which is fed next.

        Entering: the history is taken out, so that nothing is below the alternate screen. Leaving: the alternate screen
        is cleared, because the engine breaks wide characters of a hidden screen when the size changes, and cannot write a
        snapshot afterwards.
        """
        if entering == self.alternate or not self.at_ground:
            return
        if not entering:
            self._write(state.CLEAR_SCREEN)
            return
        self._take_history()
        joint = self._taken.open and self._history.continues_taken(self._size.columns)
        self._drop_history()
        if joint:
            self._history.note_joint(self._size.columns)

    def _note_erased_history(self) -> None:
        """CSI 3 J was fed. On the alternate screen it concerns that screen, which has no history."""
        if self.alternate:
            return
        self._forget_history()
        self._sink.events.append(HistoryErased())

    def _forget_history(self) -> None:
        self._history.unmark()
        self._taken.forget()

    def clear_history(self) -> None:
        self._drop_history()
        self._forget_history()

    # -- size -----------------------------------------------------------------------------------
    def resize(self, columns: int, rows: int) -> list[Event]:
        columns, rows = clamp(columns, rows)
        if (columns, rows) == self._size:
            return []
        self._take_history()
        joint = not self.alternate and self.continues_history
        unfinished = self._to_ground()
        self._drop_history()
        before = state.before_resize(self._lib, self._terminal, self._rows, self._size, columns)
        self._write(before.sequence)
        self._size = ScreenSize(columns, rows)
        self._sink.columns, self._sink.rows = columns, rows
        self._generation += 1
        width, height = self._sink.cell
        result = self._lib.ghostty_terminal_resize(self._terminal, columns, rows, width, height)
        check(result, "change its size")
        self._write(before.undo)
        if joint:
            self._history.note_joint(columns)
        state.limit_history(self._lib, self._terminal, limit_bytes(columns, self._keep_lines))
        events = self._events()
        self._write(unfinished)
        self._sink.events.clear()
        return events

    def reset_for_new_process(self) -> list[Event]:
        self._tail, self._repeats.tail, self._shape = b"", b"", 0
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

    # -- history ------------------------------------------------------------------------------
    def archive(self, *, everything: bool = False, rows_max: int | None = None) -> Archived | None:
        if everything:
            self._take_history()
        elif rows_max is not None and not self.alternate:
            self._taken.add(self._history.take(self._size.columns, rows_max))
        return self._taken.hand_over()

    @property
    def keep_lines(self) -> int | None:
        return self._keep_lines

    @keep_lines.setter
    def keep_lines(self, lines: int | None) -> None:
        if lines == self._keep_lines:
            return
        columns = self._size.columns
        before, after = limit_bytes(columns, self._keep_lines), limit_bytes(columns, lines)
        if after < before:
            self._take_history()
        self._keep_lines = lines
        if before != after:
            state.limit_history(self._lib, self._terminal, after)

    def _skip_history(self) -> bool:
        """Leave out the oldest rows, because more lines follow than are kept. Returns False if they must be taken."""
        if self._keep_lines is None or not self._history.skip(self._keep_lines):
            return False
        self._taken.forget()
        return True

    def _take_history(self) -> None:
        """Move all untaken rows of the history to the lines that wait for `archive`."""
        if self.alternate:
            self._taken.add(self._take_below_alternate())
            return
        while taken := self._history.take(self._size.columns, BATCH_ROWS):
            self._taken.add(taken)

    def _take_below_alternate(self) -> Archived | None:
        """Take the primary screen's history while the alternate screen is shown.

        The engine reads only the active screen, so a copy of the terminal leaves the alternate screen and is read.
        """
        blob = self._encode()
        below = snapshots.primary_history_rows(self._lib, blob)
        taken = min(below, self._history.first_untaken())
        if taken >= below:
            return None
        with self._below_alternate(with_history=True) as copy:
            if taken:
                copy._history.mark_row(taken - 1)
            result = copy._history.take(self._size.columns)
        self._adopt_screens(self._encode())
        return result

    @contextlib.contextmanager
    def _below_alternate(self, *, with_history: bool) -> Iterator[GhosttyEmulator]:
        """A context with a copy of this terminal that has left the alternate screen."""
        blob = self._encode(with_history=with_history)
        blob, _unfinished = snapshots.without_continuation(self._lib, blob)
        copy = GhosttyEmulator.__new__(GhosttyEmulator)
        copy._lib, copy._size, copy._closed = self._lib, self._size, True
        copy._keep_lines = self._keep_lines
        copy._adopt(snapshots.decode(self._lib, blob, with_history=with_history))
        copy._closed, copy._shape = False, 0
        copy._history.links = self._history.links
        copy._write(state.LEAVE_ALTERNATE)
        try:
            yield copy
        finally:
            copy.close()

    def _drop_history(self) -> None:
        """Remove the history from the engine. Rows that were not taken are lost."""
        if self.alternate or not self.at_ground:
            blob = self._encode()
            if snapshots.primary_history_rows(self._lib, blob):
                self._adopt_screens(blob)
        elif self._history.rows_count():
            self._write(ERASE_HISTORY)
            self._history.unmark()

    def _adopt_screens(self, blob: bytes) -> bytes:
        """Replace the terminal by the screens of a snapshot, without history. Returns the snapshot's unfinished sequence."""
        blob, unfinished = snapshots.without_continuation(self._lib, blob)
        self._adopt_ground(blob)
        events = list(self._sink.events)
        self._write(unfinished)
        self._sink.events = events
        return unfinished

    def _to_ground(self) -> bytes:
        """Cancel an unfinished sequence, and return it to be fed again later."""
        if self.at_ground:
            return b""
        blob = self._encode()
        blob, unfinished = snapshots.without_continuation(self._lib, blob)
        self._adopt_ground(blob)
        return unfinished

    def _adopt_ground(self, blob: bytes) -> None:
        """Replace the terminal by the screens of a snapshot, without an unfinished sequence.

        A snapshot without history still contains the rows that share a page with the screen. They are erased. Under an
        alternate screen that is impossible, so they count as taken.
        """
        terminal = snapshots.decode(self._lib, blob, with_history=False)
        events: list[Event] = []
        links, joint = False, None
        if hasattr(self, "_terminal"):
            events, links = self._sink.events, self._history.links
            joint = self._history.joint
            self._release()
        self._adopt(terminal)
        if self.alternate:
            self._history.taken_below = snapshots.rows_below_alternate(self._lib, blob)
        else:
            self._write(ERASE_HISTORY)
        self._history.links, self._history.joint = links, joint
        self._sink.events = events

    def _encode(self, *, with_history: bool = False) -> bytes:
        """Return the engine's snapshot.

        If the engine cannot write one, because it broke a wide character of a hidden screen, the terminal is created
        again from what can be read: the screen that is shown.
        """
        try:
            return snapshots.encode(self._lib, self._terminal, with_history=with_history)
        except EngineError:
            self._rebuild()
            return snapshots.encode(self._lib, self._terminal, with_history=with_history)

    def _rebuild(self) -> None:
        alternate = self.alternate
        if not alternate:
            self._take_history()
        output = portable.tab_stops(self._rows) + ENTER_ALTERNATE * alternate + self._shown()
        events, links, joint = self._sink.events, self._history.links, self._history.joint
        self._release()
        self._adopt(state.new(self._lib, self._size))
        self._write(output)
        self._history.links, self._history.joint = links, joint
        self._sink.events = events

    def _shown(self) -> bytes:
        """Return the visible screen with all settings, as terminal output."""
        text = portable.text(self, self._rows)
        return text + portable.state_of(self, self._rows, self._lib, self._terminal)

    def _write(self, data: bytes) -> None:
        self._lib.ghostty_terminal_vt_write(self._terminal, data, len(data))

    @property
    def unarchived_rows(self) -> int:
        if self.alternate:
            return 0
        return max(0, self._history.rows_count() - self._history.first_untaken())

    @property
    def waiting_bytes(self) -> int:
        return self._taken.bytes

    @property
    def continues_history(self) -> bool:
        """As in the port. True only while the last line of the history is known to be unfinished."""
        if self.alternate:
            return False
        if self._history.rows_count() > self._history.first_untaken():
            return self._rows.continues("active", 0)
        return self._taken.open and self._history.continues_taken(self._size.columns)

    # -- what is on the screen ------------------------------------------------------------------
    @property
    def alternate(self) -> bool:
        """Whether the alternate screen is shown."""
        return state.get(self._lib, self._terminal, "ACTIVE_SCREEN", "uint32_t") != 0

    @property
    def cursor(self) -> Cursor:
        return state.cursor(self._lib, self._terminal, self._shape)

    @property
    def modes(self) -> Modes:
        return state.modes(self._lib, self._terminal)

    @property
    def title(self) -> str:
        return callbacks.get_string(self._lib, self._terminal, "TITLE")

    @property
    def cwd(self) -> str:
        return callbacks.get_string(self._lib, self._terminal, "PWD")

    @property
    def at_ground(self) -> bool:
        return bool(state.get(self._lib, self._terminal, "VT_GROUND", "bool"))

    def render(
        self, column: int = 0, row: int = 0, columns: int | None = None, rows: int | None = None
    ) -> list[bytes]:
        last_column = self._size.columns if columns is None else column + columns
        last_row = self._size.rows if rows is None else row + rows
        last_column = min(last_column, self._size.columns) - 1
        last_row = min(last_row, self._size.rows) - 1
        if last_column < column or last_row < row:
            return []
        return self._rows.rectangle(
            column, row, last_column, last_row, self._size.columns, links=self._history.links
        )

    def screen_text(self, *, join: bool = False, trim: bool = True) -> list[str]:
        columns, rows = self._size
        found = self._rows.text_lines("active", 0, rows - 1, columns)
        if join:
            found = self._joined(found)
        text = [line.decode("utf-8", "replace") for line in found]
        return [line.rstrip(" ") for line in text] if trim else text

    def screen_ansi(self, *, join: bool = False) -> list[bytes]:
        found = self.render()
        return self._joined(found) if join else found

    def _joined(self, found: list[bytes]) -> list[bytes]:
        lines: list[bytes] = []
        open_line = False
        for row, text in enumerate(found):
            if open_line:
                lines[-1] += text
            else:
                lines.append(text)
            open_line = bool(text) and self._rows.wraps("active", row)
            if open_line:
                lines[-1] += b" " * self._rows.blanks_at_end("active", row, self._size.columns)
        return lines

    # -- checkpoint -----------------------------------------------------------------------------
    def snapshot(self) -> bytes:
        engine = self._encode()
        joint = self._history.joint or b""
        flags = snapshots.SnapshotFlags(self._taken.open, self._history.links, self._shape)
        return snapshots.wrap(snapshots.Content(engine, self._size, flags, self._tail, joint))

    @classmethod
    def restore(cls, snapshot: bytes) -> GhosttyEmulator:
        """Return an emulator in the state of `snapshot`. Raises SnapshotError."""
        content = snapshots.unwrap(snapshot)
        emulator = cls.__new__(cls)
        emulator._lib = load().lib
        emulator._size = content.size
        emulator._generation = 1
        emulator._tail = content.tail
        emulator._taken = TakenLines()
        emulator._taken.open, links, emulator._shape = content.flags
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

    # -- memory ---------------------------------------------------------------------------------
    def compact(self) -> bool:
        """Drop history that was archived. The rest needs little memory."""
        if not self.alternate and not self.unarchived_rows and self._history.rows_count():
            self._adopt_screens(self._encode())
        return False


def clamp(columns: int, rows: int) -> ScreenSize:
    """Limit a size to what the engine and its memory can bear."""
    return ScreenSize(min(max(columns, 1), COLUMNS_MAX), min(max(rows, 1), ROWS_MAX))


def engine_name() -> str:
    """Return the engine's name and version as written beside snapshots."""
    return f"ghostty {load().version}/{SNAPSHOT_VERSION}"
