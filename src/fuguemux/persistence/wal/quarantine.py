"""Copies or moves damaged segments into the quarantine, so that their content remains when the log removes old
segments.

fugue never removes anything from the quarantine: a user looks at it and deletes it. `size` returns how large it is,
for the status and the doctor.
"""

import contextlib
from typing import Final, NamedTuple

from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.set_aside import VARIANTS_MAX
from fuguemux.persistence.storage.whole_files import replacing, write_all
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.segment import SEGMENT_BYTES_MAX, segment_name
from fuguemux.persistence.wal.walk import WINDOW_BYTES, ReadWindow

_ZEROS: Final = bytes(WINDOW_BYTES)


class SetAside(NamedTuple):
    """What was done with one segment. `path` is empty if the disk refused, for the reason in `problem`.

    `moved`: it was not part of the log, and was moved. Otherwise it was copied.
    """

    segment_id: int
    path: str
    moved: bool
    problem: str = ""


def quarantine(
    storage: Storage, directory: str, quarantine_directory: str, report: ScanReport
) -> list[SetAside]:
    """Copy the damaged segments of the log, and those with records after its end. Move those that are not part of the
    log.

    Call it after the scan, before the writer starts. Content that was copied before is not copied again. A disk that
    refuses raises nothing: the segment then stays where it is.
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
                if piece is not _ZEROS:  # many zeros become a hole in the copy
                    write_all(storage, file, [piece], offset)
                offset += len(piece)
            storage.truncate(file, offset)
    return target


def _read(storage: Storage, path: str) -> list[bytes]:
    """The file in pieces. Blocks that cannot be read are zeros. A piece of zeros is the object `_ZEROS` itself.
    Raises OSError."""
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
    """The number of files in the quarantine, and the bytes of those that can be opened. Zeros without a quarantine."""
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
