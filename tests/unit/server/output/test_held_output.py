"""Output while the disk is slow or refuses: it is shown from the landing zone, which holds it until its record is
written."""

import os
from functools import partial
from pathlib import Path

import pytest

from fuguemux.server.landing.zone import SLOTS, LandingZone, recover
from fuguemux.server.output.held_output import ECHO_SLOTS
from tests.unit.server.output.test_pane_output import Thread, World, until, world

__all__ = ["thread"]


@pytest.fixture
def thread() -> Thread:
    return Thread()


def survives(here: World, path: Path) -> None:
    """Give the panes a zone whose file can be looked into."""
    here.zone.close()
    zone = LandingZone.open(str(path), store="s")
    here.output.zone = zone
    here.zone = zone  # type: ignore[assignment]  # the part of it that is used here is the same


async def hold_one(here: World) -> None:
    """From now on a slot is held: the disk is slow."""
    here.log.slow = True
    first = here.pane(b"held")
    here.output.start(first)
    await until("first slot", lambda: here.shown(first))


def in_zone(path: Path, directory: Path) -> bytes:
    copy = directory / "copy"
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o600)
    return b"".join(chunk.data for chunk in recover(str(copy), store="s").salvaged)


async def test_what_is_shown_stays_in_the_zone_until_it_is_written(
    thread: Thread, tmp_path: Path
) -> None:
    async with world(thread) as here:
        path = tmp_path / "zone"
        survives(here, path)
        here.log.slow = True
        terminal = here.pane(b"first ")
        here.output.start(terminal)
        await here.all_of(terminal, b"first ")
        assert in_zone(path, tmp_path) == b"first "

        def shown_up_to(length: int) -> bool:
            return len(here.shown(terminal)) >= length

        for number in range(3 * SLOTS):
            os.write(here._open[0], b"k%02d " % number)
            wanted = 6 + 4 * (number + 1)
            await until("key", partial(shown_up_to, wanted))
        assert here.zone.free_slots == SLOTS - 1, "each key took a slot"
        assert in_zone(path, tmp_path) == here.shown(terminal)
        here.log.write_now()
        here.output.written()
        assert here.zone.free_slots == SLOTS
        assert in_zone(path, tmp_path) == b""
        assert here.logged(terminal) == here.shown(terminal)


async def test_without_a_file_nothing_is_shown_before_it_is_written(thread: Thread) -> None:
    async with world(thread) as here:
        here.zone = here.output.zone = LandingZone.without_file()  # type: ignore[assignment]  # as above
        here.log.slow = True
        terminal = here.pane(b"hidden")
        here.output.start(terminal)
        await until("record", lambda: here.logged(terminal))
        assert here.shown(terminal) == b""
        here.log.write_now()
        here.output.written()
        await here.all_of(terminal, b"hidden")


async def test_a_zone_that_is_full_stops_reading_but_for_who_waits_for_an_echo(
    thread: Thread, tmp_path: Path
) -> None:
    async with world(thread) as here:
        survives(here, tmp_path / "zone")
        await hold_one(here)
        terminals = [here.pane(b"%03d" % number) for number in range(SLOTS + 2)]
        for terminal in terminals:
            here.output.start(terminal)
        await until("full zone", lambda: here.zone.free_slots == ECHO_SLOTS)
        read = [terminal for terminal in terminals if here.logged(terminal)]
        assert len(read) == SLOTS - ECHO_SLOTS - 1
        typist = here.pane(b"echo")
        typist.echo_awaited = True
        here.output.start(typist)
        await here.all_of(typist, b"echo")
        here.log.write_now()
        here.log.slow = False
        here.output.written()
        for number, terminal in enumerate(terminals):
            await here.all_of(terminal, b"%03d" % number)


async def test_the_end_of_a_program_does_not_wait_for_slots(thread: Thread, tmp_path: Path) -> None:
    async with world(thread) as here:
        survives(here, tmp_path / "zone")
        await hold_one(here)
        for number in range(SLOTS):
            here.output.start(here.pane(b"%03d" % number))
        await until("full zone", lambda: here.zone.free_slots == ECHO_SLOTS)
        last = here.pane(b"last words", end=True)
        here.output.drain(last)
        assert here.logged(last) == b"last words"
        await until("last words", lambda: here.shown(last) == b"last words")


async def test_what_cannot_be_logged_is_counted_and_everybody_reads_on(
    thread: Thread, tmp_path: Path
) -> None:
    async with world(thread) as here:
        path = tmp_path / "zone"
        survives(here, path)
        here.log.slow = True
        kept = [here.pane(b"%03d" % number) for number in range(SLOTS - ECHO_SLOTS)]
        for terminal in kept:
            here.output.start(terminal)
        await until("full zone", lambda: here.zone.free_slots == ECHO_SLOTS)
        here.log.output_stopped = True
        more = here.pane(b"still shown")
        here.output.start(more)
        await until("output", lambda: here.shown(more) == b"still shown")
        missing = {entry.pane: (entry.start, entry.stop) for entry in here.output.missing.entries}
        assert missing[kept[0].id] == (0, 3), "given up for its slot"
        copy = tmp_path / "copy"
        copy.write_bytes(path.read_bytes())
        copy.chmod(0o600)
        found = recover(str(copy), store="s").missing
        assert {(entry.pane, entry.start, entry.stop) for entry in found} >= {(kept[0].id, 0, 3)}
        here.log.output_stopped = False
        here.log.write_now()
        here.output.written()
