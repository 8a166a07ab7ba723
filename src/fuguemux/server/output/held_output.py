"""Slots of the landing zone that are kept after they are shown, because the kernel does not have their log records
yet.

If the disk is slow, a thread does the writes; if it is full or fails, they are tried again later. Until then only the
landing zone outlives this process.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from fuguemux.server.landing.many_reads import Reads
from fuguemux.server.landing.zone import Landed, LandingZone, NoBytes
from fuguemux.server.output.feeding import Chunk
from fuguemux.server.output.missing_output import MissingOutput
from fuguemux.server.output.output_port import OutputLog
from fuguemux.server.panes.pane_terminal import PaneTerminal

ECHO_SLOTS: Final = 4


class _Slot(msgspec.Struct):
    """One held slot. `last` is the newest output in it, `lsn` the newest record of its content. `pending`: `last` has
    no record yet.

    `unfed` is the number of its chunks that are not completely shown.
    """

    terminal: PaneTerminal
    first: Landed
    last: Landed
    lsn: int
    pending: bool
    unfed: int = 0

    def done(self, through_lsn: int) -> bool:
        """Whether the slot may be released when the kernel has everything up to `through_lsn`."""
        return self.lsn <= through_lsn and not self.pending and not self.unfed


class HeldOutput:
    """Belongs to the loop."""

    def __init__(
        self,
        log: OutputLog,
        missing: MissingOutput,
        feed: Callable[[Chunk], None],
    ) -> None:
        """`feed` shows a chunk, now or soon, and then calls `shown`."""
        self._log = log
        self._missing = missing
        self._feed = feed
        self._slots: dict[int, _Slot] = {}
        self._newest: dict[int, _Slot] = {}
        self._unshown: deque[Chunk] = deque()

    def __bool__(self) -> bool:
        return bool(self._slots)

    def read(
        self, zone: LandingZone, terminal: PaneTerminal, fd: int, at_most: int, reads: Reads
    ) -> Landed | NoBytes:
        """Read as `LandingZone.read`, but append to the pane's last slot if that is held and has space, so that
        typing uses up no slots.

        Some slots are reserved for panes that wait for an echo.
        """
        slot = self._newest.get(terminal.id)
        if slot is not None and slot.last.offset + len(slot.last.data) == terminal.read_offset:
            result = zone.read_on(slot.last, fd, at_most=at_most, reads=reads)
            if isinstance(result, Landed):
                slot.last, slot.pending = result, True
            if result is not NoBytes.ZONE_FULL:
                return result
        kept = ECHO_SLOTS if self and not terminal.echo_awaited else 0
        if zone.free_slots <= kept and self._log.output_stopped:
            self.give_up_oldest(zone)
        if zone.free_slots <= kept:
            return NoBytes.ZONE_FULL
        return zone.read(fd, terminal.id, terminal.read_offset, at_most=at_most, reads=reads)

    def show(self, zone: LandingZone, chunk: Chunk) -> None:
        """Hold the slot of a logged chunk until the kernel has it, or until the log gives it up.

        The chunk is shown at once if the slot outlives this process, otherwise when the kernel has it.
        """
        terminal, landed, lsn = chunk.terminal, chunk.landed, chunk.lsn
        slot = self._slots.get(landed.slot)
        if slot is None:
            slot = self._slots[landed.slot] = _Slot(terminal, landed, landed, 0, pending=False)
            self._newest[terminal.id] = slot
        slot.lsn = max(slot.lsn, lsn or 0)
        slot.pending = slot.pending and slot.last.offset != landed.offset
        slot.unfed += 1
        if lsn is None and terminal.persist:
            self._missing.note(zone, terminal, landed.offset, landed.offset + len(landed.data))
        written = lsn is None or lsn <= self._log.written_lsn
        if not self._unshown and (written or zone.survives or self._log.output_stopped):
            self._feed(chunk)
        else:
            self._unshown.append(chunk)

    def shown(self, zone: LandingZone, chunk: Chunk) -> bool:
        """Note that a chunk is completely shown, and release its slot if nothing else holds it. Returns False if the
        chunk is not held here.
        """
        slot = self._slots.get(chunk.landed.slot)
        if slot is None:
            return False
        slot.unfed -= 1
        if slot.done(self._log.written_lsn):
            self._let_go(zone, [slot])
        return True

    def written(self, zone: LandingZone) -> bool:
        """Call when the kernel may have more of the log: shows the output that waited for it and releases slots.
        Returns whether there was any.
        """
        if not (self._slots or self._missing.waits or zone.last_event_lsn):
            return False
        through = self._log.written_lsn
        zone.events_written(through)
        self._missing.written(zone, through)
        while self._unshown and (
            (self._unshown[0].lsn or 0) <= through or self._log.output_stopped
        ):
            self._feed(self._unshown.popleft())
        done = [slot for slot in self._slots.values() if slot.done(through)]
        self._let_go(zone, done)
        return bool(done)

    def show_all(self, zone: LandingZone, terminal: PaneTerminal) -> None:
        """Show all output of a pane that ends. Blocks for as long as the disk takes."""
        if any(chunk.terminal is terminal for chunk in self._unshown):
            self._log.write_now()
            self._show_unshown()
            self.written(zone)

    def _show_unshown(self) -> None:
        while self._unshown:
            self._feed(self._unshown.popleft())

    def make_room(self, zone: LandingZone) -> None:
        """Release one slot. Blocks for as long as the disk takes. Output that the disk refuses is then missing."""
        for slot in list(self._slots.values()):
            slot.terminal.settle()
        if self._log.output_stopped or not self._log.write_now() or not self.written(zone):
            self.give_up_oldest(zone)

    def leave(self, zone: LandingZone, other: LandingZone) -> None:
        """Hold nothing in `zone` any more. Missing output is noted in `other`."""
        while self._slots:
            self.make_room(zone)
        for entry in self._missing.entries:
            other.missing(entry)

    def give_up_oldest(self, zone: LandingZone) -> None:
        """Release the slot that was held first. Its content is missing, unless the log gets it later."""
        oldest = next((slot for slot in self._slots.values() if not slot.pending), None)
        if oldest is None:
            return
        self._show_unshown()
        oldest.terminal.settle()
        if oldest.terminal.persist and oldest.lsn > self._log.written_lsn:
            stop = oldest.last.offset + len(oldest.last.data)
            self._missing.note(zone, oldest.terminal, oldest.first.offset, stop)
        if oldest.first.slot in self._slots:
            self._let_go(zone, [oldest])

    def _let_go(self, zone: LandingZone, slots: list[_Slot]) -> None:
        for slot in slots:
            del self._slots[slot.first.slot]
            if self._newest.get(slot.terminal.id) is slot:
                del self._newest[slot.terminal.id]
        zone.release(slot.last for slot in slots)
