"""Writes a golden watermark of the present version: `python -m tests.formats.make_watermark <directory>`.

Run it once per released format version. The files of earlier versions stay as they are.
"""

import json
import sys
from pathlib import Path

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.mark import Mark, MarkedSegment
from fuguemux.persistence.wal.watermark import Watermark, read_watermark

MARKS = (
    Mark(bytes(range(16)), 41, 1_700_000_000_250),
    Mark(
        bytes(range(16)),
        977,
        1_700_000_001_250,
        clean=True,
        segment=MarkedSegment(0x30000, 900, 0x123456789ABCDEF0, 1_700_000_000_900, 2**63 + 5, 850),
    ),
)


def make(directory: Path) -> None:
    watermark = Watermark(RealStorage(), str(directory))
    for mark in MARKS:
        watermark.renew(mark)
        watermark.sync()
    watermark.close()


def describe(directory: Path) -> dict[str, object]:
    mark = read_watermark(RealStorage(), str(directory)).mark
    assert mark is not None
    return {
        **mark._asdict(),
        "store_id": mark.store_id.hex(),
        "segment": mark.segment._asdict(),
    }


if __name__ == "__main__":
    target = Path(sys.argv[1])
    make(target)
    (target / "mark.json").write_text(json.dumps(describe(target), indent=1) + "\n")
