"""Logs made for tests: on a simulated disk, with a clock and chance that repeat."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from fuguemux.observe.clock import NS_PER_MS
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.wal.durability import Durability, WriterOptions
from fuguemux.persistence.wal.frame import Record, RecordType
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.reader import LogScan, scan
from fuguemux.persistence.wal.watermark import Watermark
from fuguemux.persistence.wal.writer import LogWriter
from tests.simulation.disk import SimDisk
from tests.support.fake_clock import FakeClock

DIRECTORY = "state/wal"
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
