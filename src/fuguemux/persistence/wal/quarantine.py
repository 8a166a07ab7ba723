"""Setting damaged segments aside, so that what is in them outlives the log's own cleaning."""

import contextlib

from fuguemux.persistence.files import Storage, read_all, write_atomically
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.segment import segment_name


def quarantine(
    storage: Storage, directory: str, quarantine_directory: str, report: ScanReport
) -> list[str]:
    """Copy the damaged segments of the log and move those that are not of the log; the paths.

    Call it after the scan, before the writer starts. What was set aside before under the same
    name is left alone. A disk that refuses raises nothing: the segment then stays where it is.
    """
    wanted = [*report.damaged_segments, *report.unusable_segments]
    if not wanted:
        return []
    kept: list[str] = []
    try:
        storage.make_directory(quarantine_directory)
    except OSError:
        return []
    for number in wanted:
        name = segment_name(number)
        source, target = f"{directory}/{name}", f"{quarantine_directory}/{name}"
        with contextlib.suppress(OSError):
            if number in report.unusable_segments:
                if storage.exists(target):
                    continue
                storage.rename(source, target)
                storage.fsync_directory(quarantine_directory)
                storage.fsync_directory(directory)
            elif not storage.exists(target):
                write_atomically(storage, quarantine_directory, name, [read_all(storage, source)])
            kept.append(target)
    return kept
