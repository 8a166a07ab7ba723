"""Moves panes' output along its path: PTY → landing zone → log → terminal → viewers, once per tick for all panes
together.

No byte is ever only in this process's private memory. `readv` puts it into the landing zone, and one write per tick
hands everything to the log. Then the emulators are fed from the same views, replies to terminal queries are written,
and the slots are released.

Output that is slow to show is fed in pieces (`feeding`), and its pane is not read meanwhile. A slot whose record the
kernel does not have yet, because the disk is slow or refuses, is shown and kept (`held_output`). When the zone is
full of such slots, panes are not read. If the zone has no file that outlives this process, nothing is shown before it
is written. Output that cannot be logged at all is accounted for (`missing_output`). A thread reads a flooding pane
one slot ahead (`flood_reader`); everything else happens on the loop.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from fuguemux.model.ids import PaneId
from fuguemux.observe.clock import Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.observe.holding import SLOT, holding, unended
from fuguemux.server.landing.zone import SLOT_BYTES, Landed, LandingZone, NoBytes
from fuguemux.server.output.feeding import Chunk, Feeding
from fuguemux.server.output.flood_reader import FloodReader
from fuguemux.server.output.held_floods import HeldFloods
from fuguemux.server.output.held_output import HeldOutput
from fuguemux.server.output.missing_output import MissingOutput, SayMissing
from fuguemux.server.output.output_port import OutputListener, OutputLog
from fuguemux.server.output.read_meter import ReadMeter
from fuguemux.server.panes.pane_terminal import InputRefused, PaneTerminal
from fuguemux.terminal.emulator import TerminalReply

HURRY_SECONDS = 0.1
HURRY_BYTES = 16 << 10
"""For HURRY_SECONDS after a key was typed, floods are read in pieces of about this size, so that the echo waits less."""

FLOOD_BYTES = 32 << 10
"""A read this large predicts another one, so the pane is read ahead. A pane that waits for an echo is never read
ahead.
"""

diagnostics = channel("output")


class PaneOutput:
    """Reads all panes. Belongs to the loop's thread. Each method returns at once, or waits for one slot that is being
    read ahead.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        log: OutputLog,
        listener: OutputListener,
        clock: Clock,
        begin: Callable[[str, Callable[[], None]], None] = lambda _key, work: work(),
        say: SayMissing = lambda _events: None,
    ) -> None:
        """`begin` does the work at once or later; the key is that of the process. `say` logs that output is missing."""
        self._loop = loop
        self.zone = LandingZone.without_file()
        """Replaced before the first pane is read, by a zone that is opened once the content that a dead server left
        is logged.
        """
        self._log = log
        self._listener = listener
        self._clock = clock
        self._landed: list[tuple[PaneTerminal, Landed]] = []
        self._ended: list[PaneTerminal] = []
        self._scheduled = False
        self._waiting: dict[PaneId, PaneTerminal] = {}
        self._hurry_until = -1e9
        self._over = False
        self.floods = HeldFloods(loop, lambda: len(self._landed), self._await_output)
        """Floods, which may be held for a while."""
        self._feeding = self.floods.feeding = Feeding(loop, self, self.floods.read_again)
        self.missing = MissingOutput(loop, clock, say)
        self._slow = HeldOutput(log, self.missing, self._feeding.add)
        self._ahead = FloodReader(loop, self._read_ahead)
        self._begin = begin

    def hurry(self) -> None:
        """Call when a person types: for a while, floods are read in small pieces so that they do not delay the echo."""
        self._hurry_until = self._loop.time() + HURRY_SECONDS

    def start(self, terminal: PaneTerminal) -> None:
        """Read the pane's PTY whenever it is readable, until it ends or `stop` is called.

        As long as the pane's screen waits to be rebuilt, the program's output waits in the kernel.
        """
        if self._over:
            return
        if terminal.waiting is not None:
            self._waiting[terminal.id] = terminal
        elif terminal.master is not None and not terminal.reading and not terminal.ended:
            terminal.reading = True
            self._await_output(terminal)

    def start_new(self, terminal: PaneTerminal) -> None:
        """Start to read a pane whose process is new, after the sequence of commands that started it has finished."""
        self._begin(terminal.key, partial(self.start, terminal))

    def screen_built(self, terminal: PaneTerminal) -> None:
        """Start to read a pane that was waiting for its screen to be built."""
        if self._waiting.pop(terminal.id, None) is not None:
            self.start(terminal)

    def stop(self, terminal: PaneTerminal) -> None:
        """Stop reading the pane. Output that has landed is logged and shown first."""
        self._ahead.settle(terminal)
        if terminal.reading:
            terminal.reading = False
            assert terminal.master is not None
            self._loop.remove_reader(terminal.master.fd)
        self._waiting.pop(terminal.id, None)
        self.floods.forget(terminal)
        if any(landed[0] is terminal for landed in self._landed):
            self.flush()
        self._slow.show_all(self.zone, terminal)
        self._feeding.settle(terminal)

    def end(self, terminals: Iterable[PaneTerminal]) -> None:
        """Stop reading all panes, and start no more, not even those whose process is being started."""
        self._over = True
        for terminal in terminals:
            self.stop(terminal)

    def drain(self, terminal: PaneTerminal) -> None:
        """Read everything that the PTY holds right now, after the process has ended. Use `when_shown` to learn when
        it is shown.
        """
        self._ahead.settle(terminal)
        while terminal.master is not None and not terminal.ended:
            result = self._read(terminal)
            if result is NoBytes.ZONE_FULL and self._slow:
                self._slow.make_room(self.zone)
            elif result is not None:
                break
            self.flush()
        self.flush()
        self._slow.show_all(self.zone, terminal)

    def when_shown(self, terminal: PaneTerminal, work: Callable[[], None]) -> None:
        """Call `work` once all output that was read from the pane is shown: at once, or soon."""
        self._feeding.when_shown(terminal, work)

    def move(self, zone: LandingZone) -> None:
        """Read into another landing zone from now on. Output that has landed is logged and shown first; blocks for as
        long as the disk takes.
        """
        self._ahead.settle_all()
        self.flush()
        self._feeding.settle_all()
        self._slow.leave(self.zone, zone)
        self.zone.close()
        self.zone = zone

    def close(self) -> None:
        """Log and show all output that was read, and end the thread. Later output is read on the loop."""
        self._ahead.close()
        self.flush()
        self._feeding.settle_all()
        self.missing.tell()
        self._log.write_now()  # output that the disk refuses stays in the zone, for the next server
        self.written()

    def resume(self) -> None:
        """Call when the log has caught up: panes whose reading was paused are read again."""
        waiting, self._waiting = self._waiting, {}
        for terminal in waiting.values():
            self.start(terminal)

    def written(self) -> None:
        """Call when the kernel may have more of the log: shows the output that waited for it, releases slots, and
        reads panes that waited for a slot.
        """
        if self._slow.written(self.zone) and self._waiting and not self._log.congested:
            self.resume()

    def inject(self, terminal: PaneTerminal, data: bytes) -> None:
        """Add bytes of fugue's own (a separator line) to the pane's output. They are logged and shown like the
        program's.
        """
        self._ahead.settle(terminal)
        self.flush()
        self._slow.show_all(self.zone, terminal)
        terminal.settle()
        view = memoryview(data)
        lsn = self._log.append_output(terminal.id, terminal.read_offset, view)
        self._log.write_now()  # these bytes are in no landing zone
        terminal.read_offset += len(data)
        if terminal.shown_later(data, self._log.next_lsn - 1 if lsn is None else lsn):
            self._listener.output_shown(terminal, (), view)
            return
        events = terminal.emulator.feed(view)
        self._fed(terminal, lsn)
        quiet = [event for event in events if not isinstance(event, TerminalReply)]
        self._listener.output_shown(terminal, quiet, view)

    def take_over(self, terminal: PaneTerminal, data: bytes, *, answered: int = 0) -> bytes:
        """Log and show output of a pane that a dead server had read. Returns the replies that its program waits for.

        The queries in the first `answered` bytes were answered. If the pane's screen waits to be built, it shows the
        output, and gives the replies, later.
        """
        view, start = memoryview(data), terminal.read_offset
        lsn = self._log.append_output(terminal.id, start, view)
        terminal.read_offset += len(data)
        if terminal.persist and (not self._log.write_now() or lsn is None):
            self.missing.note(None, terminal, start, terminal.read_offset)
        if terminal.shown_later(data, self._log.next_lsn - 1 if lsn is None else lsn):
            return b""
        terminal.emulator.feed(view[:answered])
        events = terminal.emulator.feed(view[answered:])
        self._fed(terminal, lsn)
        return b"".join(event.data for event in events if isinstance(event, TerminalReply))

    def _readable(self, terminal: PaneTerminal) -> None:
        if self._log.congested:
            self._pause(terminal)
            return
        if self.floods.has_to_wait(terminal):
            assert terminal.master is not None
            self._loop.remove_reader(terminal.master.fd)
            return
        # Read one slot; then other panes and clients have their turn. Reading more makes no flood faster and every
        # key slower.
        result = self._read(terminal)
        if result is NoBytes.ZONE_FULL and self._slow:
            self._pause(terminal)
        if result is None and self._begin_ahead(terminal):
            assert terminal.master is not None
            self._loop.remove_reader(terminal.master.fd)
        self._flush_soon(terminal)

    def _flush_soon(self, terminal: PaneTerminal) -> None:
        if terminal.echo_awaited:
            self.flush()
        else:
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._tick)

    def _begin_ahead(self, terminal: PaneTerminal) -> bool:
        """Start to read the next slot on the thread, if the last one says that the pane floods."""
        _, last = self._landed[-1]
        return (
            len(last.data) >= FLOOD_BYTES
            and terminal.reading
            and not (terminal.echo_awaited or terminal.expensive)
            and self._loop.time() >= self._hurry_until
            and terminal.read_bytes_max >= SLOT_BYTES
            and self.floods.may_read_ahead(terminal)
            and not self._log.congested
            and not self._slow
            and self._ahead.begin(self.zone, terminal)
        )

    def _read_ahead(self, terminal: PaneTerminal, landed: Landed | None, go_on: bool) -> None:
        """Take a slot that the thread has read. The loop's next read meets an end or an error again."""
        if landed is not None:
            self._take(terminal, landed)
        if landed is None or not go_on or not self._begin_ahead(terminal):
            self._await_output(terminal)
        if landed is None:
            return
        if go_on:
            self._flush_soon(terminal)
        else:  # called from inside `settle`, perhaps for another pane: do not show output in the middle of that
            self._schedule()

    def _take(self, terminal: PaneTerminal, landed: Landed) -> None:
        reach("output.landed")
        length = len(landed.data)
        terminal.read_offset += length
        self.floods.note_read(terminal, length)
        self._landed.append((terminal, landed))

    def _await_output(self, terminal: PaneTerminal) -> None:
        assert terminal.master is not None
        self._loop.add_reader(terminal.master.fd, self._readable, terminal)

    def _pause(self, terminal: PaneTerminal) -> None:
        """Stop reading this pane, because the disk does not keep up. Its program waits in write(2); other panes go
        on.
        """
        if not terminal.reading:
            return
        terminal.reading = False
        assert terminal.master is not None
        self._loop.remove_reader(terminal.master.fd)
        self._waiting[terminal.id] = terminal

    def _read(self, terminal: PaneTerminal) -> NoBytes | None:
        """Read one slot. Returns None if bytes have landed."""
        assert terminal.master is not None
        at_most = HURRY_BYTES if self._loop.time() < self._hurry_until else SLOT_BYTES
        at_most = min(at_most, terminal.read_bytes_max)
        fd, offset, meter = terminal.master.fd, terminal.read_offset, ReadMeter(terminal)
        if self._slow:
            result = self._slow.read(self.zone, terminal, fd, at_most, meter)
            if result is NoBytes.ZONE_FULL:
                self.flush()
                self._feeding.settle_first()
                result = self._slow.read(self.zone, terminal, fd, at_most, meter)
        else:
            result = self.zone.read(fd, terminal.id, offset, at_most=at_most, reads=meter)
        while result is NoBytes.ZONE_FULL and not self._slow:
            self.flush()
            if not self.zone.free_slots and not self._feeding.settle_first():
                break
            result = self.zone.read(fd, terminal.id, offset, at_most=at_most, reads=meter)
        if isinstance(result, Landed):
            terminal.expensive = meter.expensive
            self._take(terminal, result)
            return None
        if result is NoBytes.ENDED:
            if terminal.reading:
                terminal.reading = False
                self._loop.remove_reader(terminal.master.fd)
            terminal.ended = True
            self._ended.append(terminal)
        return result

    def _tick(self) -> None:
        self._scheduled = False
        self.flush()

    def flush(self) -> None:
        """Log all output that has landed, and show it, now or soon; see `PaneTerminal.settle`.

        Events may be logged without a flush before them: output that is logged after an event is also shown after it.
        """
        if self._landed:
            landed, self._landed = self._landed, []
            self._show(landed)
        ended, self._ended = self._ended, []
        for terminal in ended:
            self._feeding.when_shown(terminal, partial(self._listener.output_ended, terminal))

    def _show(self, landed: list[tuple[PaneTerminal, Landed]]) -> None:
        lsns = [
            self._log.append_output(terminal.id, chunk.offset, chunk.data)
            for terminal, chunk in landed
        ]
        if self._log.write() and not self._slow and None not in lsns:
            self.zone.logged(chunk for _, chunk in landed)
            reach("output.logged")
            show = self._feeding.show if len(landed) == 1 else self._feeding.add
            for (terminal, chunk), lsn in zip(landed, lsns, strict=True):
                show(Chunk(terminal, chunk, lsn, bytes(chunk.data)))
        else:
            reach("output.held")
            for (terminal, chunk), lsn in zip(landed, lsns, strict=True):
                self._slow.show(self.zone, Chunk(terminal, chunk, lsn, bytes(chunk.data)))
        self._feeding.run()
        self.floods.read_again()
        self.written()

    def feed(self, chunk: Chunk, start: int, stop: int) -> None:
        """Show a piece of a chunk."""
        if SLOT.current is None:
            self._show_piece(chunk, start, stop)
        else:  # the watchdog may end the work that called this: feeding must not be cut off
            with unended():
                self._show_piece(chunk, start, stop)

    def _show_piece(self, chunk: Chunk, start: int, stop: int) -> None:
        terminal, data = chunk.terminal, chunk.data
        with holding("pane", terminal.id):
            events = terminal.emulator.feed(data if stop - start == len(data) else data[start:stop])
            if stop == len(data):
                self._fed(terminal, chunk.lsn)
            else:
                terminal.take_archive()
        terminal.last_output_s = self._clock.wall_ms() // 1000
        for event in events:
            if isinstance(event, TerminalReply):
                chunk.replies += event.data
        self._listener.output_shown(terminal, events, chunk.landed.data[start:stop])

    def fed(self, chunk: Chunk) -> None:
        """Answer the queries of a chunk that is completely shown, and release its slot."""
        if chunk.replies:
            self.zone.answering(chunk.landed)
            self._answer(chunk.terminal, chunk.replies)
        if not self._slow.shown(self.zone, chunk):
            self.zone.release((chunk.landed,))

    def _fed(self, terminal: PaneTerminal, lsn: int | None) -> None:
        terminal.take_archive()
        terminal.lsn = self._log.next_lsn - 1 if lsn is None else lsn

    def _answer(self, terminal: PaneTerminal, reply: bytes) -> None:
        if terminal.master is None:
            return
        try:
            terminal.master.write(reply)
        except InputRefused as refused:
            diagnostics.warning("reply_dropped", pane=terminal.id, reason=str(refused))
