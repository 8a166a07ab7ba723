"""A copy of the watermark in the runtime directory, which stays as it is when an older state directory is put back.

An older copy of a whole state directory is consistent in itself, because it contains its own watermark. The copy in
the runtime directory exists until the machine goes down, and shows that the log had continued. It has the format of
the watermark. The same thread renews it, after the waiting tasks were told, and nothing waits for it.

It must not report a loss where nothing was lost. So its name contains a digest of the state directory's path, because
one server name may be used for several directories. A mark counts only if its store is the directory's store. A copy
that is missing, damaged or older says nothing.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from fuguemux.persistence.storage.files import RealStorage, Storage
from fuguemux.persistence.storage.set_aside import QUARANTINE
from fuguemux.persistence.wal.mark import Mark
from fuguemux.persistence.wal.watermark import FoundWatermark, Watermark, read_watermark

SUFFIX: Final = ".durable"
DIGEST_BYTES: Final = 6


def copy_name(socket: str, state_directory: str) -> str:
    """The name of the copy: the socket's name, a digest of the state directory's path, and a suffix."""
    return socket.rpartition("/")[2] + _tail(state_directory)


def _tail(state_directory: str) -> str:
    """The end of the names of all copies for one state directory."""
    digest = blake2b(state_directory.encode("utf-8", "surrogateescape"), digest_size=DIGEST_BYTES)
    return f".{digest.hexdigest()}{SUFFIX}"


def mark_copy(socket: str, state_directory: str, storage: Storage | None = None) -> Watermark:
    """The copy beside the server's `socket`, for writing. Touches no file yet."""
    directory, name = socket.rpartition("/")[0] or "/", copy_name(socket, state_directory)
    place = f"{state_directory}/{QUARANTINE}"
    return Watermark(storage or RealStorage(), directory, name=name, quarantine=place)


def read_mark_copy(
    socket: str, state_directory: str, storage: Storage | None = None
) -> Mark | None:
    """The mark in the copy beside `socket`. None: there is none. Blocks; raises nothing."""
    directory, name = socket.rpartition("/")[0] or "/", copy_name(socket, state_directory)
    return read_watermark(storage or RealStorage(), directory, name).mark


def find_mark_copy(
    socket: str, paths: Iterable[str], storage: Storage | None = None
) -> Mark | None:
    """The mark in a copy for the state directory with one of `paths`, for programs that start no server. None: there
    is none.

    The copy is beside `socket`, whatever its server was called. If there are several, the newest counts. Blocks;
    raises nothing.
    """
    storage, directory = storage or RealStorage(), socket.rpartition("/")[0] or "/"
    tails = tuple({_tail(path) for path in paths})
    try:
        names = [name for name in storage.list(directory) if name.endswith(tails)]
    except OSError:
        return None
    found = (read_watermark(storage, directory, name).mark for name in names)
    marks = [mark for mark in found if mark is not None]
    return max(marks, key=lambda mark: mark.wall_ms, default=None)


def furthest(found: FoundWatermark, beside: Mark | None, store_id: bytes | None) -> FoundWatermark:
    """`found`, with the mark of the copy if that is further and of the same store. `store_id` None: the store is not
    known."""
    if beside is None or store_id is None or beside.store_id != store_id:
        return found
    mark = found.mark
    if mark is not None and mark.store_id == store_id and mark.durable_lsn >= beside.durable_lsn:
        return found
    return found._replace(mark=beside, beside=True)
