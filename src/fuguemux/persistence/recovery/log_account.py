"""Puts the findings of reading the log into the recovery report: lost ranges, damaged segments, and where their bytes are
now.
"""

from collections.abc import Sequence

from fuguemux.persistence.report.parts import Damage, LostRecords
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.quarantine import SetAside


def tell_log(
    report: RecoveryReport, found: ScanReport, covered_lsn: int, aside: Sequence[SetAside]
) -> None:
    """Add what is missing and what is damaged. Structure up to `covered_lsn` is in a checkpoint and not lost."""
    for lost in found.lost:
        # Gaps in output show in the panes' offsets, wherever the records were.
        first = max(lost.first_lsn, covered_lsn + 1)
        if first <= lost.last_lsn:
            report.lose(
                LostRecords(
                    first,
                    lost.last_lsn,
                    lost.damaged_bytes,
                    lost.from_ms,
                    lost.to_ms,
                    lost.classes,
                    lost.segment_id,
                    lost.offset,
                )
            )
    where = {each.segment_id: _relative(each.path) for each in aside if each.path}
    named = {finding.segment_id for finding in found.findings}
    for finding in found.findings:
        at = f" at byte {finding.offset}" if finding.offset >= 0 else ""
        what = f"{finding.kind}{at}: {finding.detail}"
        path = where.get(finding.segment_id, "")
        report.damaged(Damage(_segment(finding.segment_id), what, path))
    for each in aside:
        if each.problem:
            report.remark(f"{_segment(each.segment_id)} could not be set aside: {each.problem}")
        elif each.segment_id not in named:
            _tell_segment(report, found, each)
    if found.tail is not None:
        report.unfinished(found.tail.records, found.tail.dropped_bytes)


def _tell_segment(report: RecoveryReport, found: ScanReport, each: SetAside) -> None:
    ranges = [
        f"{lost.first_lsn}-{lost.last_lsn}"
        for lost in found.lost
        if lost.segment_id == each.segment_id
    ]
    name, path = _segment(each.segment_id), _relative(each.path)
    if ranges:
        what = f"records {', '.join(ranges)} cannot be read"
        report.damaged(Damage(name, what, path))
    elif each.moved:
        report.remark(
            f"{name} has no header that can be read: it was never finished, or both copies are damaged; "
            f"it is now {path}"
        )
    elif each.segment_id in found.beyond_segments:
        report.remark(
            f"{name} has whole records behind a write that was never finished, which are not used; a copy is {path}"
        )
    else:
        report.remark(
            f"{name} is damaged where a checkpoint has made it superfluous; a copy is {path}"
        )


def _segment(number: int) -> str:
    return f"log segment {number:016x}"


def _relative(path: str) -> str:
    """The path relative to the state directory."""
    return "/".join(path.split("/")[-2:])
