"""Logs for tests: on a simulated disk, with a clock and random numbers that repeat."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from fuguemux.observe.clock import NS_PER_MS
from fuguemux.persistence.storage.files import Bytes, Storage
from fuguemux.persistence.wal.durability import Durability, WriterOptions
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.reader import LogScan, scan
from fuguemux.persistence.wal.record import Record, RecordType
from fuguemux.persistence.wal.watermark import Watermark
from fuguemux.persistence.wal.writer import LogWriter
from tests.simulation.disk import SimDisk
from tests.support.fake_clock import FakeClock

DIRECTORY = "state/wal"
HOUR_MS = 3_600_000
CENTURY_MS = 100 * 365 * 24 * HOUR_MS
JUMPS_MS = [-HOUR_MS, HOUR_MS, -CENTURY_MS, CENTURY_MS]
"""How far somebody sets the wall clock."""
SMALL = WriterOptions(segment_bytes=24 << 10, first_segment_bytes=16 << 10, ballast_bytes=4 << 10)


def new_disk(seed: int = 1) -> SimDisk:
    disk = SimDisk(Random(seed))
    disk.directories.add(DIRECTORY)
    return disk


@dataclass
class Told:
    """What the writer said about its durability."""

    states: list[tuple[Durability, str]] = field(default_factory=list)

    def __call__(self, state: Durability, reason: str) -> None:
        self.states.append((state, reason))


def start(
    storage: Storage,
    *,
    directory: str = DIRECTORY,
    from_lsn: int = 1,
    options: WriterOptions = SMALL,
    clock: FakeClock | None = None,
    told: Told | None = None,
    entropy: Callable[[int], bytes] | None = None,
    watermark: Watermark | None = None,
    mark: Mark | None = None,
) -> LogWriter:
    log = scan(storage, directory, from_lsn, mark=mark)
    log.finish()
    clock = clock or FakeClock()
    return LogWriter.start(
        storage,
        directory,
        log,
        clock_ms=clock.wall_ms,
        monotonic_ms=lambda: clock.monotonic_ns() // NS_PER_MS,
        entropy=entropy or Random(7).randbytes,
        on_durability=told or Told(),
        options=options,
        watermark=watermark,
    )


def sync(writer: LogWriter) -> None:
    """Run one job in place, telling the writer how it went."""
    job = writer.sync_job()
    if job is None:
        return
    try:
        job.run()
    except OSError as error:
        writer.sync_done(job, error)
    else:
        writer.sync_done(job, None)


def do_chores(writer: LogWriter) -> None:
    """Run chores until there is none, or one fails."""
    while (chore := writer.segments.chore()) is not None:
        try:
            chore.run()
        except OSError as error:
            writer.segments.chore_done(chore, error)
            return
        writer.segments.chore_done(chore, None)


def fill(writer: LogWriter, count: int, size: int = 300, *, every: int = 4) -> dict[int, bytes]:
    """Append `count` records, syncing after each `every`; what each LSN was given."""
    given = {}
    for number in range(count):
        payload = bytes([number % 251 + 1]) * (size + number)
        given[writer.append(RecordType.STRUCTURE, payload)] = payload
        if number % every == every - 1:
            sync(writer)
    sync(writer)
    return given


def read(
    storage: Storage, from_lsn: int = 1, directory: str = DIRECTORY
) -> tuple[list[Record], LogScan]:
    log = scan(storage, directory, from_lsn)
    return list(log.records()), log


class BrokenDisk(SimDisk):
    """Refuses what a test says it refuses."""

    sync_error = 0
    write_error = 0
    create_error = 0

    def fdatasync(self, file: int) -> None:
        if self.sync_error:
            raise OSError(self.sync_error, "Input/output error")
        super().fdatasync(file)

    fsync = fdatasync

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        if self.write_error:
            raise OSError(self.write_error, "refused")
        return super().pwrite(file, data, offset)

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        return self.pwrite(file, b"".join(parts), offset)

    def create(self, path: str) -> int:
        if self.create_error:
            raise OSError(self.create_error, "No space left on device")
        return super().create(path)


def broken_disk() -> BrokenDisk:
    disk = BrokenDisk(Random(1))
    disk.directories.add(DIRECTORY)
    return disk


def payloads(disk: SimDisk) -> dict[int, bytes]:
    return {record.lsn: record.payload for record in read(disk)[0]}


def state_of(writer: LogWriter) -> str:
    return writer.state.durability.value


def full_disk_writer() -> tuple[BrokenDisk, LogWriter, Told, FakeClock]:
    disk = broken_disk()
    told, clock = Told(), FakeClock()
    writer = start(disk, told=told, clock=clock)
    fill(writer, 8, 500)
    do_chores(writer)  # spare and ballast
    assert disk.exists(f"{DIRECTORY}/ballast")
    return disk, writer, told, clock
