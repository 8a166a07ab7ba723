"""Helper files: small files beside the log that are read and written as a whole. docs/formats/state-directory.md
lists them.

Each contains a checksum and its own name (keeper/helper_record.py), and is replaced in one step. If one is lost or
damaged, sessions are not affected: its reader continues without the information in it.
"""

import contextlib
import errno
from collections.abc import Callable
from typing import Final

from fuguemux.keeper.helper_record import HelperDamaged, decode, encode
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.set_aside import QUARANTINE, set_aside
from fuguemux.persistence.storage.whole_files import read_all, write_atomically

BYTES_MAX: Final = 4 << 20
IN_THE_WAY: Final = frozenset({errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})


def read_small(storage: Storage, directory: str, name: str, was: Callable[[bytes], bool]) -> bytes:
    """The payload of a helper file. `was` says whether bytes were written by version 1, which had no checksum.

    Raises FileNotFoundError, other OSErrors, and HelperDamaged.
    """
    data = read_all(storage, f"{directory}/{name}")
    if len(data) > BYTES_MAX:
        raise HelperDamaged("it is too large")
    payload = decode(name, data)
    if payload is not None:
        return payload
    if was(data):
        return data
    raise HelperDamaged("it is empty" if not data else "it contains nothing that fugue wrote")


def write_small(
    storage: Storage, directory: str, name: str, payload: bytes, *, durable: bool = True
) -> None:
    """Replace a helper file in one step. Anything in its place that is no file is set aside. Raises OSError; then the
    file is unchanged.

    Without `durable` it does not wait for the disk: the file is then for the next server, and may be lost at a power
    failure.
    """
    data = [encode(name, payload)]
    try:
        write_atomically(storage, directory, name, data, durable=durable)
    except OSError as error:
        if error.errno not in IN_THE_WAY:
            raise
        set_aside(storage, f"{directory}/{name}", f"{directory}/{QUARANTINE}")
        write_atomically(storage, directory, name, data, durable=durable)


def remove_small(storage: Storage, directory: str, name: str) -> None:
    """Remove the file. Anything in its place that is no file is set aside. Raises OSError.

    The removal is durable after a sync of the directory.
    """
    path = f"{directory}/{name}"
    try:
        with contextlib.suppress(FileNotFoundError):
            storage.unlink(path)
    except OSError:
        set_aside(storage, path, f"{directory}/{QUARANTINE}")
