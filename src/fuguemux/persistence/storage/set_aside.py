"""Moves files that fugue does not understand into the directory `quarantine`, where a user can look at them and
delete them."""

import contextlib
import errno
import os
from typing import Final

from fuguemux.persistence.storage.files import LinkedDirectory, Storage
from fuguemux.persistence.storage.whole_files import read_all, write_atomically

QUARANTINE: Final = "quarantine"
VARIANTS_MAX: Final = 16
"""How many files with one name are kept, because a disk with growing damage must not fill itself. The next one stays
where it is."""
NOT_A_DIRECTORY: Final = ".not-a-directory"
"""The suffix for a file in the place of the quarantine directory. The next start moves the file there."""


def quarantine_beside(directory: str) -> str:
    """The quarantine of the state directory that contains `directory`."""
    return f"{os.path.dirname(directory)}/{QUARANTINE}"


def set_aside(storage: Storage, path: str, quarantine: str, label: str = "") -> str:
    """Move the file or directory at `path` into `quarantine`, under `label` and its name. Returns the new name.

    The move is durable when this returns, unless the disk refuses the sync. A file on another file system, such as that
    of the runtime directory, is copied and then removed. Raises OSError; then nothing has been moved.
    """
    leaf = label + path.rpartition("/")[2]
    try:
        storage.make_directory(quarantine)
    except LinkedDirectory:
        raise
    except NotADirectoryError:
        put_beside(storage, quarantine)
    for variant in range(VARIANTS_MAX):
        name = f"{leaf}.{variant}" if variant else leaf
        if not storage.exists(f"{quarantine}/{name}"):
            break
    else:
        raise OSError(f"there are {VARIANTS_MAX} of the name {leaf} in {QUARANTINE} already")
    try:
        storage.rename(path, f"{quarantine}/{name}")
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write_atomically(storage, quarantine, name, [read_all(storage, path)])
        storage.unlink(path)
    with contextlib.suppress(OSError):  # the next start repeats a move that a crash undoes
        storage.fsync_directory(quarantine)
        storage.fsync_directory(path.rpartition("/")[0])
    return name


def put_beside(storage: Storage, quarantine: str) -> None:
    """Create the directory `quarantine`. A file in its place is renamed. Raises OSError."""
    for variant in range(VARIANTS_MAX):
        name = f"{quarantine}{NOT_A_DIRECTORY}{variant or ''}"
        if not storage.exists(name):
            storage.rename(quarantine, name)
            break
    storage.make_directory(quarantine)
