"""Stores the note that the last server was stopped on purpose. A client that finds it does not start a server for a
command that only reads."""

import contextlib

from fuguemux.persistence.recovery.helper_files import STOPPED_FILE
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.small_file import remove_small, write_small


def note_deliberate_stop(storage: Storage, state_directory: str) -> None:
    """Write the note, if the disk allows it. Blocks."""
    with contextlib.suppress(OSError):
        write_small(storage, state_directory, STOPPED_FILE, b"")


def forget_deliberate_stop(storage: Storage, state_directory: str) -> None:
    """Remove the note, because a server runs again. Blocks."""
    with contextlib.suppress(OSError):
        remove_small(storage, state_directory, STOPPED_FILE)
