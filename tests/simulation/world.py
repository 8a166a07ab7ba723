"""Simulates one seed: several lives of a log on a simulated disk, and the oracles that judge each restart.

Oracles
- Every acknowledged LSN comes back, or (with bit rot only) lies inside a reported range.
- No phantom: a record that comes back has the content that was given to its LSN.
- Order: LSNs rise by one, except over reported ranges.
- No false alarm: without bit rot nothing is reported as damage.
- Written records survive the death of the process.
- Nothing is written while nothing is appended.
- The watermark never says more than was durable, nor less than was written to it. Records that it covers and that are missing
  are damage.
"""

from dataclasses import dataclass, field
from random import Random

from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.wal.durability import Durability, LogUnavailable, WriterOptions
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.jobs import RehomeJob, SyncJob
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.quarantine import quarantine
from fuguemux.persistence.wal.reader import LogScan, scan
from fuguemux.persistence.wal.record import Record, RecordType, decode_output, record_bytes
from fuguemux.persistence.wal.segment import (
    RECORDS_OFFSET,
    decode_header,
    seed_of,
    segment_id_of,
)
from fuguemux.persistence.wal.space import Chore
from fuguemux.persistence.wal.walk import ReadWindow, RecordRun, walk
from fuguemux.persistence.wal.watermark import Watermark, read_watermark
from fuguemux.persistence.wal.writer import LogWriter
from tests.simulation.disk import SECTOR_BYTES, Crash, SimDisk

STATE = "state"
DIRECTORY = f"{STATE}/wal"
OPTIONS = WriterOptions(
    segment_bytes=24 << 10,
    first_segment_bytes=16 << 10,
    ballast_bytes=4 << 10,
    unsynced_bytes_max=12 << 10,
)


@dataclass(frozen=True)
class Odds:
    """How often it happens. Chances, but for `steps_max`: of a life."""

    early_crash: float = 0.3
    refusing: float = (
        0.0  # a life on a disk that refuses syncs, and headers of segments, now and then
    )
    process_crash: float = 0.35  # instead of a power failure
    chore: float = 0.03  # of a step
    time: float = 0.015  # of a step: time passes, so that what failed is tried again
    writeback: float = 0.01  # of an operation
    crash_after_unlink: float = 0.0
    steps_max: int = 70


USUAL = Odds()
REPLACEMENTS = Odds(
    early_crash=0.5,
    refusing=0.9,
    process_crash=0.6,
    chore=0.05,
    writeback=0.15,
    crash_after_unlink=0.5,
    steps_max=120,
)
"""Segments that replace others are given up, often while the server or the machine dies."""


class Violation(AssertionError):
    """A promise that was broken."""


@dataclass
class Outcome:
    """What one seed saw, to know that the faults really happen."""

    lives: int = 0
    appended: int = 0
    acknowledged: int = 0
    recovered: int = 0
    rotted: int = 0
    lost: int = 0
    ambiguous: int = 0
    sync_fails: int = 0
    torn: int = 0
    rotations: int = 0
    durability_lost: int = 0
    trace: list[str] = field(default_factory=list)


@dataclass
class _Place:
    """Where a record stands, and what it testifies to."""

    lsn: int
    path: str
    start: int
    end: int
    witness: int


class World:
    """The truth about one log through its lives."""

    def __init__(self, seed: int, *, rot: bool = False, odds: Odds = USUAL) -> None:
        self.rng = Random(seed)
        self.odds = odds
        self.disk = SimDisk(self.rng)
        self.disk.writeback_chance = odds.writeback
        self.disk.crash_after_unlink_chance = odds.crash_after_unlink
        self.disk.directories.add(DIRECTORY)
        self.rot = rot
        self.rotted = False
        self.given: dict[int, tuple[int, bytes]] = {}
        self.durable_at: dict[int, int] = {}  # what was durable when an LSN was given
        self.acknowledged = 0  # highest LSN
        self.in_kernel = 0
        self.voided: dict[int, list[tuple[int, bytes]]] = {}
        """What was given and did not come back, but may as long as the disk has not taken in that it is void."""
        self.seen_lsn = 0  # where the log ended when it was last read
        self.started_lsn = 0  # of a start that crashed: so much may have become durable in it
        self.checkpoint = 1  # LSNs below it are not needed any more
        self.lost: set[int] = set()
        self.now_ms = 1_700_000_000_000
        self.passed_ms = 0
        self.outcome = Outcome()
        self.pane_offset = 0
        self.job: SyncJob | RehomeJob | None = None
        self.chore: Chore | None = None
        self.watermark: Watermark | None = None
        self.marked = 0  # what the watermark was told, and said
        self.marked_durably = 0
        self.ran = False
        self.error: OSError | None = None

    @classmethod
    def of_seed(cls, seed: int) -> "World":
        """Every fourth seed has bit rot; every eighth one is about replacements of segments."""
        return cls(seed, rot=seed % 4 == 3, odds=REPLACEMENTS if seed % 8 == 5 else USUAL)

    @property
    def storage(self) -> Storage:
        return self.disk

    def clock_ms(self) -> int:
        self.now_ms += self.rng.randint(0, 40)
        return self.now_ms

    def monotonic_ms(self) -> int:
        return self.passed_ms

    def run(self) -> Outcome:
        lives = self.rng.randint(2, 5)
        for life in range(lives):
            self.outcome.lives += 1
            last = life == lives - 1
            writer: LogWriter | None = None
            if self.rng.random() < self.odds.early_crash:
                # Often already while starting, or before anything of it is durable.
                self.disk.crash_in = self.rng.randint(0, self.rng.choice((2, 25)))
            try:
                writer = self._start()
                self._live(writer)
            except Crash:
                pass
            else:
                if self.rng.random() < 0.5:
                    self._close(writer)
            if writer is not None:
                self.in_kernel = max(self.in_kernel, writer.state.written_lsn)
                self.acknowledged = max(self.acknowledged, writer.state.durable_lsn)
            self.outcome.sync_fails += self.disk.sync_fails
            self.disk.sync_fails = 0
            self._stop()
            if self.rot and (last or self.rng.random() < 0.3):
                self._rot()
        self._recover()
        return self.outcome

    # -- a life ------------------------------------------------------------------------------

    def _start(self) -> LogWriter:
        log = self._recover()
        quarantine(self.storage, DIRECTORY, "state/quarantine", log.report)
        self.started_lsn = log.report.last_lsn
        if self.rng.random() < 0.1:
            self.disk.fail_sync_chance = 0.3
        self.watermark = Watermark(self.storage, STATE)
        writer = LogWriter.start(
            self.storage,
            DIRECTORY,
            log,
            clock_ms=self.clock_ms,
            monotonic_ms=self.monotonic_ms,
            entropy=self.rng.randbytes,
            on_durability=self._on_durability,
            options=OPTIONS,
            watermark=self.watermark,
        )
        self.acknowledged = max(self.acknowledged, writer.state.durable_lsn)
        self.in_kernel = max(self.in_kernel, writer.state.written_lsn)
        self.started_lsn = 0
        if not writer.segments.space.returning:
            self.voided.clear()
        return writer

    def _on_durability(self, durability: Durability, _reason: str) -> None:
        if durability is Durability.LOST:
            self.outcome.durability_lost += 1

    def _live(self, writer: LogWriter) -> None:
        """A random mixture of what a server does to its log."""
        self._arm_faults()
        self.job = self.chore = None
        chore_from = 0.985 - self.odds.time - self.odds.chore
        for _step in range(self.rng.randint(5, self.odds.steps_max)):
            action = self.rng.random()
            if action < 0.42:
                self._append(writer)
            elif action < 0.55:
                writer.write()
            elif action < chore_from:
                self._sync_step(writer, begin=action < 0.72)
            elif action < 0.985 - self.odds.time:
                self._chore_step(writer)
            elif action < 0.985:
                self._time_passes()
            elif self.rng.random() < 0.2:
                self._begin_segment(writer)
            elif self.rng.random() < 0.3:
                writer.deferred = not writer.deferred
            elif self.rng.random() < 0.5:
                top = max(self.checkpoint, writer.state.durable_lsn + 1)
                self.checkpoint = self.rng.randint(self.checkpoint, top)
                writer.segments.truncate_before(self.checkpoint)
            self._note(writer)
        self._finish_work(writer)
        self._note(writer)
        self.outcome.rotations += writer.segments.count

    def _finish_work(self, writer: LogWriter) -> None:
        while self.job is not None:
            self._sync_step(writer, begin=False)
        if self.chore is not None:
            self._chore_step(writer)

    def _note(self, writer: LogWriter) -> None:
        self.acknowledged = max(self.acknowledged, writer.state.durable_lsn)
        self.in_kernel = max(self.in_kernel, writer.state.written_lsn)

    def _sync_step(self, writer: LogWriter, *, begin: bool) -> None:
        """A sync takes its time: it is asked for, it runs, and later the writer hears of it."""
        if begin:
            if self.job is None:
                self.job, self.ran = writer.sync_job(), False
        elif self.job is None:
            return
        elif not self.ran:
            self.error, self.ran = _run(self.job), True
        else:
            writer.sync_done(self.job, self.error)
            if self.error is None and isinstance(self.job, SyncJob) and self.rng.random() < 0.9:
                self.job.afterwards()  # a thread that is slow, or killed before, leaves it out
                self._note_mark(self.job.mark)
            self.job = None
            chance = self.rng.random()
            if chance < 0.1:
                self._check_idle(writer)
            elif chance < 0.3:
                self._prove(writer)

    def _note_mark(self, mark: Mark | None) -> None:
        """From here on the watermark says so much; if the disk took it, and for good once it is synced."""
        assert self.watermark is not None
        if self.watermark.problem:
            self.marked = self.marked_durably = (
                0  # the next mark may go to a file that is made anew
            )
        elif mark is not None:
            self.marked = mark.durable_lsn
            if not self.watermark.behind:
                self.marked_durably = self.marked

    def _chore_step(self, writer: LogWriter) -> None:
        if self.chore is None:
            self.chore = writer.segments.chore()
        else:
            writer.segments.chore_done(self.chore, _run(self.chore))
            self.chore = None

    def _time_passes(self) -> None:
        passed = self.rng.randint(0, 4_000)
        self.passed_ms += passed
        self.now_ms += passed
        if self.rng.random() < 0.2:  # somebody sets the wall clock
            self.now_ms = max(self.now_ms + self.rng.randint(-10_000_000, 10_000_000), 0)
        if self.rng.random() < 0.5:
            self.disk.fail_sync_chance = self.disk.fail_write_chance = 0.0
            self.disk.fail_front_chance = 0.0
            self.disk.space = None

    def _arm_faults(self) -> None:
        rng, disk = self.rng, self.disk
        if rng.random() < self.odds.refusing:
            disk.fail_sync_chance, disk.fail_front_chance = 0.4, 0.6
            return
        fault = rng.random()
        if fault < 0.45:
            disk.crash_in = rng.randint(0, 120)
        elif fault < 0.65:
            disk.fail_sync_chance = rng.choice((0.1, 0.5, 1.0))
        elif fault < 0.72:
            disk.fail_write_chance = rng.choice((0.05, 0.5))
        elif fault < 0.80:
            disk.space = rng.randint(16 << 10, 96 << 10)
        elif fault < 0.85:
            disk.short_write_chance = 0.3
        elif fault < 0.90:
            disk.fail_sync_chance = disk.fail_write_chance = rng.choice((0.2, 0.5))

    def _append(self, writer: LogWriter) -> None:
        rng = self.rng
        size = rng.choice((0, 1, 8, 60, 200, 500, 900, 3000, 5000))
        try:
            if rng.random() < 0.5:
                payload = rng.randbytes(size)
                kind = int(RecordType.STRUCTURE)
                lsn: int | None = writer.state.next_lsn
                self.given[writer.state.next_lsn] = (kind, payload)
                lsn = writer.append(RecordType.STRUCTURE, payload)
            else:
                payload = rng.randbytes(size // 2) + b"x" * (size - size // 2)
                kind = int(RecordType.OUTPUT)
                before = self.given.get(writer.state.next_lsn)
                expected = writer.state.next_lsn
                self.given[expected] = (kind, payload)
                lsn = writer.append_output(7, self.pane_offset, payload)
                if lsn is None:
                    if before is None:
                        del self.given[expected]
                    else:
                        self.given[expected] = before
                    return
                self.pane_offset += size
        except LogUnavailable:
            return
        self.durable_at[lsn] = writer.state.durable_lsn
        self.outcome.appended += 1

    def _prove(self, writer: LogWriter) -> None:
        """The log is idle for a while: once, and only once, testimony to the last sync is written."""
        durable = writer.state.durable_lsn
        lsn = writer.prove()
        if lsn is not None:
            self.given[lsn] = (int(RecordType.PROOF), b"")
            self.durable_at[lsn] = durable
            if writer.prove() is not None or writer.state.content_lsn != lsn - 1:
                raise Violation("an idle log proves twice")

    def _begin_segment(self, writer: LogWriter) -> None:
        """What comes next is to stand in a segment of its own."""
        durable, lsn = writer.state.durable_lsn, writer.state.next_lsn
        began = writer.begin_segment()
        if writer.state.next_lsn > lsn:
            self.given[lsn] = (int(RecordType.PROOF), b"")
            self.durable_at[lsn] = durable
        if began and writer.segments.newest_base_lsn > lsn:
            raise Violation("the new segment begins too late")

    def _check_idle(self, writer: LogWriter) -> None:
        """Nothing appended since the last sync: nothing is written."""
        if (
            writer.state.durability is Durability.OK
            and writer.state.durable_lsn == writer.state.next_lsn - 1
        ):
            before = self.disk.writes
            writer.write()
            job = writer.sync_job()
            if job is not None or self.disk.writes != before:
                raise Violation("an idle log was written")

    def _close(self, writer: LogWriter) -> None:
        try:
            durable = writer.close()
        except Crash:
            return
        if durable:
            self.acknowledged = max(self.acknowledged, writer.state.durable_lsn)
        self.in_kernel = max(
            self.in_kernel, min(writer.state.written_lsn, max(self.given, default=0))
        )

    def _stop(self) -> None:
        if self.watermark is not None and self.watermark.problem:
            self.marked = self.marked_durably = 0
        if self.disk.torn:
            self.marked = self.marked_durably  # perhaps it was the slot that was being rewritten
        if self.rng.random() < self.odds.process_crash:
            self.disk.process_crash()
            self._trace(f"process crash, in kernel {self.in_kernel} acked {self.acknowledged}")
        else:
            self.disk.power_loss()
            self.in_kernel = 0
            self.marked = self.marked_durably
            self._trace(f"power loss, acked {self.acknowledged}")

    def _trace(self, line: str) -> None:
        self.outcome.trace.append(line)

    # -- a restart ---------------------------------------------------------------------------

    def _recover(self) -> LogScan:
        # A reader does not write; its operations do not bring the crash nearer.
        mark = read_watermark(self.storage, STATE).mark
        if self.acknowledged > self.seen_lsn:
            self.voided.clear()  # what is durable in a life supersedes what earlier ones left
        durable = max(self.acknowledged, self.started_lsn)
        if mark is not None and mark.durable_lsn > durable:
            raise Violation(f"the watermark says {mark.durable_lsn}, durable was {durable}")
        said = mark.durable_lsn if mark is not None else 0
        if said < self.marked:
            raise Violation(f"the watermark was told {self.marked}, and says {said}")
        log = scan(self.storage, DIRECTORY, self.checkpoint, mark=mark)
        records = list(log.records())
        report = log.report
        self._trace(
            f"recovered {len(records)} to {report.last_lsn} clean={report.clean} "
            f"tail={report.tail} lost={report.lost} findings={report.findings}"
        )
        self._judge(records, report)
        # Once the server has started people see what came back: nothing of the rest may ever appear.
        for lsn in [lsn for lsn in self.given if lsn > report.last_lsn]:
            self.voided.setdefault(lsn, []).append(self.given.pop(lsn))
        self.seen_lsn = report.last_lsn
        self.acknowledged = min(self.acknowledged, report.last_lsn)
        self.in_kernel = min(self.in_kernel, report.last_lsn)
        self.outcome.recovered += len(records)
        self.outcome.torn += report.tail is not None
        return log

    def _judge(self, records: list[Record], report: ScanReport) -> None:
        reported = {lsn for lost in report.lost for lsn in range(lost.first_lsn, lost.last_lsn + 1)}
        if not self.rotted and report.damaged:
            raise Violation(f"false alarm: {report.lost} {report.findings}")
        found = {record.lsn for record in records}
        lsns = [record.lsn for record in records]
        if lsns != sorted(found):
            raise Violation("records out of order")
        for record in records:
            self._judge_record(record)
        for lsn in range(self.checkpoint, report.last_lsn + 1):
            if lsn not in found and lsn not in reported and self._content(lsn):
                raise Violation(f"LSN {lsn} is silently missing")
        for lsn in self._promised():
            if lsn in found or lsn in reported or lsn in self.lost:
                continue
            if not self.rotted:
                raise Violation(
                    f"acknowledged LSN {lsn} is lost, the log ends at {report.last_lsn}"
                )
            if lsn <= self.witnessed:
                raise Violation(f"LSN {lsn} was proven durable, yet is called a torn tail")
            if report.clean or lsn <= report.last_lsn:
                raise Violation(f"acknowledged LSN {lsn} is silently lost")
            self.outcome.ambiguous += 1
        self.lost |= reported
        self.outcome.lost += len(reported)
        self.outcome.acknowledged += max(0, self.acknowledged - self.checkpoint + 1)

    witnessed = 0

    def _promised(self) -> list[int]:
        top = max(self.acknowledged, self.in_kernel)
        if self.rotted:
            top = self.acknowledged
        return [lsn for lsn in self.given if self.checkpoint <= lsn <= top and self._content(lsn)]

    def _content(self, lsn: int) -> bool:
        """Whether the record is one that a reader hands out."""
        return self.given.get(lsn, (0, b""))[0] in {RecordType.STRUCTURE, RecordType.OUTPUT}

    def _judge_record(self, record: Record) -> None:
        found = record.payload
        if record.kind == RecordType.OUTPUT:
            found = decode_output(record.flags, record.payload).data
        said = (int(record.kind), found)
        if said in self.voided.get(record.lsn, ()):
            self.given[record.lsn] = said
        if record.lsn not in self.given:
            raise Violation(f"phantom: LSN {record.lsn} was never given")
        if said != self.given[record.lsn]:
            raise Violation(f"phantom: LSN {record.lsn} is not what it was given")

    # -- bit rot -----------------------------------------------------------------------------

    def _rot(self) -> None:
        """Damage one place of one file, and note what the rest still proves."""
        rng, disk = self.rng, self.disk
        paths = sorted(path for path in disk.names if path.endswith(".wal"))
        if not paths:
            return
        places = self._places()
        path = rng.choice(paths)
        content = disk.content(path)
        used = [place for place in places if place.path == path]
        reach = max((place.end for place in used), default=len(content))
        if not content:
            return
        start = rng.randrange(min(reach + 64, len(content)))
        match rng.randrange(5):
            case 0:
                end = start + 1
                content[start] ^= 1 << rng.randrange(8)
            case 1:
                start -= start % SECTOR_BYTES
                end = min(start + SECTOR_BYTES, len(content))
                content[start:end] = bytes(end - start)
            case 2:
                start -= start % SECTOR_BYTES
                end = min(start + SECTOR_BYTES, len(content))
                content[start:end] = rng.randbytes(end - start)
            case 3:
                start -= start % 4096
                end = min(start + 4096, len(content))
                content[start:end] = rng.randbytes(end - start)
            case _:
                end = len(content)
                del content[start:]
        disk.settle()
        self.rotted = True
        self.outcome.rotted += 1
        gone = [p for p in places if p.path == path and p.start < end and p.end > start]
        if path.endswith(".wal") and start < RECORDS_OFFSET and end >= RECORDS_OFFSET:
            gone = used
        left = [place for place in places if place not in gone]
        mark = read_watermark(self.storage, STATE).mark
        said = mark.durable_lsn if mark is not None else 0
        self.witnessed = max((place.witness for place in left), default=0)
        self.witnessed = max(self.witnessed, said)
        self._trace(f"rot in {path} {start}..{end} of {len(content)}, witnessed {self.witnessed}")

    def _places(self) -> list[_Place]:
        """Every record that counts now, by its place."""
        places: list[_Place] = []
        sealed: list[tuple[int, str]] = []
        report = scan(self.storage, DIRECTORY, self.checkpoint).finish()
        for segment in report.segments:
            name = next(
                n for n in self.disk.list(DIRECTORY) if segment_id_of(n) == segment.segment_id
            )
            path = f"{DIRECTORY}/{name}"
            sealed.append((segment.base_lsn, path))
            file = self.disk.open(path)
            front = self.disk.pread(file, RECORDS_OFFSET, 0)
            header = decode_header(front)
            assert header is not None
            window = ReadWindow(self.disk, file, self.disk.size(file))
            for item in walk(
                window, seed_of(header.salt), header.opened_ms, RECORDS_OFFSET, header.base_lsn
            ):
                if not isinstance(item, RecordRun):
                    continue
                offset = item.offset
                for record in item.records:
                    size = record_bytes(len(record.payload))
                    if record.lsn <= segment.last_lsn:
                        places.append(
                            _Place(
                                record.lsn,
                                path,
                                offset,
                                offset + size,
                                self.durable_at.get(record.lsn, 0),
                            )
                        )
                    offset += size
            self.disk.close(file)
        return places


def _run(job: SyncJob | RehomeJob | Chore) -> OSError | None:
    try:
        job.run()
    except OSError as error:
        return error
    return None


def simulate(seed: int) -> Outcome:
    """Run one seed; raises Violation. Every fourth seed has bit rot."""
    return World.of_seed(seed).run()
