"""Feeds a program's output to the engine, and acts on the sequences that the engine does not report or would misread."""

from __future__ import annotations

from typing import Final

from fuguemux.terminal.emulator import Event, HistoryErased
from fuguemux.terminal.ghostty import clusters as clusters
from fuguemux.terminal.ghostty import pushed as pushed
from fuguemux.terminal.ghostty import repeat as repeat
from fuguemux.terminal.ghostty import scan as scan
from fuguemux.terminal.ghostty import state as state
from fuguemux.terminal.ghostty._abi import ffi
from fuguemux.terminal.ghostty.archiving import ArchivingScreen
from fuguemux.terminal.ghostty.withheld import Withheld

DELETE: Final = b"\x7f"
HEAD_BYTES: Final = 1024
SHORT_BYTES: Final = 256


class FeedingScreen(ArchivingScreen):
    """See `emulator.Emulator` for what its public methods promise. Its creator sets the fields."""

    _generation: int
    _tail: bytes
    """The end of the input, if a sequence that must be seen may begin there. The engine has it."""
    _held: bytes
    """The unfinished character at the end of the input that the engine does not have yet; see `clusters`."""
    _withheld: Withheld | None
    """The sequence whose content does not go to the engine at the moment."""
    _repeats: repeat.Repeats

    def feed(self, data: bytes | memoryview) -> list[Event]:
        data = bytes(data)
        if DELETE in data:
            data = data.translate(None, DELETE)
        self._generation += 1
        data = self._held + data
        whole = len(data) - clusters.held(data)
        data, self._held = data[:whole], data[whole:]
        # Scan a small part that ends the unfinished sequence. The rest is scanned only if it needs that.
        while self._tail and len(data) > 2 * HEAD_BYTES:
            head = clusters.cut(data, 0, HEAD_BYTES)
            self._feed_part(data[:head])
            data = data[head:]
        self._feed_part(data)
        return self._events()

    def _feed_part(self, data: bytes) -> None:
        at, step = 0, len(data)
        while at < len(data):
            stop = clusters.cut(data, at, at + step)
            at += self._feed_some(data[at:stop])
            # If many short sequences are withheld, the rest is not scanned again for each of them.
            step = SHORT_BYTES if at < stop else step * 4

    def _feed_some(self, data: bytes) -> int:
        """Feed the beginning of `data`, up to a sequence that is withheld. Returns how many bytes that were."""
        if self._withheld is not None:
            resumed = self._withheld.take(data)
            if resumed is None:
                return len(data)
            self._withheld = None
            if resumed.event is not None:
                self._sink.events.append(resumed.event)
            self._feed_pieces(resumed.lead)
            return resumed.at
        if self._tail or scan.needed(data):
            return self._feed_scanned(data)
        self._feed_pieces(self._repeats.followed(data, self._size.columns))
        self._tail = scan.tail(data)
        return len(data)

    def _events(self) -> list[Event]:
        events, self._sink.events = self._sink.events, []
        return events

    def _feed_scanned(self, data: bytes) -> int:
        """Feed data that contains sequences the engine does not report. Returns as `_feed_some`."""
        withheld = scan.WITHHELD.search(self._tail + data)
        if withheld is not None:
            data = data[: withheld.end() - len(self._tail)]
        length = len(data)
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
            elif found["clear"] is not None:
                self._feed_pieces(data[fed : found.start() - shift], many=many)
                fed = max(fed, found.start() - shift)
                self._before_clear(everything=found["clear"] == b"2")
                continue
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
                self._taken.returnable = self._shape = 0
            elif found["shape"] is not None:
                self._shape = int(found["shape"] or 0)
                continue
            else:
                self._history.links = True
                continue
            fed = end
        self._feed_pieces(data[fed:], many=many)
        self._tail = scan.tail(text)
        if withheld is not None:
            self._tail, self._repeats.tail = b"", b""
            self._withheld = Withheld(withheld[0])
        return length

    def _feed_pieces(self, data: bytes, *, many: bool = False) -> None:
        if clusters.wanted(data):
            data = self._clustered(data)
        start, end, at, spare = ffi.from_buffer("uint8_t[]", data), len(data), 0, 0
        write, history, columns = (
            self._lib.ghostty_terminal_vt_write,
            self._history,
            self._size.columns,
        )
        self._known_modes = None
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

    def _clustered(self, data: bytes) -> bytes:
        """Feed the rest of an unfinished sequence, and return what follows, with its clusters marked."""
        if state.mode(self._lib, self._terminal, clusters.MODE) or clusters.MODE_DIGITS in data:
            return data
        lead = 0
        if not self.at_ground:
            lead = self._write_to_ground(data)
            if self._history.due(lead, self._size.columns) and not self.alternate:
                self._make_room()
        return clusters.clustered(data[lead:])

    def _write_to_ground(self, data: bytes) -> int:
        """Feed `data` up to the end of the unfinished sequence. Returns how many bytes that were."""
        self._known_modes = None
        consumed = ffi.new("size_t*")
        start = ffi.from_buffer("uint8_t[]", data)
        write = self._lib.ghostty_terminal_vt_write_until_ground
        if write(self._terminal, start, len(data), consumed) == self._lib.GHOSTTY_NO_VALUE:
            return len(data)  # the sequence does not end here
        return int(consumed[0])

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

    def _before_clear(self, *, everything: bool) -> None:
        """Prepare for ED 2, or for ED 0, which comes next. Lines from before the screen is cleared never come back."""
        if self.alternate:
            return
        if not everything:
            cursor = self.cursor
            if cursor.row or cursor.column:
                return
        self._take_history()
        self._taken.returnable = 0

    def _note_erased_history(self) -> None:
        """CSI 3 J was fed. On the alternate screen it concerns that screen, which has no history."""
        if self.alternate:
            return
        self._forget_history()
        self._sink.events.append(HistoryErased())
