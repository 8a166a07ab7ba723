"""Finds out whether the log is complete, from other files that say how far it went.

A log that was cut, emptied, removed or lost its headers reads like one that simply ended earlier. Four things contradict
that: the watermark, which says up to which LSN the log was durable; a checkpoint, which is written when the log is
durable up to it; records of a segment whose header is gone; and a file that a server leaves when it has served here. The
kind of the lost records is not known then. The watermark tells their LSNs, up to the last sync.
"""

from collections.abc import Sequence
from typing import Final

from fuguemux.persistence.checkpoint.manifest import Manifest
from fuguemux.persistence.recovery.helper_files import BOOT_FILE, same_boot
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.wal import findings as kinds
from fuguemux.persistence.wal.findings import LogFinding, ScanReport
from fuguemux.persistence.wal.headerless import durable_lsn
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.reader import LogScan, scan
from fuguemux.persistence.wal.watermark import WATERMARK, FoundWatermark

PUT_BACK: Final = "the copy of the watermark in the runtime directory says so; was an older copy of the state directory put back?"


def tell_end(
    place: tuple[Storage, str],
    report: RecoveryReport,
    log: LogScan,
    watermark: FoundWatermark,
    manifests: Sequence[Manifest],
    covered_lsn: int,
    moved: str = "",
) -> None:
    """Add what the watermark says and what is missing to the report, and to the log's report what was hidden by damaged
    headers.

    `place` is the state directory. Structure up to `covered_lsn` comes from a checkpoint. `moved` says what happened to
    the file in the watermark's place, if it is not of this store. Call it before damaged segments are set aside.
    """
    storage, directory = place
    served = storage.exists(f"{directory}/{BOOT_FILE}")
    tell_watermark(report, watermark, log, served=served, moved=moved)
    tell_missing_log(
        storage,
        f"{directory}/wal",
        report,
        log,
        manifests=manifests,
        covered_lsn=covered_lsn,
        served=served,
        beside=watermark.beside,
    )
    # the machine may have gone down before the watermark was durable
    begun = watermark.unwritten and not manifests
    if same_boot(storage, directory) and tell_damaged_end(storage, f"{directory}/wal", report, log):
        return
    if served and log.mark is None and not begun:
        tell_torn_end(report, log, watermark)


def tell_damaged_end(storage: Storage, wal: str, report: RecoveryReport, log: LogScan) -> bool:
    """Whether the log has whole records behind a place that is not whole. If so, both reports get it as damage.

    Call it only for a log that was written since the machine was started. The kernel has everything that a killed process
    has written, in order, so only the very last write may be torn, with nothing behind it.
    """
    found, tail = log.report, log.report.tail
    if tail is None or not tail.records:
        return False
    # A running server writes whole records where a moment before was nothing yet, so read that part again.
    again = scan(
        storage, wal, tail.after_lsn + 1, store_id=found.store_id or None, mark=log.mark
    ).finish()
    if again.tail is None or not again.tail.records or again.tail.after_lsn != tail.after_lsn:
        return False
    detail = (
        f"whole records that are not used, behind what cannot be read after LSN {tail.after_lsn}"
    )
    for number in found.beyond_segments:
        found.findings.append(LogFinding(kinds.LOST_RECORDS, number, -1, detail))
    report.miss(
        f"the log is damaged behind LSN {tail.after_lsn}, and {counted(tail.records, 'whole record')} behind that place "
        "cannot be used: it is not an unfinished write, because the machine has not been down since"
    )
    found.tail = None
    return True


def tell_torn_end(report: RecoveryReport, log: LogScan, watermark: FoundWatermark) -> None:
    """Report a write at the end of the log that is not whole. Either it was never acknowledged, or it is damaged: only
    the watermark can tell.
    """
    tail = log.report.tail
    if tail is None or not (tail.dropped_bytes or tail.records):
        return
    problem = watermark.problem or "it belongs to another store"
    detail = f"{tail.dropped_bytes} bytes that are no record, at the end of the log"
    log.report.findings.append(
        LogFinding(kinds.DAMAGED_BYTES, tail.segment_id, tail.offset, detail)
    )
    if tail.segment_id not in log.report.damaged_segments:
        log.report.damaged_segments.append(tail.segment_id)  # a copy of the segment is kept
    report.miss(
        f"the log ends in a write behind LSN {tail.after_lsn} that is not whole, and nothing tells whether it had been "
        f"acknowledged (the file {WATERMARK}: {problem})"
    )


def tell_missing_log(
    storage: Storage,
    directory: str,
    report: RecoveryReport,
    log: LogScan,
    *,
    manifests: Sequence[Manifest],
    covered_lsn: int,
    served: bool,
    beside: bool = False,
) -> None:
    """Add what is missing to the report, and to the log's report what was hidden by damaged headers. Call it before
    segments are set aside.

    Structure up to `covered_lsn` comes from a checkpoint. `served`: a server has served from this state before. `beside`:
    the log's mark is from the watermark's copy.
    """
    found = log.report
    known = {finding.segment_id for finding in found.findings}
    for number in found.unusable_segments:
        if number in known:
            continue
        if durable_lsn(storage, directory, number) > max(found.last_lsn, covered_lsn):
            detail = "neither copy of its header can be read, and its content was acknowledged"
            found.findings.append(LogFinding(kinds.UNREADABLE_HEADER, number, 0, detail))
            report.miss(f"log segment {number:016x}: {detail}")
    newest = manifests[0] if manifests else None
    _tell_end(report, found, log.mark, newest, covered_lsn, beside=beside)
    if served and not (found.segments or manifests or report.missing):
        report.miss("the log has no segment that can be read, and a server had written it")


def _tell_end(
    report: RecoveryReport,
    found: ScanReport,
    mark: Mark | None,
    newest: Manifest | None,
    covered_lsn: int,
    *,
    beside: bool,
) -> None:
    """Compare the end of the log with the watermark and the newest checkpoint."""
    durable_lsn = mark.durable_lsn if mark is not None else 0
    checkpoint_lsn = newest.structure_lsn if newest is not None else 0
    if found.end_lsn >= max(durable_lsn, checkpoint_lsn):
        return  # an empty checkpoint may exist before the first record
    end = f"ends at LSN {found.end_lsn}" if found.end_lsn else "has no record that can be read"
    if mark is not None and mark.clean and durable_lsn <= covered_lsn:
        report.remark(
            f"the log {end}; nothing is lost with it: the server had ended at LSN {durable_lsn}, "
            "and the checkpoint holds everything up to there"
        )
        return
    said = [f"LSN {durable_lsn} was durable"] if durable_lsn > found.end_lsn else []
    if newest is not None and checkpoint_lsn > found.end_lsn:
        said.append(f"checkpoint {newest.number} was made at LSN {checkpoint_lsn}")
    why = f": {PUT_BACK}" if beside and durable_lsn > found.end_lsn else ""
    report.miss(f"the log {end}, but {' and '.join(said)}{why}")


def tell_watermark(
    report: RecoveryReport, found: FoundWatermark, log: LogScan, *, served: bool, moved: str = ""
) -> None:
    """Add what the watermark says, or what is wrong with it. If it is unusable, only the log itself says how far it went."""
    report.log_reaches(log.report.end_lsn, log.mark.durable_lsn if log.mark is not None else None)
    problem = found.problem
    if found.mark is not None and log.mark is None:
        problem = "it belongs to another store"
    if moved and not problem:
        problem = "a part of it belongs to another store"
    nothing = found.unwritten and not log.report.last_lsn
    if problem and (served or not found.missing) and not nothing:
        alone = "" if log.mark is not None else "; only the log itself says how far it had come"
        after = f"; {moved}" if moved else ""
        report.remark(f"the file {WATERMARK}: {problem}{alone}{after}")
