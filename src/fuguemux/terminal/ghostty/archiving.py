"""A terminal whose history is taken out of the engine, row by row, and handed over in lines.

Traps of the library that are handled here:

* A snapshot without history still contains rows that share a page with the screen.
* The engine reads only the active screen. The history below an alternate screen is read from a copy that has left it.
* The engine cannot write a snapshot of a screen on which it broke a wide character. The terminal is created again then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from fuguemux.terminal.emulator import Archived, EngineError, Event
from fuguemux.terminal.ghostty import portable, state
from fuguemux.terminal.ghostty import snapshot as snapshots
from fuguemux.terminal.ghostty.history import BATCH_ROWS, limit_bytes
from fuguemux.terminal.ghostty.screen import EngineScreen
from fuguemux.terminal.ghostty.taken import TakenLines

ENTER_ALTERNATE: Final = b"\x1b[?1049h"
ERASE_HISTORY: Final = b"\x1b[3J"


class ArchivingScreen(EngineScreen):
    """See `emulator.Emulator` for what its public methods promise."""

    _taken: TakenLines

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

    def clear_history(self) -> None:
        self._drop_history()
        self._forget_history()

    def compact(self) -> bool:
        """Drop history that was archived. The rest needs little memory."""
        if not self.alternate and not self.unarchived_rows and self._history.rows_count():
            self._adopt_screens(self._encode())
        return False

    def _forget_history(self) -> None:
        self._history.unmark()
        self._taken.forget()

    def _skip_history(self) -> bool:
        """Leave out the oldest rows, because more lines follow than are kept. Returns False if they must be taken."""
        if self._keep_lines is None or not self._history.skip(self._keep_lines):
            return False
        self._taken.forget()
        return True

    def _make_room(self) -> bool:
        """Skip rows of the history, or else take some out of it. Returns False if skipping was enough."""
        history, columns = self._history, self._size.columns
        while self._skip_history():
            if not history.due(0, columns):
                return False
        history.make_room(columns, self._taken.add)
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
    def _below_alternate(self, *, with_history: bool) -> Iterator[ArchivingScreen]:
        """A context with a copy of this terminal that has left the alternate screen."""
        blob = self._encode(with_history=with_history)
        blob, _unfinished = snapshots.without_continuation(self._lib, blob)
        copy = ArchivingScreen.__new__(ArchivingScreen)
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
