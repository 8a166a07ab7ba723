"""Sets aside foreign content in the place of files that a server overwrites, appends to or removes.

Files can be swapped. What is in the place of the diagnostics, of the ballast or of a file of the runtime directory may be
the only copy of a pack or of a save. Its first bytes show that.
"""

import re
from typing import Final

from fuguemux.keeper.diagnostics import NOT_A_LOG
from fuguemux.keeper.lock_file import LOG_DIRECTORY, NOT_A_LOCK
from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.storage.set_aside import QUARANTINE, set_aside
from fuguemux.persistence.storage.whole_files import first_bytes
from fuguemux.persistence.wal.mark import is_watermark
from fuguemux.persistence.wal.mark_copy import SUFFIX as COPY_SUFFIX
from fuguemux.persistence.wal.space import BALLAST_NAME
from fuguemux.persistence.wal.watermark import NO_FILE_OF_OURS

HEAD_BYTES: Final = 16 << 10
_LOG: Final = re.compile(r"server\.log(\.[0-9]+)?")
_KEEPERS: Final = "keeper.log" + NOT_A_LOG
_DATED: Final = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T")


def put_strays_right(storage: Storage, directory: str, socket: str, now_ms: int) -> list[str]:
    """Move foreign content in the place of such files, in a state directory and beside the server's `socket`, to the
    quarantine.

    Returns a line about each. Call it before anything is written to the diagnostics. Blocks; raises nothing.
    """
    return [
        *_put_logs_right(storage, directory, now_ms),
        *_put_runtime_right(storage, directory, socket, now_ms),
    ]


def _put_logs_right(storage: Storage, directory: str, now_ms: int) -> list[str]:
    lines = []
    for name in _names(storage, directory):
        path = f"{directory}/{name}"
        if name.startswith(_KEEPERS) or (_LOG.fullmatch(name) and not _is_log(storage, path)):
            lines.append(_moved(storage, directory, path, "diagnostics", now_ms))
    return lines


def put_ballast_right(storage: Storage, directory: str, now_ms: int) -> list[str]:
    """Do as `put_strays_right` for the place of the log's ballast, which is removed on a full disk."""
    path = f"{directory}/{LOG_DIRECTORY}/{BALLAST_NAME}"
    if not storage.exists(path) or first_bytes(storage, path, HEAD_BYTES).strip(b"\0") == b"":
        return []
    return [_moved(storage, directory, path, "the ballast", now_ms)]


def _put_runtime_right(storage: Storage, directory: str, socket: str, now_ms: int) -> list[str]:
    """Move foreign content in the place of the keeper's lock and of the watermark's copy, which is overwritten."""
    place, name = socket.rpartition("/")[0], socket.rpartition("/")[2]
    copies = re.compile(re.escape(name) + r"\.[0-9a-f]+" + re.escape(COPY_SUFFIX))
    lines = []
    for each in _names(storage, place):
        path = f"{place}/{each}"
        if each.startswith(f"{name}.keeper.lock{NOT_A_LOCK}"):
            lines.append(_moved(storage, directory, path, "a lock", now_ms))
        elif copies.fullmatch(each) and _is_no_copy(storage, path):
            lines.append(_moved(storage, directory, path, "the copy of the watermark", now_ms))
    return lines


def _is_no_copy(storage: Storage, path: str) -> bool:
    """Whether there is something else than a watermark. A file that cannot be read for now does not count."""
    try:
        storage.close(storage.open(path))
    except OSError as error:
        return error.errno in NO_FILE_OF_OURS
    head = first_bytes(storage, path, HEAD_BYTES)
    return bool(head.strip(b"\0")) and not is_watermark(head)


def _is_log(storage: Storage, path: str) -> bool:
    head = first_bytes(storage, path, HEAD_BYTES)
    return not head.strip(b"\0") or _DATED.match(head) is not None


def _names(storage: Storage, directory: str) -> list[str]:
    try:
        return sorted(storage.list(directory))
    except OSError:
        return []


def _moved(storage: Storage, directory: str, path: str, what: str, now_ms: int) -> str:
    name = path.rpartition("/")[2]
    said = f"{name}: what was in the place of {what} is something else"
    try:
        now = set_aside(storage, path, f"{directory}/{QUARANTINE}", f"{now_ms}-")
    except OSError as error:
        return f"{said}; it could not be set aside: {reason_of(error)}"
    return f"{said}; it is set aside as {QUARANTINE}/{now}"
