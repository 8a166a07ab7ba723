"""Last screens: found while a screen is rebuilt, stored on disk before anything that they need is removed, and
deleted on request."""

import asyncio
import errno
import os
from pathlib import Path

import pytest

from fuguemux.model.events import ProgramEnded
from fuguemux.model.ids import PaneId
from fuguemux.observe.clock import MS_PER_DAY
from fuguemux.persistence.recovery.pane_replay import EndedMark, RecoveredPane, Started
from fuguemux.persistence.scrollback.last_screens import FORESEEN, ScreenFiles, ScreenName
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.memory_files import MemoryStorage
from fuguemux.server.copy.copy_document import viewed
from fuguemux.server.panes.last_screen import all_lines, context_rows, fitted, rows_of, taken
from fuguemux.server.panes.last_screens import LastScreens, NoScreen
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.rebuild import rebuild
from fuguemux.server.panes.waiting_screen import WaitingScreen
from fuguemux.server.storage.checkpointer import Checkpointer
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.fake_clock import FakeClock
from tests.support.small_server import SmallServer, Truth, new_session

COLUMNS, ROWS = 20, 5
PANE = PaneId(1)
NOW_MS = 100 * MS_PER_DAY
ALTERNATE = b"\x1b[?1049h\x1b[H\x1b[2J"


def ended(recovery_ms: int = NOW_MS, generation: int = 1) -> ProgramEnded:
    return ProgramEnded(PANE, generation, recovery_ms, recovery_ms - 5, "vim", "work:0")


def store() -> ScrollbackStore:
    return ScrollbackStore(PackReader(RealStorage(), "nowhere"))


def pane(*steps: bytes | EndedMark | Started) -> RecoveredPane:
    """A pane to which this happened."""
    found = RecoveredPane(PANE, COLUMNS, ROWS)
    for lsn, step in enumerate(steps, 1):
        if isinstance(step, bytes):
            found.shown(lsn, step)
        else:
            found.add(step)
    return found


def waiting(*steps: bytes | EndedMark | Started, persist: bool = True) -> PaneTerminal:
    found = pane(*steps)
    scrollback = store().pane(PANE)
    terminal = PaneTerminal(PANE, WaitingScreen(found, scrollback, GhosttyEmulator), scrollback)
    terminal.persist = persist
    return terminal


# -- what is taken ----------------------------------------------------------------------------


def test_the_alternate_screen_is_taken_before_it_is_left() -> None:
    steps = (b"$ vim\r\n", ALTERNATE + b"\x1b[31munsaved\x1b[0m", EndedMark(3, ended()))
    rebuilt = rebuild(pane(*steps, Started(4, 2, 0), b"$ "), store().pane(PANE), GhosttyEmulator)
    (screen,) = rebuilt.last_screens
    assert screen.alternate
    assert (screen.columns, screen.rows) == (COLUMNS, ROWS)
    assert (screen.cursor_column, screen.cursor_row) == (7, 0)
    assert rows_of(screen) == [b"\x1b[0m\x1b[38;5;1munsaved\x1b[0m"]
    assert screen.context == ()
    assert rebuilt.emulator.screen_text()[:2] == ["$ vim", "$"]


def test_the_primary_screen_is_taken_with_what_was_above_it() -> None:
    text = b"\r\n".join(b"%d" % n for n in range(200)) + b"\r\n" + b"x" * 50
    (screen,) = rebuild(
        pane(text, EndedMark(2, ended())), store().pane(PANE), GhosttyEmulator
    ).last_screens
    assert not screen.alternate
    assert rows_of(screen) == [b"198", b"199", b"x" * 20, b"x" * 20, b"x" * 10]
    assert context_rows(screen) == [b"%d" % n for n in range(98, 198)]
    assert all_lines(screen)[-2:] == [b"199", b"x" * 50]
    document, first, cursor = viewed(screen)
    assert document.text(first) == "198"
    assert cursor == (document.stop - 1, 50)


def test_a_line_that_begins_above_the_screen_is_one_line() -> None:
    emulator, scrollback = GhosttyEmulator(COLUMNS, ROWS), store().pane(PANE)
    emulator.feed(b"a" * (COLUMNS * (ROWS + 1)))
    batch = emulator.archive(everything=True)
    assert batch is not None
    scrollback.append(batch.lines, continued=batch.continued)
    screen = taken(emulator, scrollback, ended())
    assert screen.joined
    assert all_lines(screen) == [b"a" * (COLUMNS * (ROWS + 1))]
    emulator.close()


def test_one_that_is_larger_than_what_is_kept_loses_its_styles_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = (b"\x1b[31mred\x1b[0m\r\nplain", EndedMark(2, ended()))
    (screen,) = rebuild(pane(*steps), store().pane(PANE), GhosttyEmulator).last_screens
    monkeypatch.setattr("fuguemux.server.panes.last_screen.SCREEN_BYTES_MAX", 10)
    assert fitted(screen).lines == (b"red", b"plain")
    monkeypatch.setattr("fuguemux.server.panes.last_screen.SCREEN_BYTES_MAX", 6)
    assert fitted(screen).lines == (b"plain",)


# -- what is kept -----------------------------------------------------------------------------


class Disk(MemoryStorage):
    """Refuses to create files while `broken`."""

    broken = False

    def create(self, path: str) -> int:
        if self.broken:
            raise OSError(errno.EIO, "broken", path)
        return super().create(path)


class World:
    """Last screens over a disk in memory."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.disk.make_directory("/state")
        self.days = 14
        self.now_ms = NOW_MS
        self.told: list[str] = []
        self.terminals: dict[PaneId, PaneTerminal] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.screens = self.begin()

    def begin(self) -> LastScreens:
        """A new server over the same files."""
        self.screens = LastScreens(
            ScreenFiles(self.disk, "/state"),
            "",
            lambda work: self.tasks.append(asyncio.get_running_loop().create_task(work)),
            lambda: self.days,
            lambda: self.now_ms,
            self.terminals.get,
            self.told.append,
        )
        return self.screens

    def keep(self, terminal: PaneTerminal) -> None:
        rebuilt = terminal.build()
        assert rebuilt is not None
        self.screens.keep(terminal, rebuilt.last_screens)

    def files(self) -> list[str]:
        return self.disk.list("/state/screens") if self.disk.exists("/state/screens") else []


@pytest.fixture
def world() -> World:
    return World()


def shown(recovery_ms: int = NOW_MS, *, persist: bool = True) -> PaneTerminal:
    return waiting(ALTERNATE + b"unsaved", EndedMark(2, ended(recovery_ms)), persist=persist)


async def test_it_is_on_the_disk_and_the_next_server_has_it(world: World) -> None:
    world.keep(shown())
    assert world.screens.find(PANE, None).lines == (b"unsaved",)
    await world.screens.settle()
    assert world.files() == [ScreenName(NOW_MS, PANE).file]
    assert world.begin().find(PANE, NOW_MS).lines == (b"unsaved",)
    with pytest.raises(NoScreen, match="of that recovery is kept"):
        world.screens.find(PANE, NOW_MS - 1)


async def test_who_asks_early_has_the_screen_built(world: World) -> None:
    terminal = world.terminals[PANE] = shown()
    terminal.built = lambda each, _waiting, rebuilt: world.screens.keep(each, rebuilt.last_screens)
    assert world.screens.find(PANE, None).lines == (b"unsaved",)
    assert terminal.waiting is None


async def test_one_that_was_taken_before_is_not_written_again(world: World) -> None:
    world.keep(shown())
    await world.screens.settle()
    world.disk.broken = True
    world.begin()
    world.keep(shown())
    await world.screens.settle()
    assert world.told == []


async def test_a_disk_that_refuses_is_told_once_and_tried_again(world: World) -> None:
    world.disk.broken = True
    world.keep(shown())
    for _ in range(3):
        await world.screens.settle()
    (told,) = world.told
    assert told.startswith("last screens are in memory only: /state/screens/")
    assert world.screens.find(PANE, None).lines == (b"unsaved",)
    world.disk.broken = False
    await world.screens.settle()
    assert world.screens.waiting == 0
    assert len(world.files()) == 1


async def test_panes_that_are_not_kept_have_none_and_nothing_is_kept_for_no_days(
    world: World,
) -> None:
    world.terminals[PANE] = terminal = shown(persist=False)
    assert not world.screens.keeps(PANE)
    world.keep(terminal)
    terminal.persist = True
    assert world.screens.keeps(PANE)
    world.days = 0
    assert not world.screens.keeps(PANE)
    world.keep(shown())
    await world.screens.settle()
    assert world.files() == []


async def test_they_go_after_some_days(world: World) -> None:
    world.keep(shown())
    world.keep(shown(NOW_MS + 1))
    await world.screens.settle()
    world.now_ms = NOW_MS + 14 * MS_PER_DAY + 1
    await world.screens.settle()
    assert world.files() == [ScreenName(NOW_MS + 1, PANE).file]
    world.days = 0
    await world.screens.settle()
    assert world.files() == []


async def test_a_purge_takes_them_even_while_they_are_written(world: World) -> None:
    world.keep(shown())
    await asyncio.sleep(0)  # the writing has begun
    assert await world.screens.purge([PANE]) == 1
    assert world.files() == []
    with pytest.raises(NoScreen):
        world.screens.find(PANE, None)
    world.keep(shown(NOW_MS + 1))
    await world.screens.settle()
    assert await world.screens.purge([PaneId(2)]) == 0
    assert await world.screens.purge(None) == 1
    assert world.files() == []


async def foreseen(world: World, generation: int = 1) -> None:
    """A shutdown was announced, what was shown is on the disk, and the next server begins."""
    world.terminals[PANE] = shown()
    event = ended(FORESEEN, generation)
    rebuilt = waiting(ALTERNATE + b"seen before", EndedMark(2, event)).build()
    assert rebuilt is not None
    world.screens.foresee(rebuilt.last_screens)
    await world.screens.settle()
    assert world.files() == [ScreenName(FORESEEN, PANE).file]
    assert world.screens.names() == []
    world.begin()


async def test_what_was_foreseen_is_kept_if_the_process_ended_and_removed_if_not(
    world: World,
) -> None:
    await foreseen(world)
    assert not world.screens.came_true(PANE, 2, NOW_MS)
    world.screens.nothing_foreseen()
    await world.screens.settle()
    assert world.files() == []
    await foreseen(world)
    assert world.screens.came_true(PANE, 1, NOW_MS)
    world.screens.nothing_foreseen()
    await world.screens.settle()
    assert world.files() == [ScreenName(NOW_MS, PANE).file]
    assert world.begin().find(PANE, None).lines == (b"seen before",)


async def test_what_was_foreseen_outlives_a_start_that_is_killed(world: World) -> None:
    await foreseen(world)
    world.screens.came_true(PANE, 1, NOW_MS)
    world.begin()  # nothing was written, and a newer process runs in the pane
    world.screens.left_over({PANE: 2}, NOW_MS + 1)
    world.screens.nothing_foreseen()
    await world.screens.settle()
    assert world.files() == [ScreenName(NOW_MS + 1, PANE).file]
    await world.screens.purge(None)
    await foreseen(world)
    world.screens.left_over({PANE: 1}, NOW_MS + 1)  # the process runs on
    assert world.screens.names() == []


async def test_a_checkpoint_is_published_after_they_are_on_the_disk(
    world: World, tmp_path: Path
) -> None:
    server = SmallServer(RealStorage(), str(tmp_path / "state"), Truth(), entropy=os.urandom)
    server.commit(*new_session(server.state))
    order: list[object] = []

    class Sync:
        async def wait_synced(self, lsn: int) -> None:
            order.append((len(server.series.generations), world.files()))

        def start_chores(self) -> None:
            order.append(len(server.series.generations))

        async def wait_chores(self) -> None:
            raise AssertionError("nothing is erased")

    checkpointer = Checkpointer(
        server.series,
        server,
        server.writer,
        FakeClock(),
        lambda: 1.0,
        lambda: 1,
        Sync(),
        before_publishing=world.screens.settle,
    )
    world.screens.spawn = lambda work: work.close()  # nobody else has them written
    world.keep(shown())
    await checkpointer.take("test")
    assert order == [(0, [ScreenName(NOW_MS, PANE).file]), 1]
