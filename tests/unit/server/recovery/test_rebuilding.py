"""Screens are rebuilt while the server answers: each once, by the thread or by the loop, with everything that
happened meanwhile."""

import asyncio
import sys
import threading

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.checkpoint.checkpoint import PaneMark
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.report.parts import PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.panes.capture import history_lines
from fuguemux.server.panes.idle_panes import IdlePanes
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.recovery.rebuilding import Rebuilding
from fuguemux.server.storage.checkpointer import PaneSources
from fuguemux.terminal.emulator import Event, ScreenSize
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.fake_clock import FakeClock
from tests.support.running import DEADLINE_SECONDS, until

COLUMNS, ROWS = 20, 5
PANES = 5
WAITING = {"build_ahead", "give_up", "select"}


class Gate:
    """Lets a feed of certain bytes wait until it is opened, in whatever thread that is."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.entered = threading.Event()
        self.open = threading.Event()
        self.fed = 0

    def emulators(self) -> type[GhosttyEmulator]:
        """Emulators that come to the gate."""
        gate = self

        class Gated(GhosttyEmulator):
            def feed(self, data: bytes | memoryview) -> list[Event]:
                if bytes(data).startswith(gate._data):
                    gate.fed += 1
                    gate.entered.set()
                    assert gate.open.wait(DEADLINE_SECONDS)
                return super().feed(data)

        return Gated

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, DEADLINE_SECONDS)

    def open_when_waited_for(self) -> None:
        """Once this thread waits for the one that is at the gate, or has come back to its loop without that."""
        this = threading.get_ident()

        def run() -> None:
            until("waiting", lambda: WAITING & names_of_stack(this))
            self.open.set()

        threading.Thread(target=run).start()


def names_of_stack(thread: int) -> set[str]:
    """The functions that a thread is in."""
    frame, names = sys._current_frames().get(thread), set()
    while frame is not None:
        names.add(frame.f_code.co_name)
        frame = frame.f_back
    return names


class World:
    """Panes 0 to 4 as recovery leaves them, each with some lines; built by the one given."""

    def __init__(self, emulators: type[GhosttyEmulator] = GhosttyEmulator) -> None:
        self.store = ScrollbackStore(PackReader(RealStorage(), "nowhere"))
        self.panes = Panes(emulators, self.store, PaneTerminal.close, lambda _state, _pane: 10_000)
        self.report = RecoveryReport(0, panes=[PaneReport(PaneId(n), "live") for n in range(PANES)])
        self.built: list[int] = []
        self.rebuilding = Rebuilding(
            self.panes, self.report, emulators, lambda terminal: self.built.append(terminal.id)
        )
        for number in range(PANES):
            pane = RecoveredPane(PaneId(number), COLUMNS, ROWS)
            pane.lsn, pane.hold_lsn = 10, 11
            pane.shown(20, said(number))
            self.rebuilding.add(pane, self.store.pane(PaneId(number)))

    def __getitem__(self, number: int) -> PaneTerminal:
        terminal = self.panes.get(PaneId(number))
        assert terminal is not None
        return terminal

    def text(self, number: int) -> list[bytes]:
        """History and screen of a pane; builds it."""
        terminal = self[number]
        terminal.take_archive(everything=True)
        scrollback = terminal.scrollback
        history = history_lines(terminal, scrollback.base, scrollback.next_line)
        return [*history, *(line for line in terminal.emulator.screen_ansi() if line)]

    def remove(self, number: int) -> None:
        """As the committer tells it."""
        self[number].close()
        del self.panes._terminals[PaneId(number)]
        self.store.drop(PaneId(number))


def said(number: int) -> bytes:
    return b"\r\n".join(lines(number))


def lines(number: int) -> list[bytes]:
    return [b"%d: line %d" % (number, each) for each in range(30)]


async def test_every_screen_is_rebuilt_those_that_are_looked_at_first() -> None:
    world = World()
    assert world.rebuilding.left == PANES
    assert [(world[n].size, world[n].read_offset, world[n].lsn) for n in range(PANES)] == [
        (ScreenSize(COLUMNS, ROWS), len(said(n)), 20) for n in range(PANES)
    ]
    assert world.built == []
    await world.rebuilding.run([PaneId(3), PaneId(1)])
    await world.rebuilding.wait()
    assert world.built == [3, 1, 0, 2, 4]
    assert world.rebuilding.left == 0
    assert [world.text(n) for n in range(PANES)] == [lines(n) for n in range(PANES)]
    assert not world.rebuilding.report_changed


async def test_a_screen_that_is_needed_is_built_while_the_thread_is_at_another() -> None:
    gate = Gate(b"0:")
    world = World(gate.emulators())
    running = asyncio.create_task(world.rebuilding.run())
    await gate.reached()
    assert world.text(2) == lines(2)
    assert world.built == [2]
    assert world.rebuilding.left == PANES - 1
    gate.open_when_waited_for()
    assert world.text(0) == lines(0)  # waits for the thread
    await running
    assert sorted(world.built) == list(range(PANES))
    assert [world.text(n) for n in range(PANES)] == [lines(n) for n in range(PANES)]
    assert gate.fed == 1


async def test_a_screen_that_cannot_be_rebuilt_is_empty_and_told_and_the_others_are_there() -> None:
    class Failing(GhosttyEmulator):
        def feed(self, data: bytes | memoryview) -> list[Event]:
            if bytes(data).startswith(b"1:"):
                raise ValueError("unheard of")
            return super().feed(data)

    world = World(Failing)
    world[1].resize(30, 7, 21)
    await world.rebuilding.run()
    assert world.text(1) == []
    assert tuple(world[1].size) == tuple(world[1].emulator.size) == (30, 7)
    assert world.report.panes[1].status == world[1].status == "failed"
    assert world.report.panes[1].reason == "its screen could not be rebuilt: unheard of"
    assert world.rebuilding.report_changed
    assert [world.text(n) for n in (0, 2, 3, 4)] == [lines(n) for n in (0, 2, 3, 4)]
    assert [pane.status for pane in world.report.panes if pane.pane != 1] == ["live"] * 4


def happen(world: World, number: int) -> None:
    """A cold start's changes: another process, the separator, the first client's size; and another size."""
    terminal = world[number]
    terminal.started_again(2, 21)
    if not terminal.shown_later(b"\r\n-- restored --\r\n", 22):
        terminal.emulator.feed(b"\r\n-- restored --\r\n")
        terminal.take_archive()
    terminal.resize(12, 4, 23)
    terminal.resize(15, 8, 24)


async def test_what_happens_to_a_screen_that_waits_happens_when_it_is_built() -> None:
    world, eager = World(), World()
    await eager.rebuilding.run()
    happen(eager, 0)
    happen(world, 0)
    assert world.rebuilding.left == PANES
    assert (world[0].size, world[0].lsn) == (ScreenSize(15, 8), 24)
    assert world.text(0) == eager.text(0)
    assert world[0].emulator.cursor == eager[0].emulator.cursor
    assert tuple(world[0].emulator.size) == (15, 8)


async def test_what_happens_to_a_screen_that_the_thread_is_at_happens_behind_it() -> None:
    gate = Gate(b"0:")
    world, eager = World(gate.emulators()), World()
    await eager.rebuilding.run()
    happen(eager, 0)
    running = asyncio.create_task(world.rebuilding.run())
    await gate.reached()
    waiting = world[0].waiting
    assert waiting is not None
    assert not waiting.note(lambda recovered: recovered.resized(21, 9, 9))
    gate.open_when_waited_for()
    happen(world, 0)
    await running
    assert world.text(0) == eager.text(0)
    assert world[0].emulator.cursor == eager[0].emulator.cursor


async def test_a_pane_that_is_closed_while_it_waits_is_let_go_of() -> None:
    gate = Gate(b"0:")
    world = World(gate.emulators())
    gone = [world.store.pane(PaneId(n)) for n in (0, 3)]
    running = asyncio.create_task(world.rebuilding.run())
    await gate.reached()
    world.remove(3)  # nobody is at it
    gate.open_when_waited_for()
    world.remove(0)  # the thread is, and is waited for
    assert gate.open.is_set()
    before = [scrollback.next_line for scrollback in gone]
    await running
    assert [scrollback.next_line for scrollback in gone] == before
    assert world.built == [1, 2, 4]
    assert world.rebuilding.left == 0


async def test_a_server_that_stops_leaves_the_other_screens_to_the_log() -> None:
    gate = Gate(b"0:")
    world = World(gate.emulators())
    running = asyncio.create_task(world.rebuilding.run())
    await gate.reached()
    ending = asyncio.create_task(world.rebuilding.end())
    await asyncio.sleep(0)
    assert not ending.done()
    gate.open.set()
    await ending
    await running
    assert world.rebuilding.left == PANES  # also the one that nobody took from the thread
    sources = PaneSources(world.panes, ServerState, lambda: None, lambda: 20)
    assert {sources.mark(pane) for pane in sources.panes()} == {PaneMark(None, 11)}
    assert world.rebuilding.left == PANES  # asking builds none


async def test_a_history_limit_that_is_set_meanwhile_holds() -> None:
    world = World()
    world[0].limit_history(7)
    assert world.rebuilding.left == PANES
    assert len(world[0].scrollback) <= 7
    world[0].take_archive(everything=True)
    assert world.text(0) == lines(0)[-7 - ROWS :]


async def test_what_looks_at_all_panes_now_and_then_builds_none() -> None:
    world = World()
    clock = FakeClock()
    idle = IdlePanes(world.panes, clock)
    idle.due()
    clock.advance_ms(60_000)
    assert idle.due() == []
    assert idle.uncounted() == []
    world.panes.limit_history(ServerState())
    assert world.store.hot_bytes() == 0
    for terminal in world.panes:
        terminal.cut_anew()
    assert world.rebuilding.left == PANES


class Master:
    """A terminal's end that notes what is written to it."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def resize(self, columns: int, rows: int) -> None:
        pass

    def close(self) -> None:
        pass


def owing(world: World) -> PaneTerminal:
    """A pane with a query that was answered and one that was not, in the same record."""
    pane = RecoveredPane(PaneId(9), COLUMNS, ROWS)
    pane.shown(20, b"ab")
    pane.shown(21, b"\x1b[6nc\x1b[6n")
    world.rebuilding.add(pane, world.store.pane(PaneId(9)), unanswered_from=6)
    terminal = world.panes.get(PaneId(9))
    assert terminal is not None
    assert terminal.waiting is not None
    return terminal


async def test_a_reply_that_is_owed_comes_once_with_the_screen_which_is_the_first() -> None:
    world, master = World(), Master()
    terminal = owing(world)
    terminal.carry_on()
    terminal.begin(master)  # type: ignore[arg-type]  # what is needed of one
    assert master.written == b""
    await world.rebuilding.run()
    assert world.built[0] == 9
    assert master.written == b"\x1b[1;4R"


async def test_a_reply_that_is_owed_waits_for_the_process_and_is_for_no_other() -> None:
    world, master, other = World(), Master(), Master()
    terminal = owing(world)
    terminal.build()
    terminal.carry_on()
    terminal.begin(master)  # type: ignore[arg-type]  # as above
    assert master.written == b"\x1b[1;4R"
    world = World()
    terminal = owing(world)
    terminal.started_again(2, 30)
    terminal.begin(other)  # type: ignore[arg-type]  # as above
    terminal.build()
    assert other.written == b""


async def test_screens_that_somebody_is_about_to_see_are_built_beside_the_loop() -> None:
    world = World()
    await world.rebuilding.ahead([PaneId(1)])
    terminal = world[1]
    assert terminal.waiting is not None
    terminal.waiting._build = lambda: pytest.fail("built on the loop")  # type: ignore[method-assign]  # a second time
    assert world.text(1)
