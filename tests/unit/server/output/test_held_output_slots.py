"""Single slots of the landing zone: why each is held, and in which order held output is shown."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.landing.many_reads import one_read
from fuguemux.server.landing.zone import SLOTS, Landed, LandingZone, UnloggedOutput, recover
from fuguemux.server.output.feeding import Chunk
from fuguemux.server.output.held_output import HeldOutput
from fuguemux.server.output.missing_output import MissingOutput
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.fake_clock import FakeClock

P = PaneId(3)


class Log:
    """Has records with the numbers that the test gives them; `written_lsn` is the kernel's."""

    next_lsn, congested, output_stopped, written_lsn = 10, False, False, 0

    def append_output(self, pane: int, offset: int, data: memoryview) -> int | None:
        raise AssertionError("not by whom holds slots")

    def write(self) -> bool:
        return self.write_now()

    def write_now(self) -> bool:
        self.written_lsn = self.next_lsn - 1
        return True


class Here:
    """A zone in a file, a pane whose program is the test, and what was fed to its screen."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self.path = path
        self.zone = LandingZone.open(str(path), store="s")
        self.log = Log()
        self.clock = FakeClock()
        self.said_lsn: int | None = None
        """The LSN of the event that says what is missing; None: it cannot be logged now."""
        self.missing = MissingOutput(loop, self.clock, lambda _events: self.said_lsn)
        self.held = HeldOutput(self.log, self.missing, self._feed)
        store = ScrollbackStore(PackReader(RealStorage(), "nowhere"))
        self.terminal = PaneTerminal(P, GhosttyEmulator(80, 24), store.pane(P))
        self.fed: list[tuple[bytes, int]] = []
        """What, and how far the kernel's log was then."""
        self.slow: list[Chunk] | None = None
        """What is still to be fed; None: feeding takes no time."""
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)

    def _feed(self, chunk: Chunk) -> None:
        if self.slow is not None:
            self.slow.append(chunk)
            return
        self.fed.append((chunk.data, self.log.written_lsn))
        self.held.shown(self.zone, chunk)

    def feed_all(self) -> None:
        waiting, self.slow = self.slow or [], None
        for chunk in waiting:
            self._feed(chunk)

    def read(self, data: bytes) -> Landed:
        os.write(self.writing, data)
        landed = self.held.read(self.zone, self.terminal, self.reading, 100, one_read)
        assert isinstance(landed, Landed)
        self.terminal.read_offset += len(data)
        return landed

    def show(self, landed: Landed, lsn: int | None) -> None:
        self.held.show(self.zone, Chunk(self.terminal, landed, lsn, bytes(landed.data)))

    def written(self, lsn: int) -> None:
        self.log.written_lsn = lsn
        self.held.written(self.zone)

    def in_zone(self) -> bytes:
        copy = self.path.with_name("copy")
        copy.write_bytes(self.path.read_bytes())
        copy.chmod(0o600)
        return b"".join(chunk.data for chunk in recover(str(copy), store="s").salvaged)

    def close(self) -> None:
        self.zone.close()
        self.terminal.close()
        os.close(self.reading)
        os.close(self.writing)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    loop = asyncio.new_event_loop()
    here = Here(tmp_path / "zone", loop)
    yield here
    here.close()
    loop.close()


def test_a_slot_stays_for_what_was_read_behind_its_record(here: Here) -> None:
    here.show(here.read(b"first "), 1)
    more = here.read(b"second")
    here.written(1)
    assert here.in_zone() == b"first second", "the second has no record yet"
    here.show(more, 2)
    here.written(2)
    assert here.in_zone() == b""
    assert here.zone.free_slots == SLOTS


def test_a_slot_stays_until_it_is_shown_to_its_end(here: Here) -> None:
    here.slow = []
    here.show(here.read(b"dear"), 1)
    here.written(1)
    assert here.in_zone() == b"dear"
    here.feed_all()
    assert here.zone.free_slots == SLOTS


def test_what_waits_for_the_kernel_is_shown_before_what_comes_behind_it(here: Here) -> None:
    here.zone.close()
    here.zone = LandingZone.without_file()
    here.show(here.read(b"one"), 1)
    here.show(here.read(b"two"), None)  # deferred: it waits for nothing itself
    assert here.fed == []
    here.written(1)
    assert here.fed == [(b"one", 1), (b"two", 1)]


def test_a_pane_that_ends_is_shown_after_its_record_is_with_the_kernel(here: Here) -> None:
    here.zone.close()
    here.zone = LandingZone.without_file()
    here.show(here.read(b"last words"), 1)
    here.held.show_all(here.zone, here.terminal)
    assert here.fed == [(b"last words", here.log.next_lsn - 1)]


def test_another_zone_has_the_account_of_what_is_missing(here: Here, tmp_path: Path) -> None:
    here.log.output_stopped = True
    here.show(here.read(b"never logged"), None)
    other = LandingZone.open(str(tmp_path / "other"), store="s")
    here.held.leave(here.zone, other)
    assert here.zone.free_slots == SLOTS
    other.close()
    (entry,) = recover(str(tmp_path / "other"), store="s").missing
    assert (entry.pane, entry.start, entry.stop) == (P, 0, 12)


def test_the_oldest_slot_is_shown_before_it_is_given_up(here: Here) -> None:
    here.slow = []
    here.terminal.behind = lambda _terminal: here.feed_all()
    here.show(here.read(b"shown, and never logged"), 1)
    here.held.give_up_oldest(here.zone)
    assert here.fed == [(b"shown, and never logged", 0)]
    assert [(entry.start, entry.stop) for entry in here.missing.entries] == [(0, 23)]
    assert here.zone.free_slots == SLOTS


def test_the_account_has_the_time_of_the_first_and_of_the_last(here: Here) -> None:
    first = here.clock.wall_ms()
    here.missing.note(here.zone, here.terminal, 0, 5)
    here.clock.advance_ms(700)
    here.missing.note(here.zone, here.terminal, 9, 12)
    assert here.missing.entries == [UnloggedOutput(P, 0, 12, first, first + 700)]


def test_an_event_that_says_less_than_is_missing_ends_no_account(here: Here) -> None:
    here.said_lsn = 5
    here.missing.note(here.zone, here.terminal, 0, 5)
    here.missing.tell()
    here.missing.note(here.zone, here.terminal, 5, 9)
    here.missing.written(here.zone, 5)
    assert [(entry.start, entry.stop) for entry in here.missing.entries] == [(0, 9)]
    here.missing.tell()
    here.missing.written(here.zone, 5)
    assert here.missing.entries == []
