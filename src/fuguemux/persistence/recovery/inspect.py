"""Inspects a log that no server is using: verify, dump, salvage.

Read-only, except that `salvage` writes into a directory that it creates itself. Progress is reported to a callback as the
share of the bytes read so far, from 0 to 1.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from fuguemux.persistence.storage.files import RealStorage, Storage
from fuguemux.persistence.storage.whole_files import write_all
from fuguemux.persistence.wal.findings import LostRange, ScanReport
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.mark_copy import furthest
from fuguemux.persistence.wal.reader import LogScan, scan
from fuguemux.persistence.wal.record import (
    COMPRESSED,
    OutputChunk,
    Record,
    RecordPayloadDamaged,
    RecordType,
    class_name,
    decode_output,
    record_bytes,
)
from fuguemux.persistence.wal.segment import RECORDS_OFFSET, UnsupportedLog, segment_id_of
from fuguemux.persistence.wal.watermark import read_watermark

EXIT_CLEAN: Final = 0
EXIT_DAMAGED: Final = 1
EXIT_UNREADABLE: Final = 2  # CannotRead

Progress = Callable[[float], None]


class CannotRead(Exception):
    """The log cannot be read at all: it does not exist, belongs to another user, or is of another version."""


class Verification(msgspec.Struct):
    """What a log contains and what is damaged in it. `to_dict` is ready for JSON."""

    report: ScanReport
    bytes_total: int = 0
    records_by_class: dict[str, int] = msgspec.field(default_factory=dict)
    undecodable_lsns: list[int] = msgspec.field(default_factory=list)
    first_ms: int = 0
    last_ms: int = 0
    mark: Mark | None = None
    """What the watermark says of this log. None if it says nothing."""

    @property
    def exit_code(self) -> int:
        """0 if nothing that was durable is missing, else 1. A torn tail is not damage."""
        damaged = self.report.damaged or self.undecodable_lsns
        return EXIT_DAMAGED if damaged else EXIT_CLEAN

    def to_dict(self) -> dict[str, object]:
        """The same as plain values."""
        return {
            **self.report.to_dict(),
            "bytes_total": self.bytes_total,
            "records_by_class": self.records_by_class,
            "undecodable_lsns": self.undecodable_lsns,
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            "watermark_lsn": self.mark.durable_lsn if self.mark is not None else None,
            "watermark_ms": self.mark.wall_ms if self.mark is not None else None,
            "exit_code": self.exit_code,
        }


class DumpedRecord(msgspec.Struct, frozen=True):
    """One record, for people and for JSON. `data` is the payload, decompressed for output."""

    lsn: int
    kind: str
    time_ms: int
    size: int
    compressed: bool
    pane: int | None
    pane_offset: int | None
    data: bytes
    problem: str = ""

    def to_dict(self) -> dict[str, object]:
        """The same as plain values, with the data as hexadecimal digits."""
        return {
            "lsn": self.lsn,
            "kind": self.kind,
            "time_ms": self.time_ms,
            "size": self.size,
            "compressed": self.compressed,
            "pane": self.pane,
            "pane_offset": self.pane_offset,
            "data": self.data.hex(),
            "problem": self.problem,
        }


class SalvagedFiles(msgspec.Struct):
    """What was salvaged, and where it is."""

    verification: Verification
    files: list[str] = msgspec.field(default_factory=list)
    structure_records: int = 0
    output_bytes: int = 0
    gaps: int = 0

    def to_dict(self) -> dict[str, object]:
        """The same as plain values."""
        return {
            "files": self.files,
            "structure_records": self.structure_records,
            "output_bytes": self.output_bytes,
            "gaps": self.gaps,
            "verification": self.verification.to_dict(),
        }


def verify(
    directory: str,
    *,
    from_lsn: int = 1,
    storage: Storage | None = None,
    progress: Progress | None = None,
    expected: bool = False,
    beside: Mark | None = None,
) -> Verification:
    """Read every record of the log in `directory`. Raises CannotRead, but not if a log that is `expected` to exist is
    missing: what it contained is then counted as lost.

    `beside` is what the copy of the watermark outside the state directory says of this store.
    """
    reading = _Reading(
        storage or RealStorage(), directory, from_lsn, progress, expected=expected, beside=beside
    )
    for _record in reading.records():
        pass
    return reading.result()


def dump(
    directory: str,
    *,
    from_lsn: int = 1,
    needed_lsn: int = 1,
    storage: Storage | None = None,
    progress: Progress | None = None,
) -> Iterator[DumpedRecord]:
    """Yield every readable record in order. Where records are lost or a file is damaged, yield an entry with a `problem`.

    What is missing before `needed_lsn` is not lost, because a checkpoint has it, and the log may have been truncated
    there. Raises CannotRead, perhaps only after some records.
    """
    reading = _Reading(storage or RealStorage(), directory, from_lsn, progress)
    report = reading.verification.report
    told = 0
    for record in reading.records():
        yield from _dumped_losses(report.lost[told:], needed_lsn)
        told = len(report.lost)
        yield _dumped(record)
    yield from _dumped_losses(report.lost[told:], needed_lsn)
    for finding in report.findings:
        what = f"segment {finding.segment_id:016x}, {finding.kind}: {finding.detail}"
        yield DumpedRecord(0, "damaged", 0, 0, False, None, None, b"", what)


def salvage(
    directory: str,
    output: str,
    *,
    from_lsn: int = 1,
    storage: Storage | None = None,
    progress: Progress | None = None,
) -> SalvagedFiles:
    """Write what can be read into the new directory `output`.

    `structure.log`: for each record its LSN u64 and length u32, little-endian, then the payload. `pane-<n>.out`: the
    bytes that the pane's program wrote, without gaps where some are missing. Raises CannotRead, and OSError
    (FileExistsError if `output` exists).
    """
    storage = storage or RealStorage()
    if storage.exists(output):
        raise FileExistsError(
            errno.EEXIST, "exists already: name a directory that does not exist", output
        )
    reading = _Reading(storage, directory, from_lsn, progress)
    saved = SalvagedFiles(reading.verification)
    storage.make_directory(output)
    writing = _Writing(storage, output)
    try:
        for record in reading.records():
            if record.kind == RecordType.STRUCTURE:
                length = len(record.payload)
                header = record.lsn.to_bytes(8, "little") + length.to_bytes(4, "little")
                writing.add("structure.log", header + record.payload)
                saved.structure_records += 1
            elif record.kind == RecordType.OUTPUT:
                _save_output(record, writing, saved)
    finally:
        writing.close()
    saved.files = writing.paths
    reading.result()
    return saved


def _save_output(record: Record, writing: "_Writing", saved: SalvagedFiles) -> None:
    chunk = _decoded(record)
    if chunk is None:
        return
    end = writing.ends.get(chunk.pane)
    data = chunk.data
    if end is not None and chunk.offset < end:
        data = data[end - chunk.offset :]  # logged twice, across a restart
    elif end is not None and chunk.offset > end:
        saved.gaps += 1
    writing.ends[chunk.pane] = max(end or 0, chunk.offset + len(chunk.data))
    saved.output_bytes += len(data)
    writing.add(f"pane-{chunk.pane}.out", data)


class _Writing:
    """Files in one directory, written by appending."""

    def __init__(self, storage: Storage, directory: str) -> None:
        self._storage = storage
        self._directory = directory
        self._files: dict[str, tuple[int, int]] = {}
        self.ends: dict[int, int] = {}

    @property
    def paths(self) -> list[str]:
        """The paths of the files."""
        return [f"{self._directory}/{name}" for name in self._files]

    def add(self, name: str, data: bytes) -> None:
        """Append to a file."""
        if name not in self._files:
            self._files[name] = (self._storage.create(f"{self._directory}/{name}"), 0)
        file, end = self._files[name]
        if data:
            write_all(self._storage, file, [data], end)
        self._files[name] = (file, end + len(data))

    def close(self) -> None:
        """Sync and close all files."""
        for file, _end in self._files.values():
            self._storage.fsync(file)
            self._storage.close(file)
        self._storage.fsync_directory(self._directory)


class _Reading:
    """One pass over the log, which also counts."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        from_lsn: int,
        progress: Progress | None,
        *,
        expected: bool = False,
        beside: Mark | None = None,
    ) -> None:
        self._progress = progress
        try:
            names = _segments(storage, directory, expected=expected)
            # Read it before the log, which a server may extend. The watermark is beside the log's directory.
            found = read_watermark(storage, os.path.dirname(os.path.abspath(directory)))
            mark = furthest(found, beside, beside.store_id if beside is not None else None).mark
            self._log: LogScan = scan(storage, directory, from_lsn, mark=mark)
        except FileNotFoundError as error:
            raise CannotRead(f"there is no log in {directory}") from error
        except (OSError, UnsupportedLog) as error:
            raise CannotRead(str(error)) from error
        self.verification = Verification(self._log.report, mark=self._log.mark)
        size = 0
        for name in names:
            try:
                file = storage.open(f"{directory}/{name}")
            except OSError:
                continue  # the scan has a finding for it
            size += storage.size(file)
            storage.close(file)
        self.verification.bytes_total = size

    def records(self) -> Iterator[Record]:
        """Yield every record, and count it. Progress is reported about a hundred times."""
        verification = self.verification
        by_class = verification.records_by_class
        done = told = 0
        step = max(verification.bytes_total // 100, 1)
        try:
            for record in self._log.records():
                name = class_name(record.flags)
                by_class[name] = by_class.get(name, 0) + 1
                verification.first_ms = verification.first_ms or record.time_ms
                verification.last_ms = record.time_ms
                if record.kind == RecordType.OUTPUT and _decoded(record) is None:
                    verification.undecodable_lsns.append(record.lsn)
                done += record_bytes(len(record.payload))
                if self._progress is not None and done - told >= step:
                    told = done
                    reach = done + RECORDS_OFFSET
                    self._progress(min(reach / verification.bytes_total, 1.0))
                yield record
        except (OSError, UnsupportedLog) as error:
            raise CannotRead(str(error)) from error
        if self._progress is not None:
            self._progress(1.0)

    def result(self) -> Verification:
        """The complete verification."""
        self._log.finish()
        return self.verification


def _segments(storage: Storage, directory: str, *, expected: bool) -> list[str]:
    """The names of the log's segments. Raises OSError, but not for a missing directory that is `expected`."""
    try:
        return [name for name in storage.list(directory) if segment_id_of(name) is not None]
    except (FileNotFoundError, NotADirectoryError):
        if expected:
            return []
        raise


def _decoded(record: Record) -> OutputChunk | None:
    try:
        return decode_output(record.flags, record.payload)
    except RecordPayloadDamaged:
        return None


def _dumped_losses(ranges: Sequence[LostRange], needed_lsn: int) -> Iterator[DumpedRecord]:
    for lost in ranges:
        first = max(lost.first_lsn, needed_lsn)
        if first <= lost.last_lsn:
            what = lost_words(first, lost)
            yield DumpedRecord(
                first, "lost", lost.from_ms, lost.damaged_bytes, False, None, None, b"", what
            )


def lost_words(first_lsn: int, lost: LostRange) -> str:
    """Describe the lost records of a range from `first_lsn` on, and what they contained as far as that is known."""
    one = first_lsn == lost.last_lsn
    which = f"record {first_lsn} is" if one else f"records {first_lsn} to {lost.last_lsn} are"
    known = {name: count for name, count in lost.classes.items() if name != "unknown"}
    if not known:
        return f"{which} lost; what was in {'it' if one else 'them'} is not known"
    classes = ", ".join(f"{count} {name}" for name, count in lost.classes.items())
    return f"{which} lost ({classes})"


def _dumped(record: Record) -> DumpedRecord:
    known = record.kind in frozenset(RecordType)
    kind = RecordType(record.kind).name.lower() if known else f"type-{record.kind}"
    pane = offset = None
    data, problem = record.payload, ""
    if record.kind == RecordType.OUTPUT:
        try:
            pane, offset, data = decode_output(record.flags, record.payload)
        except RecordPayloadDamaged as error:
            problem = str(error)
    return DumpedRecord(
        record.lsn,
        kind,
        record.time_ms,
        len(record.payload),
        bool(record.flags & COMPRESSED),
        pane,
        offset,
        data,
        problem,
    )
