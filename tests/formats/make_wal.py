"""Writes the golden log of the present version: `python -m tests.formats.make_wal <directory>`.

Run it once per released format version. The files of earlier versions stay as they are.
"""

import json
import sys
from pathlib import Path
from random import Random

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.durability import WriterOptions
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import IGNORABLE, RecordType
from fuguemux.persistence.wal.writer import LogWriter

OPTIONS = WriterOptions(segment_bytes=24 << 10, first_segment_bytes=16 << 10, ballast_bytes=0)


def make(directory: Path) -> None:
    storage = RealStorage()
    clock = iter(range(1_700_000_000_000, 1_800_000_000_000, 250))
    log = scan(storage, str(directory))
    log.finish()
    writer = LogWriter.start(
        storage,
        str(directory),
        log,
        clock_ms=lambda: next(clock),
        monotonic_ms=lambda: 0,
        entropy=Random(2024).randbytes,
        options=OPTIONS,
    )
    for number in range(24):
        writer.append(RecordType.STRUCTURE, b"event %d" % number * (number * 7))
        writer.append_output(number % 3, number * 100, memoryview(b"line %d\r\n" % number * 11))
        if number % 6 == 5:
            writer.append_output(9, number * 5000, memoryview(b"compressed\r\n" * 500))
            writer.append(RecordType.STRUCTURE, b"known, and ignorable", IGNORABLE)
            sync(writer)
            assert writer.prove() is not None
            sync(writer)
    writer.close()


def sync(writer: LogWriter) -> None:
    job = writer.sync_job()
    assert job is not None
    job.run()
    writer.sync_done(job, None)


def describe(directory: Path) -> list[dict[str, object]]:
    records = scan(RealStorage(), str(directory)).records()
    return [
        {
            "lsn": record.lsn,
            "kind": record.kind,
            "flags": record.flags,
            "time_ms": record.time_ms,
            "payload": record.payload.hex(),
        }
        for record in records
    ]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    make(target)
    (target / "records.json").write_text(json.dumps(describe(target), indent=0) + "\n")
