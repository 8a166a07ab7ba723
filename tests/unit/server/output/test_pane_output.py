"""The output of panes: every byte is logged and shown once and in order, whether the loop or the flood reader's
thread reads it."""

import asyncio
import contextlib
import errno
import os
import select
import threading
import time
import tty
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fuguemux.model.ids import PaneId
from fuguemux.observe import failpoints
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.landing.many_reads import Reads, one_read
from fuguemux.server.landing.zone import SLOT_BYTES, SLOTS, Landed, LandingZone, NoBytes, Reserved
from fuguemux.server.output import pane_output
from fuguemux.server.output.flood_reader import JOBS_MAX
from fuguemux.server.output.pane_output import FLOOD_BYTES, PaneOutput
from fuguemux.server.panes.pane_terminal import PaneTerminal, PtyMaster
from fuguemux.terminal.emulator import Event
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.fake_clock import FakeClock

DEADLINE_SECONDS = 30.0
FLOOD = b"".join(b"%07d\n" % number for number in range(SLOT_BYTES))  # eight slots


async def until(what: str, condition: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"no {what}"
        await asyncio.sleep(0.001)


async def until_shown(here: "World", terminal: PaneTerminal) -> None:
    shown = asyncio.Event()
    here.output.when_shown(terminal, shown.set)
    async with asyncio.timeout(DEADLINE_SECONDS):
        await shown.wait()


@dataclass
class Log:
    """Holds what is appended, and is strict about offsets."""

    next_lsn: int = 1
    congested: bool = False
    output: dict[int, bytearray] = field(default_factory=dict)
    before: Callable[[], object] = bool
    """Called before each record."""

    def append_output(self, pane: int, offset: int, data: memoryview) -> int:
        self.before()
        logged = self.output.setdefault(pane, bytearray())
        assert offset == len(logged), "a hole, or the same twice"
        logged += data
        self.next_lsn += 1
        return self.next_lsn - 1

    output_stopped = False
    slow = False
    """Nothing is written until `catch_up`, or in haste."""
    _written: int = 0

    def write(self) -> bool:
        return not self.slow and self.write_now()

    def write_now(self) -> bool:
        if not self.output_stopped:
            self._written = self.next_lsn - 1
        return self._written == self.next_lsn - 1

    @property
    def written_lsn(self) -> int:
        return self._written


@dataclass
class Viewers:
    """Holds what is shown, and who ended."""

    log: Log
    shown: dict[int, bytearray] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)

    def output_shown(
        self, terminal: PaneTerminal, events: Sequence[Event], data: memoryview
    ) -> None:
        shown = self.shown.setdefault(terminal.id, bytearray())
        shown += data
        assert self.log.output[terminal.id].startswith(shown[-len(data) :], len(shown) - len(data))

    def output_ended(self, terminal: PaneTerminal) -> None:
        self.ended.append(terminal.id)


class Zone(LandingZone):
    """Its reads on the thread for floods can be made to wait until there is something, or to fail."""

    patient = False
    failures = 0
    failure: Exception = OSError(errno.EINVAL, "of a test")

    def fill(
        self,
        reserved: Reserved,
        master_fd: int,
        *,
        at_most: int = SLOT_BYTES,
        reads: Reads = one_read,
    ) -> Landed | NoBytes:
        if threading.current_thread() is not threading.main_thread():
            if self.patient:
                select.select([master_fd], [], [], DEADLINE_SECONDS)
            if self.failures:
                self.failures -= 1
                raise self.failure
        return super().fill(reserved, master_fd, at_most=at_most, reads=reads)


class World:
    """Panes whose programs are threads that write into pipes or terminals."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.log = Log()
        self.viewers = Viewers(self.log)
        self.output = PaneOutput(self.loop, self.log, self.viewers, FakeClock())
        zone = Zone.open("", store="s")
        assert isinstance(zone, Zone)
        self.zone = self.output.zone = zone
        self.terminals: list[PaneTerminal] = []
        self._store = ScrollbackStore(PackReader(RealStorage(), "nowhere"))
        self._programs: list[threading.Thread] = []
        self._open: list[int] = []

    def pane(self, *parts: bytes, pty: bool = False, end: bool = False) -> PaneTerminal:
        """A pane whose program writes `parts`, then perhaps closes. A pipe holds a slot full, a terminal far less."""
        pane = PaneId(len(self.terminals))
        terminal = PaneTerminal(pane, GhosttyEmulator(80, 24), self._store.pane(pane))
        reading, writing = os.openpty() if pty else os.pipe()
        if pty:
            tty.setraw(writing)
        terminal.master = PtyMaster(self.loop, reading)
        self.terminals.append(terminal)
        program = threading.Thread(target=self._program, args=(writing, parts, end), daemon=True)
        self._programs.append(program)
        if len(parts) == 1 and len(parts[0]) <= SLOT_BYTES and not pty:
            program.run()  # it fits: it is there before anything is read
        else:
            program.start()
        return terminal

    def _program(self, writing: int, parts: Sequence[bytes], end: bool) -> None:
        with contextlib.suppress(OSError):  # nobody reads any more: the test is over
            for part in parts:
                done = 0
                while done < len(part):
                    done += os.write(writing, part[done:])
        if end:
            os.close(writing)
        else:
            self._open.append(writing)

    def logged(self, terminal: PaneTerminal) -> bytes:
        return bytes(self.log.output.get(terminal.id, b""))

    def shown(self, terminal: PaneTerminal) -> bytes:
        return bytes(self.viewers.shown.get(terminal.id, b""))

    async def all_of(self, terminal: PaneTerminal, expected: bytes) -> None:
        """Wait until all of a program's output is shown, and see that it is right."""
        await until("output", lambda: len(self.shown(terminal)) >= len(expected))
        assert self.shown(terminal) == self.logged(terminal) == expected
        assert terminal.read_offset == len(expected)

    def close(self) -> None:
        for terminal in self.terminals:
            self.output.stop(terminal)
        self.output.close()
        assert self.zone.free_slots == SLOTS
        self.zone.close()
        for terminal in self.terminals:
            terminal.close()
        for program in self._programs:
            if program.ident is not None:
                program.join(DEADLINE_SECONDS)
        for descriptor in self._open:
            os.close(descriptor)


class Thread:
    """Holds the thread that reads floods whenever it has filled a slot, as long as `hold` says."""

    def __init__(self) -> None:
        self.slots = 0
        self.filled = threading.Event()
        self._go = threading.Event()
        self._go.set()

    def hold(self) -> None:
        self._go.clear()

    def go(self) -> None:
        self._go.set()

    def __call__(self, _name: str) -> None:
        self.slots += 1
        self.filled.set()
        assert self._go.wait(DEADLINE_SECONDS)


@pytest.fixture
def thread() -> Iterator[Thread]:
    thread = Thread()
    failpoints.arm("output.read_ahead", thread)
    yield thread
    thread.go()
    failpoints.disarm()


@contextlib.asynccontextmanager
async def world(thread: Thread) -> AsyncIterator[World]:
    world = World()
    try:
        yield world
    finally:
        thread.go()
        world.close()


async def full(terminal: PaneTerminal) -> None:
    """Wait until a pipe holds a slot full, so that the first read of it is a flood's."""
    master = terminal.master
    assert master is not None
    await until("full pipe", lambda: master.bytes_waiting() == SLOT_BYTES)


async def read_ahead(world: World, thread: Thread, *parts: bytes) -> PaneTerminal:
    """A pane of which the thread has a slot that the loop does not know of, while everything before it is shown."""
    thread.hold()
    terminal = world.pane(FLOOD[:SLOT_BYTES], *parts)
    await full(terminal)
    world.zone.patient = bool(parts)
    world.output.start(terminal)
    await until("slot filled by the thread", lambda: thread.slots)
    world.zone.patient = False
    world.output.flush()
    assert FLOOD_BYTES <= len(world.logged(terminal)) == terminal.read_offset
    return terminal


@pytest.mark.parametrize("pty", [False, True])
async def test_a_flood_is_read_ahead_and_is_shown_whole_and_in_order(
    thread: Thread, pty: bool
) -> None:
    async with world(thread) as here:
        panes = [here.pane(FLOOD, pty=pty) for _ in range(3)]
        for terminal in panes:
            here.output.start(terminal)
        for terminal in panes:
            await here.all_of(terminal, FLOOD)
        assert pty or thread.slots


async def test_the_next_slot_is_read_while_the_last_one_is_logged_and_shown(thread: Thread) -> None:
    async with world(thread) as here:
        seen: list[bool] = []
        # Logging the first slot takes until the thread has read the next one, or the deadline.
        here.log.before = lambda: seen.append(thread.filled.wait(DEADLINE_SECONDS))
        terminal = here.pane(FLOOD[:SLOT_BYTES])
        here.output.start(terminal)
        await here.all_of(terminal, FLOOD[:SLOT_BYTES])
        assert seen[0]


async def test_behind_the_end_no_pane_is_read_not_even_one_that_begins_then(thread: Thread) -> None:
    async with world(thread) as here:
        old, late = here.pane(b"old"), here.pane(b"late")
        here.output.start(old)
        await here.all_of(old, b"old")
        here.output.end(here.terminals)
        here.output.start(late)
        assert [pane.reading for pane in here.terminals] == [False, False]


async def test_trickling_output_and_awaited_echoes_are_read_on_the_loop(
    thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(thread) as here:
        trickling = here.pane(FLOOD[: FLOOD_BYTES - 1])
        typed_at = here.pane(FLOOD[:SLOT_BYTES])
        typed_at.echo_awaited = True
        for terminal in (trickling, typed_at):
            here.output.start(terminal)
        await here.all_of(trickling, FLOOD[: FLOOD_BYTES - 1])
        await here.all_of(typed_at, FLOOD[:SLOT_BYTES])
        monkeypatch.setattr(pane_output, "HURRY_SECONDS", 1e6)
        here.output.hurry()
        other = here.pane(FLOOD[:SLOT_BYTES])
        here.output.start(other)
        await here.all_of(other, FLOOD[:SLOT_BYTES])
        assert thread.slots == 0


async def test_stop_takes_what_the_thread_has_read_and_leaves_the_rest_to_the_kernel(
    thread: Thread,
) -> None:
    async with world(thread) as here:
        terminal = await read_ahead(here, thread, FLOOD[SLOT_BYTES:])
        before = terminal.read_offset
        thread.go()
        here.output.stop(terminal)
        after = terminal.read_offset
        assert after > before
        assert here.shown(terminal) == FLOOD[:after]
        await asyncio.sleep(0)
        assert terminal.read_offset == after
        here.output.start(terminal)
        await here.all_of(terminal, FLOOD)


async def test_a_separator_comes_behind_what_the_thread_has_read(thread: Thread) -> None:
    async with world(thread) as here:
        terminal = await read_ahead(here, thread, FLOOD[SLOT_BYTES:])
        before = terminal.read_offset
        thread.go()
        here.output.inject(terminal, b"===\n")
        cut = terminal.read_offset - len(b"===\n")
        assert cut > before
        assert here.shown(terminal) == FLOOD[:cut] + b"===\n"
        await here.all_of(terminal, FLOOD[:cut] + b"===\n" + FLOOD[cut:])


async def test_drain_takes_what_the_thread_has_read_and_then_all_the_rest(thread: Thread) -> None:
    async with world(thread) as here:
        terminal = await read_ahead(here, thread, FLOOD[SLOT_BYTES : 2 * SLOT_BYTES])
        thread.go()
        here._programs[-1].join(DEADLINE_SECONDS)  # it has ended, and what it wrote is there
        here.output.drain(terminal)
        await until_shown(here, terminal)
        assert here.shown(terminal) == FLOOD[: 2 * SLOT_BYTES]


@pytest.mark.parametrize("pty", [False, True])
async def test_the_end_of_a_flood_is_told_once_behind_all_of_it(thread: Thread, pty: bool) -> None:
    async with world(thread) as here:
        terminal = here.pane(FLOOD, b"the last words", pty=pty, end=True)
        here.output.start(terminal)
        await until("end", lambda: here.viewers.ended)
        assert here.shown(terminal) == here.logged(terminal) == FLOOD + b"the last words"
        assert terminal.ended
        assert not terminal.reading
        assert here.viewers.ended == [terminal.id]


async def test_a_congested_log_stops_floods_until_it_has_caught_up(thread: Thread) -> None:
    async with world(thread) as here:
        terminal = await read_ahead(here, thread, FLOOD[SLOT_BYTES:])
        here.log.congested = True
        thread.go()
        await until("pause", lambda: not terminal.reading)
        here.output.flush()
        paused_at = terminal.read_offset
        assert here.logged(terminal) == FLOOD[:paused_at]
        assert paused_at < len(FLOOD)
        here.log.congested = False
        here.output.resume()
        await here.all_of(terminal, FLOOD)


@pytest.mark.parametrize("failure", [OSError(errno.EINVAL, "of a test"), ValueError("a bug")])
async def test_a_read_that_fails_on_the_thread_is_tried_again_on_the_loop(
    thread: Thread, failure: Exception
) -> None:
    async with world(thread) as here:
        here.zone.failures, here.zone.failure = 2, failure
        terminal = here.pane(FLOOD[:SLOT_BYTES], FLOOD[SLOT_BYTES:])
        await full(terminal)
        here.output.start(terminal)
        await here.all_of(terminal, FLOOD)
        assert here.zone.failures < 2


async def test_after_close_no_thread_reads(thread: Thread) -> None:
    async with world(thread) as here:
        terminal = await read_ahead(here, thread, FLOOD[SLOT_BYTES:])
        before = terminal.read_offset
        thread.go()
        here.output.close()
        assert before < terminal.read_offset == len(here.shown(terminal))
        assert not any(each.name == "fugue-flood" for each in threading.enumerate())
        slots = thread.slots
        await here.all_of(terminal, FLOOD)  # the loop reads on
        assert thread.slots == slots


async def test_many_floods_leave_slots_to_the_loop(thread: Thread) -> None:
    async with world(thread) as here:
        thread.hold()
        panes = [here.pane(FLOOD[:SLOT_BYTES], FLOOD[SLOT_BYTES:]) for _ in range(SLOTS + 2)]
        for terminal in panes:
            await full(terminal)
        for terminal in panes:
            here.output.start(terminal)
        # The thread holds the first slot and the others wait behind it: what is left over is read by the loop.
        for terminal in panes[JOBS_MAX:]:
            await here.all_of(terminal, FLOOD)
        here.output.flush()
        assert here.zone.free_slots == SLOTS - JOBS_MAX
        thread.go()
        for terminal in panes:
            await here.all_of(terminal, FLOOD)


async def test_what_is_delivered_while_somebody_waits_for_another_pane_is_shown_soon(
    thread: Thread,
) -> None:
    async with world(thread) as here:
        other = await read_ahead(here, thread, b"more")
        stopped = here.pane(FLOOD[:SLOT_BYTES])
        here.output.start(stopped)
        await here.all_of(stopped, FLOOD[:SLOT_BYTES])  # by the loop; its slot ahead waits
        assert here.shown(other) == FLOOD[:SLOT_BYTES]
        thread.go()
        here.output.stop(stopped)
        assert other.read_offset > SLOT_BYTES
        await here.all_of(other, FLOOD[:SLOT_BYTES] + b"more")


async def test_a_thread_that_outlives_its_loop_ends(thread: Thread) -> None:
    """A server that fails does not close anything."""

    async def fail() -> tuple[World, PaneTerminal]:
        here = World()
        return here, await read_ahead(here, thread, FLOOD[SLOT_BYTES:])

    def run() -> World:
        with asyncio.Runner() as runner:
            return runner.run(fail())[0]

    here = await asyncio.to_thread(run)
    thread.go()
    await until(
        "end of the thread",
        lambda: not any(each.name == "fugue-flood" for each in threading.enumerate()),
    )
    for terminal in here.terminals:
        assert terminal.master is not None
        os.close(terminal.master.fd)
        terminal.master.fd = -1
        terminal.close()
    for program in here._programs:
        program.join(DEADLINE_SECONDS)
    for descriptor in here._open:
        os.close(descriptor)


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["write", "write", "turn", "stop", "start", "inject", "flush", "drain", "hurry", "type"]
        ),
        st.integers(0, 2),
        st.sampled_from([1, 300, 5_000, FLOOD_BYTES, SLOT_BYTES - 1, SLOT_BYTES]),
    ),
    max_size=40,
)


@example([("write", 0, SLOT_BYTES), ("turn", 0, 1), ("inject", 0, 1), ("write", 0, 300)])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_happens_meanwhile_no_byte_is_lost_doubled_or_moved(
    thread: Thread, steps: list[Step]
) -> None:
    asyncio.run(play(thread, steps))


async def play(thread: Thread, steps: list[Step]) -> None:
    async with world(thread) as here:
        panes = [here.pane(b"") for _ in range(3)]
        written = [bytearray() for _ in panes]
        injected = 0
        for terminal in panes:
            here.output.start(terminal)
        for verb, number, amount in steps:
            terminal = panes[number]
            if verb == "write":
                assert terminal.master is not None
                room = SLOT_BYTES - terminal.master.bytes_waiting()
                place = len(written[number])
                piece = FLOOD[place : place + amount][:room]
                # Whole pages fit for certain; a pipe that holds pieces may have less room than it says.
                os.set_blocking(here._open[number], False)
                with contextlib.suppress(BlockingIOError):
                    done = os.write(here._open[number], piece) if piece else 0
                    written[number] += piece[:done]
            elif verb == "turn":
                await asyncio.sleep(0)
            elif verb == "inject":
                here.output.inject(terminal, b"!")
                injected += 1
            elif verb == "flush":
                here.output.flush()
            elif verb == "hurry":
                here.output.hurry()
            elif verb == "type":
                terminal.echo_awaited = True
            else:
                getattr(here.output, verb)(terminal)
            assert here.zone.free_slots >= SLOTS - JOBS_MAX - len(here.output._landed)
        total = sum(map(len, written)) + injected
        for terminal in panes:
            here.output.start(terminal)
        await until("output", lambda: sum(len(here.shown(each)) for each in panes) >= total)
        for terminal, data in zip(panes, written, strict=True):
            assert here.shown(terminal) == here.logged(terminal)
            assert here.shown(terminal).replace(b"!", b"") == data


async def test_floods_that_are_held_are_neither_read_nor_shown_and_go_on_later(
    thread: Thread,
) -> None:
    async with world(thread) as here:
        flood = here.pane(FLOOD, pty=True)
        here.output.start(flood)
        await until("flood", lambda: flood.floods > 1)
        assert here.output.floods.flooding
        here.output.floods.hold()
        await until("pause", lambda: flood.id in here.output.floods._held)
        quiet = here.pane(b"quiet")
        here.output.start(quiet)
        await here.all_of(quiet, b"quiet")
        read, shown = flood.read_offset, here.shown(flood)
        for _ in range(100):
            await asyncio.sleep(0)
        assert flood.read_offset == read
        assert here.shown(flood) == shown
        here.output.floods.go_on()
        await here.all_of(flood, FLOOD)
