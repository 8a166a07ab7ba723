"""A copy of the watermark in the runtime directory, where whoever puts an older state directory back does not reach.

An older copy of a whole state directory is sound in itself: its own watermark came back with it. The one in the runtime
directory lives until the machine goes down, and tells that the log had gone on. It has the format of the watermark. It is
renewed by the same thread, after those who wait were told, and is never waited for.

It must not raise an alarm where nothing was lost. So its name has a digest of the state directory's path, since one server's name
may stand for several directories; a mark counts only for the store that the directory is known to be; and one that is missing,
damaged or behind says nothing.
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
    """The file's name: the socket's, a digest of the state directory's path, and a suffix."""
    return socket.rpartition("/")[2] + _tail(state_directory)


def _tail(state_directory: str) -> str:
    """How the names of all copies of one state directory end."""
    digest = blake2b(state_directory.encode("utf-8", "surrogateescape"), digest_size=DIGEST_BYTES)
    return f".{digest.hexdigest()}{SUFFIX}"


def mark_copy(socket: str, state_directory: str, storage: Storage | None = None) -> Watermark:
    """The copy beside the server's `socket`, to be written. Touches nothing yet."""
    directory, name = socket.rpartition("/")[0] or "/", copy_name(socket, state_directory)
    place = f"{state_directory}/{QUARANTINE}"
    return Watermark(storage or RealStorage(), directory, name=name, quarantine=place)


def read_mark_copy(
    socket: str, state_directory: str, storage: Storage | None = None
) -> Mark | None:
    """What the copy beside `socket` says; None: nothing. Blocks; raises nothing."""
    directory, name = socket.rpartition("/")[0] or "/", copy_name(socket, state_directory)
    return read_watermark(storage or RealStorage(), directory, name).mark


def find_mark_copy(
    socket: str, paths: Iterable[str], storage: Storage | None = None
) -> Mark | None:
    """What a copy of the state directory that is known by `paths` says, for those who start no server; None: there is none.

    It lies beside `socket`, whatever its server was called. If there are several, the newest counts. Blocks; raises nothing.
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
    """`found`, with the mark of the copy where that says more of this very store. `store_id` None: which it is is not known."""
    if beside is None or store_id is None or beside.store_id != store_id:
        return found
    mark = found.mark
    if mark is not None and mark.store_id == store_id and mark.durable_lsn >= beside.durable_lsn:
        return found
    return found._replace(mark=beside, beside=True)
