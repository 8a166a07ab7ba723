"""Whether the log that was read is the whole one, as far as what stands beside it can tell.

A log that was emptied, removed or lost its headers reads like one that never began. Three things speak against that:
a checkpoint, which is written when the log is durable up to it; records of a segment whose header is gone; and a file
that a server leaves when it has served here. What is lost then, nobody can tell.
"""

from collections.abc import Sequence
from typing import Final

from fuguemux.persistence.files import Storage
from fuguemux.persistence.manifest import Manifest
from fuguemux.persistence.report import RecoveryReport
from fuguemux.persistence.wal import findings as kinds
from fuguemux.persistence.wal.findings import Finding, ScanReport
from fuguemux.persistence.wal.headerless import durable_lsn

SERVED_FILE: Final = "boot"
"""In the state directory since a server first served from it."""


def tell_missing_log(
    storage: Storage,
    directory: str,
    report: RecoveryReport,
    found: ScanReport,
    *,
    manifests: Sequence[Manifest],
    covered_lsn: int,
    served: bool,
) -> None:
    """Add what is missing to the report, and to `found` what its headers hid; before damaged segments are set aside.

    `covered_lsn`: up to there the structure comes from a checkpoint. `served`: a server has served from this state before.
    """
    known = {finding.segment_id for finding in found.findings}
    for number in found.unusable_segments:
        if number in known:
            continue
        if durable_lsn(storage, directory, number) > max(found.last_lsn, covered_lsn):
            detail = "neither copy of its header can be read, and what it held was acknowledged"
            found.findings.append(Finding(kinds.UNREADABLE_HEADER, number, 0, detail))
            report.missing.append(f"log segment {number:016x}: {detail}")
    if report.missing:
        return
    if manifests:
        newest = manifests[0]
        if not newest.structure_lsn:
            return  # a checkpoint of nothing may be there before the first record
        if not found.segments:
            what = f"the log has no segment that can be read, and checkpoint {newest.number} had one beside it"
            report.missing.append(what)
        elif found.last_lsn < covered_lsn:
            what = (
                f"the log ends at LSN {found.last_lsn}, before the checkpoint that was made from it"
            )
            report.missing.append(what)
    elif served and not found.segments:
        report.missing.append(
            "the log has no segment that can be read, and a server had written it"
        )
