"""The space for segments: spares, the ballast, and a full disk."""

import errno
import os
import re
from pathlib import Path

import pytest

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.durability import (
    RETRY_MS_MAX,
    Durability,
)
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.jobs import OpenSegment, SpareJob
from fuguemux.persistence.wal.record import RecordType
from fuguemux.persistence.wal.segment import discard, segment_name
from fuguemux.persistence.wal.space import Space
from tests.support.fake_clock import FakeClock
from tests.unit.persistence.wal.logs import (
    DIRECTORY,
    JUMPS_MS,
    do_chores,
    fill,
    full_disk_writer,
    payloads,
    state_of,
    sync,
)


@pytest.mark.parametrize("jump_ms", JUMPS_MS)
def test_space_is_looked_for_again_whatever_the_wall_clock_says(jump_ms: int) -> None:
    disk, writer, _told, clock = full_disk_writer()
    disk.create_error = errno.ENOSPC
    fill(writer, 4, 500)
    do_chores(writer)
    assert writer.state.output_stopped
    clock.set_wall_ms(max(clock.wall_ms() + jump_ms, 0))
    assert writer.segments.chore() is None  # no time has passed
    disk.create_error = 0
    clock.advance_ms(RETRY_MS_MAX)
    do_chores(writer)
    assert state_of(writer) == "ok"
    assert not writer.state.output_stopped


def test_the_ballast_is_given_up_for_the_last_segment() -> None:
    disk, writer, _told, _clock = full_disk_writer()
    disk.space = disk._used()
    given = payloads(disk)
    # The spare, then a last small segment in the ballast's place is all there is.
    while writer.state.durability is not Durability.LOST and writer.state.next_lsn < 200:
        payload = bytes([writer.state.next_lsn % 250 + 1]) * 700
        lsn = writer.append(RecordType.STRUCTURE, payload)
        sync(writer)
        if writer.state.durable_lsn >= lsn:
            given[lsn] = payload
        do_chores(writer)
    assert not disk.exists(f"{DIRECTORY}/ballast")
    assert state_of(writer) == "lost"
    disk.power_loss()
    found = payloads(disk)
    assert {lsn: found[lsn] for lsn in given} == given


class FullStorage(RealStorage):
    """A real directory whose file system takes no new file."""

    full = True

    def create(self, path: str) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        return super().create(path)


def test_a_full_disk_says_once_what_is_free_and_what_is_needed(tmp_path: Path) -> None:
    storage, clock = FullStorage(), FakeClock()
    space = Space(
        storage,
        str(tmp_path),
        segment_bytes=16 << 20,
        hasty_segment_bytes=1 << 20,
        ballast_bytes=0,
        found=ScanReport(),
        monotonic_ms=clock.wall_ms,
    )
    problems = set()
    for _ in range(2):
        chore = space.chore(spare_wanted=True)
        assert isinstance(chore, SpareJob)
        with pytest.raises(OSError, match="No space left") as refused:
            chore.run()
        space.chore_done(chore, refused.value)
        problems.add(space.problem)
        (tmp_path / "less room").write_bytes(bytes(8 << 20))
        clock.advance_ms(60_000)
    (problem,) = problems
    assert re.fullmatch(r"No space left on device \([0-9.]+ MiB free, 16\.0 MiB needed\)", problem)
    storage.full = False
    chore = space.chore(spare_wanted=True)
    assert isinstance(chore, SpareJob)
    chore.run()
    space.chore_done(chore, None)
    assert (space.problem, space.room) == ("", "")
    space.close()


def test_a_spare_is_behind_every_one_that_was_taken_before(tmp_path: Path) -> None:
    """A replacement may take one, be given up, and leave its name free while the next ones are being made."""
    space = Space(
        RealStorage(),
        str(tmp_path),
        segment_bytes=64 << 10,
        hasty_segment_bytes=64 << 10,
        ballast_bytes=0,
        found=ScanReport(),
        monotonic_ms=FakeClock().wall_ms,
    )
    taken: list[OpenSegment] = []

    def make() -> None:
        chore = space.chore(spare_wanted=True)
        assert isinstance(chore, SpareJob)
        chore.run()
        space.chore_done(chore, None)

    def take() -> None:
        spare = space.take_spare(1)
        assert spare is not None
        taken.append(spare)

    make()
    take()
    make()
    discard(RealStorage(), f"{tmp_path}/{segment_name(taken[0].segment_id)}", taken[0].file)
    take()
    make()
    space.used(taken[1].segment_id)
    take()
    numbers = [segment.segment_id for segment in taken]
    assert numbers == sorted(set(numbers))
    for segment in taken[1:]:
        RealStorage().close(segment.file)
