"""Removes one defence at a time from the log and from the start of a server. The simulation must notice each of them.

Each mutation names a seed at which the simulation fails now. When the log changes it may be a later one, which costs
only time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fuguemux.persistence.recovery import pane_replay, recovery, replay
from fuguemux.persistence.recovery.store_identity import Identity, Said
from fuguemux.persistence.storage.whole_files import write_all
from fuguemux.persistence.wal import (
    chain,
    jobs,
    reader,
    segment,
    segments,
    space,
    watermark,
    writer,
)
from fuguemux.persistence.wal.active import Active
from fuguemux.persistence.wal.durability import WriterOptions
from fuguemux.persistence.wal.record import LAG_UNKNOWN, Record, record_header
from fuguemux.persistence.wal.segment import encode_header
from tests.simulation.disk import SimDisk
from tests.simulation.run import LOG
from tests.simulation.run_checkpoints import CHECKPOINTS
from tests.simulation.seeds import Simulation

Patch = Callable[[pytest.MonkeyPatch], None]


def no_directory_sync(patch: pytest.MonkeyPatch) -> None:
    """Names of segments are not made durable."""
    patch.setattr(SimDisk, "fsync_directory", lambda self, path: self._step())


def no_sync_of_the_full_segment(patch: pytest.MonkeyPatch) -> None:
    """After a rotation only the new segment is synced."""
    patch.setattr(jobs.SyncJob, "run", lambda self: self.storage.fdatasync(self.files[-1]))


def retry_after_a_failed_sync(patch: pytest.MonkeyPatch) -> None:
    """A failed fdatasync is simply tried again on the same file."""
    original = writer.LogWriter.sync_done

    def sync_done(self: writer.LogWriter, job: Any, error: OSError | None) -> None:
        if isinstance(job, jobs.SyncJob) and error is not None:
            self._job = None
            return
        original(self, job, error)

    patch.setattr(writer.LogWriter, "sync_done", sync_done)


def no_alignment(patch: pytest.MonkeyPatch) -> None:
    """After a sync, the next record shares a sector with durable ones."""
    patch.setattr(writer, "next_block", lambda offset: offset)
    patch.setattr(segments, "next_block", lambda offset: offset)
    patch.setattr(jobs, "next_block", lambda offset: offset)


def trust_the_cache(patch: pytest.MonkeyPatch) -> None:
    """What recovery could read is taken for durable."""
    patch.setattr(reader.LogScan, "undurable_records", lambda _self: list[Record]())


def header_before_the_records(patch: pytest.MonkeyPatch) -> None:
    """A replacement segment's header goes to the disk together with its records."""
    original = jobs.RehomeJob.run

    def run(self: jobs.RehomeJob) -> None:
        self.home = self.target or jobs.make_segment(
            self.storage, self.directory, self.first_id, self.segment_bytes
        )
        header = jobs.replace_home(self.header, self.home)
        write_all(self.storage, self.home.file, [encode_header(header)], 0)
        self.target = self.home
        original(self)

    patch.setattr(jobs.RehomeJob, "run", run)


def no_seal(patch: pytest.MonkeyPatch) -> None:
    """What an earlier segment holds beyond its successor's base is read as well."""
    original = reader.LogScan._read_headers

    def read_headers(self: reader.LogScan) -> None:
        original(self)
        for each in self._segments:
            each.last_lsn = chain.ENDLESS

    patch.setattr(reader.LogScan, "_read_headers", read_headers)


def no_durable_lag(patch: pytest.MonkeyPatch) -> None:
    """Records and headers testify to nothing."""

    def silent(  # the signature of record_header
        kind: int, flags: int, lsn: int, _lag: int, delta: int, payload: bytes, seed: int
    ) -> bytes:
        return record_header(kind, flags, lsn, LAG_UNKNOWN, delta, payload, seed)

    patch.setattr(writer, "record_header", silent)
    patch.setattr(jobs, "record_header", silent)


def recycled_without_salt(patch: pytest.MonkeyPatch) -> None:
    """Segments are made from dead ones, and their records are not bound to the segment."""
    dead: list[bytes] = []
    original = jobs.DeleteJob.run

    def run(self: jobs.DeleteJob) -> None:
        assert isinstance(self.storage, SimDisk)
        for name in self.names:
            path = f"{self.directory}/{name}"
            if path in self.storage.names:
                dead.append(bytes(self.storage.names[path].live[segment.RECORDS_OFFSET :]))
        original(self)

    fill = segment.fill_with_zeros

    def refill(storage: Any, file: int, size: int) -> None:
        fill(storage, file, size)
        if dead:
            old = dead.pop()[: size - segment.RECORDS_OFFSET]
            storage.pwrite(file, old, segment.RECORDS_OFFSET)

    patch.setattr(jobs.DeleteJob, "run", run)
    patch.setattr(segment, "fill_with_zeros", refill)
    for module in (jobs, reader, segments):
        patch.setattr(module, "seed_of", lambda _salt: 0)


def append_to_the_recovered_segment(patch: pytest.MonkeyPatch) -> None:
    """A start goes on in the last segment, behind the last record it could read."""

    def start(storage: Any, directory: str, log: reader.LogScan, **settings: Any) -> Any:
        settings["options"] = settings["options"] or WriterOptions()
        report = log.finish()
        made = writer.LogWriter(storage, directory, log, **settings)
        made.state.kept.clear()
        made.state.unsynced_bytes = 0
        made.state.durable_lsn = made.state.written_lsn
        live = [each for each in report.segments if each.last_lsn >= each.base_lsn]
        if not live or live[-1] is not report.segments[-1]:
            made.segments.open(0)
            return made
        last = live[-1]
        path = f"{directory}/{segment.segment_name(last.segment_id)}"
        file = storage.open(path, writable=True)
        header = segment.decode_header(storage.pread(file, segment.RECORDS_OFFSET, 0))
        assert header is not None
        seed = segment.seed_of(header.salt)
        made.segments.active = Active(file, header, seed, last.used_bytes)
        made.segments.space.used(last.segment_id)
        made.state.life, made.state.life_base_lsn = header.life, header.life_base_lsn
        return made

    patch.setattr(writer.LogWriter, "start", staticmethod(start))


def invalidated_in_the_cache(patch: pytest.MonkeyPatch) -> None:
    """A start takes it for durable that a segment is void."""
    patch.setattr(space.Space, "_void", lambda _self, _number: True)


def stands_until_the_chore(patch: pytest.MonkeyPatch) -> None:
    """A replacement that was given up counts until a chore comes to it."""
    patch.setattr(space, "write_void", lambda _storage, _file, _number: None)


def watermark_ignored(patch: pytest.MonkeyPatch) -> None:
    """A reader goes by the segments alone."""
    original = reader.LogScan.__init__

    def init(self: reader.LogScan, *where: Any, mark: Any = None, **known: Any) -> None:
        original(self, *where, **known)

    patch.setattr(reader.LogScan, "__init__", init)


def watermark_not_renewed(patch: pytest.MonkeyPatch) -> None:
    """Nobody says outside the log how far it is durable."""
    patch.setattr(watermark.Watermark, "renew", lambda _self, _mark: None)


def one_slot(patch: pytest.MonkeyPatch) -> None:
    """The watermark is rewritten in the place where what is durable stands."""
    patch.setattr(watermark, "SLOTS", 1)


def store_by_one_witness(patch: pytest.MonkeyPatch) -> None:
    """The file STORE alone says which store it is."""

    def decided(said: Said, _manifests: Any, _segments: Any, new: bytes) -> Identity:
        return Identity(said.store_id or new, said.store_id is not None, "")

    patch.setattr(recovery, "decided", decided)


def new_panes_hold_no_log(patch: pytest.MonkeyPatch) -> None:
    """Of a pane that waits to be rebuilt, and is in no checkpoint, the log may go."""
    original = replay.Replay._new_pane

    def new_pane(self: replay.Replay, *facts: Any) -> pane_replay.RecoveredPane:
        found = original(self, *facts)
        found.hold_lsn = 0
        return found

    patch.setattr(replay.Replay, "_new_pane", new_pane)


@dataclass(frozen=True)
class Mutation:
    """One missing defence, and where the simulation stumbles over it."""

    patch: Patch
    first_seed: int
    seeds: int = 1_500
    simulation: Simulation = LOG


MUTATIONS: dict[str, Mutation] = {
    "no directory sync": Mutation(no_directory_sync, 1),
    "no sync of the full segment": Mutation(no_sync_of_the_full_segment, 0),
    "retry after a failed sync": Mutation(retry_after_a_failed_sync, 36),
    "no alignment": Mutation(no_alignment, 27),
    "trust the cache": Mutation(trust_the_cache, 7),
    "header before the records": Mutation(header_before_the_records, 96),
    "no seal": Mutation(no_seal, 0),
    "no durable lag": Mutation(no_durable_lag, 699),
    "recycled without salt": Mutation(recycled_without_salt, 16),
    "append to the recovered segment": Mutation(append_to_the_recovered_segment, 0),
    "invalidated in the cache": Mutation(invalidated_in_the_cache, 209221, 100),
    "stands until the chore": Mutation(stands_until_the_chore, 1061),
    "watermark ignored": Mutation(watermark_ignored, 23),
    "watermark not renewed": Mutation(watermark_not_renewed, 0),
    "one slot": Mutation(one_slot, 0),
    "new panes hold no log": Mutation(new_panes_hold_no_log, 1340, 500, CHECKPOINTS),
    "store by one witness": Mutation(store_by_one_witness, 9, 200, CHECKPOINTS),
}
