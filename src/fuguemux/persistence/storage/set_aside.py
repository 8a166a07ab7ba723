"""Moving what is not understood out of the way, into the directory `quarantine`: it is a person's to look at and to delete."""

import contextlib
import errno
import os
from typing import Final

from fuguemux.persistence.storage.files import LinkedDirectory, Storage
from fuguemux.persistence.storage.whole_files import read_all, write_atomically

QUARANTINE: Final = "quarantine"
VARIANTS_MAX: Final = 16
"""Things of one name that are kept: a disk that goes on rotting must not fill itself. The next one stays where it is."""
NOT_A_DIRECTORY: Final = ".not-a-directory"
"""Behind the name of what was in the place of the quarantine; the next start moves it there."""


def quarantine_beside(directory: str) -> str:
    """The quarantine of the state directory that `directory` lies in."""
    return f"{os.path.dirname(directory)}/{QUARANTINE}"


def set_aside(storage: Storage, path: str, quarantine: str, label: str = "") -> str:
    """Move the file or directory at `path` into the directory `quarantine`, as `label` and its name; the name it has there.

    Durable when this returns. A file of another file system, such as that of the runtime directory, is copied and then removed.
    Raises OSError, with everything where it was.
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
    with contextlib.suppress(OSError):  # what a crash undoes is found, and moved, again
        storage.fsync_directory(quarantine)
        storage.fsync_directory(path.rpartition("/")[0])
    return name


def put_beside(storage: Storage, quarantine: str) -> None:
    """Make the directory `quarantine`; what is no directory there gets a name of its own beside it. Raises OSError."""
    for variant in range(VARIANTS_MAX):
        name = f"{quarantine}{NOT_A_DIRECTORY}{variant or ''}"
        if not storage.exists(name):
            storage.rename(quarantine, name)
            break
    storage.make_directory(quarantine)
