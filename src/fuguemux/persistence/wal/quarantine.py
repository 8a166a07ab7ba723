"""Setting damaged segments aside, so that what is in them outlives the log's own cleaning.

Nothing here or elsewhere removes what was set aside: it is a person's to look at and to delete. `size` says
how much it is, for the status and the doctor.
"""

import contextlib
from typing import Final, NamedTuple

from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.set_aside import VARIANTS_MAX
from fuguemux.persistence.storage.whole_files import replacing, write_all
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.segment import SEGMENT_BYTES_MAX, segment_name
from fuguemux.persistence.wal.walk import WINDOW_BYTES, ReadWindow

"""Different contents of one name that are kept: a disk that goes on rotting must not fill itself."""
_ZEROS: Final = bytes(WINDOW_BYTES)


class SetAside(NamedTuple):
    """What became of one segment. `path` is empty if the disk refused, for the reason in `problem`.

    `moved`: it was no part of the log, and is gone from there; else a copy was made.
    """

    segment_id: int
    path: str
    moved: bool
    problem: str = ""


def quarantine(
    storage: Storage, directory: str, quarantine_directory: str, report: ScanReport
) -> list[SetAside]:
    """Copy the damaged segments of the log, and those with records behind its end; move those that are not of the log.

    Call it after the scan, before the writer starts. What was set aside before with the same content is
    left alone. A disk that refuses raises nothing: the segment then stays where it is.
    """
    done: list[SetAside] = []
    kept = (*report.damaged_segments, *report.beyond_segments)
    for number in dict.fromkeys((*kept, *report.unusable_segments)):
        move = number in report.unusable_segments
        try:
            storage.make_directory(quarantine_directory)
            path = _set_aside(storage, directory, quarantine_directory, number, move=move)
        except OSError as error:
            done.append(SetAside(number, "", move, error.strerror or str(error)))
        else:
            done.append(SetAside(number, path, move))
    return done


def _set_aside(
    storage: Storage, directory: str, target_directory: str, number: int, *, move: bool
) -> str:
    name = segment_name(number)
    source = f"{directory}/{name}"
    target = ""
    for variant in range(VARIANTS_MAX):
        target = f"{target_directory}/{name}" + (f".{variant}" if variant else "")
        if not storage.exists(target):
            break
        if not move and _read(storage, source) == _read(storage, target):
            return target
    else:
        raise OSError(f"there are {VARIANTS_MAX} of that name already")
    if move:
        storage.rename(source, target)
        storage.fsync_directory(target_directory)
        storage.fsync_directory(directory)
    else:
        with replacing(storage, target_directory, target.rpartition("/")[2]) as file:
            offset = 0
            for piece in _read(storage, source):
                if piece is not _ZEROS:  # what is zeros stays a hole, as large as it may be
                    write_all(storage, file, [piece], offset)
                offset += len(piece)
            storage.truncate(file, offset)
    return target


def _read(storage: Storage, path: str) -> list[bytes]:
    """The file in pieces; blocks that cannot be read are zeros. A window of zeros is the very `_ZEROS`. Raises OSError."""
    file = storage.open(path)
    try:
        window = ReadWindow(storage, file, min(storage.size(file), SEGMENT_BYTES_MAX))
        pieces: list[bytes] = []
        for offset in range(0, window.size, WINDOW_BYTES):
            window.load(offset)
            pieces.append(_ZEROS if window.buffer == _ZEROS else window.buffer)
        return pieces
    finally:
        storage.close(file)


def size(storage: Storage, quarantine_directory: str) -> tuple[int, int]:
    """How many files are set aside, and the bytes of those that can be opened; zeros without such a directory."""
    try:
        names = storage.list(quarantine_directory)
    except OSError:
        return 0, 0
    total = 0
    for name in names:
        with contextlib.suppress(OSError):
            file = storage.open(f"{quarantine_directory}/{name}")
            try:
                total += storage.size(file)
            finally:
                storage.close(file)
    return len(names), total
