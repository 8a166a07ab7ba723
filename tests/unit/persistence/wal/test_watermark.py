"""The watermark: its content, its file, and what a reader of the log concludes from it."""

import contextlib
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal import findings as kinds
from fuguemux.persistence.wal.durability import Durability, WriterOptions
from fuguemux.persistence.wal.jobs import SyncJob
from fuguemux.persistence.wal.mark import (
    FIELDS,
    SLOT_BYTES,
    SLOTS,
    Mark,
    MarkedSegment,
    decode,
    decode_slot,
    encode_slot,
)
from fuguemux.persistence.wal.mark_copy import furthest, mark_copy, read_mark_copy
from fuguemux.persistence.wal.reader import LogScan, scan
from fuguemux.persistence.wal.record import RecordType
from fuguemux.persistence.wal.segment import RECORDS_OFFSET
from fuguemux.persistence.wal.watermark import WATERMARK, FoundWatermark, Watermark, read_watermark
from fuguemux.persistence.wal.writer import LogWriter
from tests.simulation.disk import Crash, SimDisk
from tests.unit.persistence.wal.logs import DIRECTORY, SMALL, Told, fill, new_disk, sync

STATE = "state"
STORE = bytes(range(16))
U64 = st.integers(0, (1 << 64) - 1)
MARKS = st.builds(
    Mark,
    st.binary(min_size=16, max_size=16),
    U64,
    U64,
    st.booleans(),
    st.builds(MarkedSegment, U64, U64, U64, U64, U64, U64),
)


@given(MARKS, U64)
def test_a_slot_says_again_what_it_was_given(mark: Mark, serial: int) -> None:
    assert decode_slot(encode_slot(mark, serial)) == (serial, mark)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_slot_say_nothing(data: bytes) -> None:
    assert decode_slot(data) is None


@given(MARKS, st.integers(0, (FIELDS.size + 4) * 8 - 1))
def test_no_flipped_bit_goes_unnoticed(mark: Mark, bit: int) -> None:
    slot = bytearray(encode_slot(mark, 7))
    slot[bit // 8] ^= 1 << bit % 8
    assert decode_slot(bytes(slot)) is None


def mark_of(lsn: int, store: bytes = STORE) -> Mark:
    return Mark(store, lsn, 1_700_000_000_000 + lsn)


def test_the_slot_that_is_durable_stays_still(tmp_path: Path) -> None:
    watermark = Watermark(RealStorage(), str(tmp_path))
    path = tmp_path / WATERMARK
    watermark.renew(mark_of(1))
    watermark.sync()
    first = path.read_bytes()[:SLOT_BYTES]
    for lsn in range(2, 5):
        watermark.renew(mark_of(lsn))
        assert path.read_bytes()[:SLOT_BYTES] == first
    watermark.sync()
    second = path.read_bytes()[SLOT_BYTES:]
    watermark.renew(mark_of(5))
    assert path.read_bytes()[SLOT_BYTES:] == second
    assert read_watermark(RealStorage(), str(tmp_path)).mark == mark_of(5)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size == SLOTS * SLOT_BYTES


def test_the_next_server_leaves_the_slot_that_says_more_alone(tmp_path: Path) -> None:
    for lsn in (1, 2):
        watermark = Watermark(RealStorage(), str(tmp_path))
        watermark.renew(mark_of(lsn))
        watermark.sync()
        watermark.close()
    watermark = Watermark(RealStorage(), str(tmp_path))
    watermark.renew(mark_of(3))  # a power failure may tear this one
    after = (tmp_path / WATERMARK).read_bytes()
    slots = [decode_slot(after[at:]) for at in range(0, SLOTS * SLOT_BYTES, SLOT_BYTES)]
    assert {slot[1].durable_lsn for slot in slots if slot is not None} == {2, 3}


def test_whichever_slot_is_torn_the_other_one_counts(tmp_path: Path) -> None:
    watermark = Watermark(RealStorage(), str(tmp_path))
    for lsn in (1, 2):
        watermark.renew(mark_of(lsn))
        watermark.sync()
    whole = (tmp_path / WATERMARK).read_bytes()
    for slot, left in ((0, 2), (1, 1)):
        torn = bytearray(whole)
        torn[slot * SLOT_BYTES + 50] ^= 1
        (tmp_path / WATERMARK).write_bytes(torn)
        found = read_watermark(RealStorage(), str(tmp_path))
        assert found.mark == mark_of(left)
        assert found.problem


def test_what_the_next_server_writes_counts_whatever_was_there_before(tmp_path: Path) -> None:
    for lsn in range(1, 8):
        watermark = Watermark(RealStorage(), str(tmp_path))
        watermark.renew(mark_of(lsn))
        if lsn % 3:
            watermark.sync()
        watermark.close()
        assert read_watermark(RealStorage(), str(tmp_path)).mark == mark_of(lsn)


def in_its_place(path: Path, what: str) -> bytes | None:
    """Put something in the place of the watermark; what it holds."""
    path.unlink(missing_ok=True)
    match what:
        case "directory":
            path.mkdir()
            (path / "file").write_bytes(b"precious")
        case "link":
            path.symlink_to("/etc/hostname")
        case "fifo":
            os.mkfifo(path)
        case "garbage":
            path.write_bytes(b"precious" * 2000)
            return b"precious" * 2000
        case "another store's":
            data = encode_slot(mark_of(9, bytes(16)), 5).ljust(SLOTS * SLOT_BYTES, b"\0")
            path.write_bytes(data)
            return data
        case "empty":
            path.write_bytes(b"")
        case "zeros":
            path.write_bytes(bytes(SLOTS * SLOT_BYTES))
        case _:
            assert what == "nothing"
    return None


@pytest.mark.parametrize(
    "what",
    ["directory", "link", "fifo", "garbage", "another store's", "empty", "zeros", "nothing"],
)
def test_what_stands_in_its_place_is_kept_and_made_way_for(tmp_path: Path, what: str) -> None:
    kept = in_its_place(tmp_path / WATERMARK, what)
    found = read_watermark(RealStorage(), str(tmp_path))
    assert found.problem or found.mark == mark_of(9, bytes(16))
    watermark = Watermark(RealStorage(), str(tmp_path))
    watermark.renew(mark_of(3))
    assert watermark.problem == ""
    assert read_watermark(RealStorage(), str(tmp_path)) == FoundWatermark(mark_of(3))
    quarantine = list((tmp_path / "quarantine").glob(f"*-{WATERMARK}"))
    if what in ("empty", "zeros", "nothing"):
        assert quarantine == []
    elif kept is not None:
        assert quarantine[0].read_bytes() == kept
    elif what == "directory":
        assert (quarantine[0] / "file").read_bytes() == b"precious"


@pytest.mark.parametrize("size", [SLOTS * SLOT_BYTES + 1, 1 << 40])
def test_a_file_that_is_too_long_is_told_and_says_what_it_said(tmp_path: Path, size: int) -> None:
    storage, directory = RealStorage(), str(tmp_path)
    watermark = Watermark.prepared(storage, directory)
    watermark.renew(mark_of(7))
    watermark.sync()
    watermark.renew(mark_of(8))
    watermark.close()
    os.truncate(tmp_path / WATERMARK, size)
    problem = f"it has {size} bytes instead of {SLOTS * SLOT_BYTES}"
    assert read_watermark(storage, directory) == FoundWatermark(mark_of(8), problem)
    Watermark(storage, directory).renew(mark_of(9))
    assert read_watermark(storage, directory) == FoundWatermark(mark_of(9))


def test_a_file_that_is_removed_is_made_again(tmp_path: Path) -> None:
    watermark = Watermark(RealStorage(), str(tmp_path))
    watermark.renew(mark_of(1))
    (tmp_path / WATERMARK).unlink()
    watermark.renew(mark_of(2))
    watermark.sync()
    assert read_watermark(RealStorage(), str(tmp_path)).mark == mark_of(2)
    assert watermark.problem == ""


# -- the writer -------------------------------------------------------------------------------


def start(disk: SimDisk, told: Told | None = None, options: WriterOptions = SMALL) -> LogWriter:
    log = read(disk)
    return LogWriter.start(
        disk,
        DIRECTORY,
        log,
        clock_ms=lambda: 1_700_000_000_000,
        monotonic_ms=lambda: 0,
        entropy=Random(disk.writes).randbytes,
        on_durability=told or Told(),
        options=options,
        watermark=Watermark(disk, STATE),
    )


def read(disk: SimDisk, from_lsn: int = 1) -> LogScan:
    mark = read_watermark(disk, STATE).mark
    log = scan(disk, DIRECTORY, from_lsn, mark=mark)
    log.finish()
    return log


def sync_all(writer: LogWriter) -> None:
    job = writer.sync_job()
    assert isinstance(job, SyncJob)
    job.run()
    writer.sync_done(job, None)
    job.afterwards()


def fill_and_say(writer: LogWriter, count: int) -> None:
    """Append records; the last one is synced, and the watermark says so."""
    fill(writer, count - 1)
    fill_one(writer)


def fill_one(writer: LogWriter) -> None:
    writer.append(RecordType.STRUCTURE, b"last" * 20)
    sync_all(writer)


def segments(disk: SimDisk) -> list[str]:
    return sorted(f"{DIRECTORY}/{name}" for name in disk.list(DIRECTORY) if name.endswith(".wal"))


def newest_used(disk: SimDisk) -> str:
    return [path for path in segments(disk) if disk.content(path).strip(b"\0")][-1]


def told_lost(log: LogScan) -> list[tuple[int, int]]:
    return [(lost.first_lsn, lost.last_lsn) for lost in log.report.lost]


def test_each_sync_says_how_far_it_came() -> None:
    disk = new_disk()
    writer = start(disk)
    for _ in range(5):
        fill_one(writer)
        mark = read_watermark(disk, STATE).mark
        assert mark is not None
        assert mark.durable_lsn == writer.state.durable_lsn
        assert mark.segment.base_lsn == writer.segments.newest_base_lsn


def test_a_mark_waits_for_no_sync_of_its_own() -> None:
    disk = new_disk()
    writer = start(disk)
    writer.append(RecordType.STRUCTURE, b"x")
    job = writer.sync_job()
    assert isinstance(job, SyncJob)
    job.run()
    writer.sync_done(job, None)
    disk.fail_sync_chance = 1.0
    job.afterwards()
    assert disk.sync_fails == 0, "none was asked for"
    disk.fail_sync_chance = 0.0
    assert writer.prove() is not None
    sync_all(writer)
    disk.power_loss()
    assert read_watermark(disk, STATE).mark is not None, "an idle log has it on the disk"


def test_a_newest_segment_that_is_removed_is_a_loss_with_its_numbers() -> None:
    disk = new_disk()
    fill_and_say(start(disk), 100)
    end = read(disk).report.last_lsn
    disk.unlink(newest_used(disk))
    report = read(disk).report
    assert 0 < report.end_lsn < end
    assert told_lost(read(disk)) == [(report.end_lsn + 1, end)]
    assert report.last_lsn == end, "no number is given twice"
    assert report.damaged_segments == [], "the others are as they were"


@pytest.mark.parametrize("left", [0, 100, RECORDS_OFFSET, RECORDS_OFFSET + 2000])
def test_a_newest_segment_that_is_cut_is_a_loss(left: int) -> None:
    disk = new_disk()
    fill_and_say(start(disk), 100)
    end = read(disk).report.last_lsn
    del disk.content(newest_used(disk))[left:]
    log = read(disk)
    assert told_lost(log) == [(log.report.end_lsn + 1, end)]


@pytest.mark.parametrize("front", [RECORDS_OFFSET, RECORDS_OFFSET + SLOT_BYTES])
@pytest.mark.parametrize("rest", [b"\0", b"\xa5"])
def test_a_segment_without_its_headers_is_read_by_what_the_watermark_knows(
    front: int, rest: bytes
) -> None:
    disk = new_disk()
    fill_and_say(start(disk), 100)
    before = [record.lsn for record in scan(disk, DIRECTORY).records()]
    path = newest_used(disk)
    disk.content(path)[:front] = rest * front
    log = scan(disk, DIRECTORY, mark=read_watermark(disk, STATE).mark)
    after = [record.lsn for record in log.records()]
    lost = {lsn for first, last in told_lost(log) for lsn in range(first, last + 1)}
    assert sorted({*after, *lost}) == before
    assert bool(lost) == (front > RECORDS_OFFSET), "only records whose own bytes are gone are lost"
    assert after[-1] == before[-1]
    assert [each.kind for each in log.report.findings][:1] == [kinds.UNREADABLE_HEADER]
    assert log.report.spare_segments == []


def test_garbage_over_the_tail_is_a_loss_and_no_write_that_had_not_finished() -> None:
    disk = new_disk()
    fill_and_say(start(disk, options=WriterOptions(segment_bytes=1 << 20)), 30)
    end = read(disk).report.last_lsn
    content = disk.content(newest_used(disk))
    used = len(content.rstrip(b"\0"))
    content[used - 3000 : used] = Random(1).randbytes(3000)
    log = read(disk)
    assert told_lost(log) == [(log.report.end_lsn + 1, end)]
    assert log.report.damaged_segments


def test_a_watermark_that_lags_is_no_alarm() -> None:
    disk = new_disk()
    writer = start(disk)
    fill_and_say(writer, 20)
    fill(writer, 20)  # nobody came to renew it
    log = read(disk)
    assert not log.report.damaged
    assert log.report.last_lsn == 40


def test_a_clean_end_says_so_and_its_number_is_given_again() -> None:
    disk = new_disk()
    writer = start(disk)
    fill_and_say(writer, 5)
    assert writer.close()
    mark = read_watermark(disk, STATE).mark
    assert mark is not None
    assert (mark.durable_lsn, mark.clean) == (5, True)
    disk.power_loss()
    log = read(disk)
    assert log.report.clean
    assert not log.report.damaged
    writer = start(disk)
    assert writer.state.next_lsn == 6
    again = read_watermark(disk, STATE).mark
    assert again is not None
    assert not again.clean
    assert writer.close(), "nothing was appended"
    ended = read_watermark(disk, STATE).mark
    assert ended == mark._replace(wall_ms=ended.wall_ms if ended else 0)


def test_a_power_failure_after_a_clean_end_leaves_its_mark() -> None:
    for seed in range(20):
        disk = new_disk(seed)
        writer = start(disk)
        fill_and_say(writer, 5)
        assert writer.close()
        disk.power_loss()
        mark = read_watermark(disk, STATE).mark
        assert mark is not None
        assert (mark.durable_lsn, mark.clean) == (5, True)


def test_a_mark_of_another_log_is_ignored() -> None:
    disk = new_disk()
    fill_and_say(start(disk), 5)
    log = scan(disk, DIRECTORY, mark=mark_of(1000, bytes(16)))
    log.finish()
    assert log.mark is None
    assert not log.report.damaged


def test_a_watermark_that_cannot_be_written_costs_the_log_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    told = Told()
    watermark = Watermark(RealStorage(), f"{state}/gone")  # its directory is not there
    log = scan(RealStorage(), f"{state}/wal")
    log.finish()
    writer = LogWriter.start(
        RealStorage(),
        f"{state}/wal",
        log,
        clock_ms=lambda: 1_700_000_000_000,
        monotonic_ms=lambda: 0,
        entropy=Random(1).randbytes,
        on_durability=told,
        options=SMALL,
        watermark=watermark,
    )
    assert [state for state, _reason in told.states] == [Durability.DEGRADED]
    assert WATERMARK in told.states[0][1]
    fill_one(writer)
    assert writer.state.durable_lsn == 1
    assert not writer.state.output_stopped
    (state / "gone").mkdir()
    fill_one(writer)
    sync(writer)
    fill_one(writer)
    assert [state for state, _reason in told.states] == [Durability.DEGRADED, Durability.OK]
    assert writer.close()


def test_the_copy_says_the_same_and_is_made_again(tmp_path: Path) -> None:
    storage = RealStorage()
    for name in ("state", "run"):
        (tmp_path / name).mkdir()
    socket, state = f"{tmp_path}/run/socket", f"{tmp_path}/state"
    watermark = Watermark.prepared(storage, state, mark_copy(socket, state))
    assert read_mark_copy(socket, state) is None
    watermark.renew(mark_of(7))
    assert read_mark_copy(socket, state) == mark_of(7)
    assert read_mark_copy(socket, f"{tmp_path}/elsewhere") is None
    shutil.rmtree(tmp_path / "run")
    watermark.sync()
    watermark.renew(mark_of(8))
    assert (watermark.problem, read_watermark(storage, state).mark) == ("", mark_of(8))
    (tmp_path / "run").mkdir()
    watermark.sync()
    watermark.renew(mark_of(9))
    assert read_mark_copy(socket, state) == mark_of(9)
    (copy,) = (tmp_path / "run").iterdir()
    copy.write_bytes(b"garbage")
    again = Watermark.prepared(storage, state, mark_copy(socket, state))
    again.renew(mark_of(10))
    assert read_mark_copy(socket, state) == mark_of(10)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {copy.name}


def test_the_copy_counts_where_it_says_more_of_the_same_store() -> None:
    here, more, less = FoundWatermark(mark_of(5)), mark_of(6), mark_of(4)
    assert furthest(here, more, STORE) == FoundWatermark(more, beside=True)
    assert furthest(FoundWatermark(None, "it is not there"), less, STORE).mark == less
    for beside, store in (
        (None, STORE),
        (less, STORE),
        (mark_of(5), STORE),
        (more, None),
        (mark_of(6, bytes(16)), STORE),
        (more, bytes(16)),
    ):
        assert furthest(here, beside, store) == here


class NoNames(SimDisk):
    """A power failure undoes every operation on names that was not synced."""

    def keeps(self, names: Collection[str], chance: float) -> bool:
        """None."""
        return False


def simulated() -> SimDisk:
    disk = NoNames(Random(1))
    disk.directories.add("state")
    return disk


def durable(disk: SimDisk) -> list[int]:
    """What each slot would say after a power failure; 0: nothing."""
    slots = decode(disk.durable_content(f"state/{WATERMARK}")).slots
    return [slot[1].durable_lsn if slot is not None else 0 for slot in slots]


def test_a_slot_that_a_power_failure_garbled_does_not_take_the_other_with_it() -> None:
    disk = simulated()
    watermark = Watermark(disk, "state")
    watermark.renew(mark_of(1))
    watermark.sync()
    disk.content(f"state/{WATERMARK}")[SLOT_BYTES : SLOT_BYTES + 512] = b"garbage!" * 64
    second = Watermark(disk, "state")
    second.renew(mark_of(2))
    assert durable(disk)[0] == 1
    second.sync()
    assert durable(disk) == [1, 2]


def test_a_sync_that_failed_leaves_the_durable_slot_alone() -> None:
    disk = simulated()
    watermark = Watermark(disk, "state")
    watermark.renew(mark_of(1))
    watermark.sync()
    watermark.renew(mark_of(2))
    disk.fail_sync_chance = 1.0
    watermark.sync()
    watermark.renew(mark_of(3))
    live = decode(bytes(disk.content(f"state/{WATERMARK}"))).slots
    assert [slot and slot[1].durable_lsn for slot in live] == [1, 3]


def test_a_sync_that_failed_after_the_file_was_taken_over_leaves_the_durable_slot_alone() -> None:
    """Which one that is was chosen with the first mark, and once: on such a disk another choice would not succeed."""
    disk = simulated()
    watermark = Watermark(disk, "state")
    watermark.renew(mark_of(1))
    watermark.sync()
    disk.process_crash()
    second = Watermark(disk, "state")
    second.renew(mark_of(2))
    disk.fail_sync_chance = 1.0
    second.sync()
    second.renew(mark_of(3))
    live = decode(bytes(disk.content(f"state/{WATERMARK}"))).slots
    assert [slot and slot[1].durable_lsn for slot in live] == [1, 3]


def test_a_sync_that_is_refused_is_told_until_one_succeeds() -> None:
    disk = simulated()
    watermark = Watermark(disk, "state")
    watermark.renew(mark_of(1))
    disk.fail_sync_chance = 1.0
    watermark.sync()
    assert watermark.problem == "Input/output error"
    disk.fail_sync_chance = 0.0
    watermark.renew(mark_of(2))
    assert watermark.problem == "Input/output error", "it is with the kernel alone"
    watermark.sync()
    assert watermark.problem == ""


def test_the_next_server_makes_durable_what_it_found_before_it_writes_over_a_slot() -> None:
    disk = simulated()
    watermark = Watermark(disk, "state")
    watermark.renew(mark_of(1))
    watermark.sync()
    watermark.renew(mark_of(2))
    disk.process_crash()
    Watermark(disk, "state").renew(mark_of(3))
    assert durable(disk) == [2, 0]


def test_a_sync_that_failed_does_not_make_the_next_server_write_over_the_only_durable_slot() -> (
    None
):
    """The kernel takes the pages for clean after it: what was said last is then in the cache alone."""
    for seed in range(20):
        disk = new_disk(seed)
        disk.directories.add(STATE)
        watermark = Watermark(disk, STATE)
        watermark.renew(mark_of(1))
        watermark.sync()
        watermark.renew(mark_of(2))
        disk.process_crash()
        disk.fail_sync_chance = 1.0
        second = Watermark(disk, STATE)
        second.renew(mark_of(3))
        assert second.problem
        disk.fail_sync_chance = 0.0
        second.renew(mark_of(3))
        assert not second.problem
        disk.power_loss()
        found = read_watermark(disk, STATE).mark
        assert found is not None
        assert found.durable_lsn >= 2


def test_a_disk_that_is_full_has_the_file_itself_synced() -> None:
    disk = simulated()
    watermark = Watermark(disk, "state")
    watermark.renew(mark_of(1))
    watermark.sync()
    watermark.renew(mark_of(2))
    disk.process_crash()
    disk.space = 0
    second = Watermark(disk, "state")
    second.renew(mark_of(3))
    assert not second.problem
    assert durable(disk) == [1, 2]
    second.sync()
    assert durable(disk) == [3, 2]


def test_a_file_that_was_made_by_a_process_that_was_killed_gets_its_name_durably() -> None:
    disk = simulated()
    disk.crash_in = 3
    with contextlib.suppress(Crash):
        Watermark(disk, "state").renew(mark_of(1))
    assert disk.exists(f"state/{WATERMARK}")
    disk.process_crash()
    watermark = Watermark(disk, "state")
    watermark.renew(mark_of(2))
    watermark.sync()
    disk.power_loss()
    found = read_watermark(disk, "state")
    assert found.mark == mark_of(2)


def test_a_file_that_was_made_by_a_process_that_was_killed_gets_its_name_durably_on_a_full_disk() -> (
    None
):
    disk = simulated()
    disk.crash_in = 3
    with contextlib.suppress(Crash):
        Watermark(disk, "state").renew(mark_of(1))
    assert len(disk.content(f"state/{WATERMARK}")) == SLOTS * SLOT_BYTES
    disk.process_crash()
    disk.space = 0
    watermark = Watermark(disk, "state")
    watermark.renew(mark_of(2))
    assert watermark.problem == ""
    watermark.sync()
    disk.power_loss()
    assert read_watermark(disk, "state").mark == mark_of(2)


def test_a_file_that_was_not_made_to_its_end_gets_its_name_durably_later() -> None:
    for seed in range(20):
        disk = new_disk(seed)
        disk.directories.add(STATE)
        watermark = Watermark(disk, STATE)
        watermark.renew(mark_of(1))
        watermark.sync()
        disk.unlink(f"{STATE}/{WATERMARK}")
        disk.fsync_directory(STATE)
        disk.fail_write_chance = 1.0
        watermark.look()
        assert disk.exists(f"{STATE}/{WATERMARK}")
        disk.fail_write_chance = 0.0
        watermark.renew(mark_of(2))
        watermark.sync()
        disk.power_loss()
        assert read_watermark(disk, STATE).mark == mark_of(2)
