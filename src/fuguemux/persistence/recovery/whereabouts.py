"""Checks whether a start would find what this process writes: whether the locked directory is at its path, with all its
parts.

A directory can be moved, replaced, unmounted or emptied while a server runs. What is written through file descriptors
then goes to a place where no start looks.
"""

import os
from enum import Enum
from typing import Final, NamedTuple

from fuguemux.persistence.storage.state_lock import LOCK_NAME, StateLock, identity_of

PARTS: Final = ("wal", "checkpoints")
"""The directories that a recovery needs."""


class PathState(Enum):
    """What is at the path of the state directory."""

    HERE = "here"
    GONE = "gone"
    """Nothing, or an empty directory."""
    OTHER = "other"
    """Another directory with content, or something that is not a directory."""
    UNLOCKED = "unlocked"
    """The directory, but the locked file was removed."""
    PART_GONE = "part gone"
    """The directory, without that of the log or of the checkpoints."""
    PART_OTHER = "part other"
    """The directory, with something else in place of one of these."""
    UNFINISHED = "unfinished"
    """The directory, created again, without the checkpoint of everything so far."""


class PathFinding(NamedTuple):
    """What is at `path`. `what` describes it for people, and is empty if all is well."""

    place: PathState
    what: str = ""
    path: str = ""


class Whereabouts:
    """Checks one state directory. Several threads may use it. A check takes a handful of system calls."""

    def __init__(self, lock: StateLock, directory: str) -> None:
        """`directory` contains the log and the checkpoints: the locked one, or one inside it."""
        self._lock = lock
        self._directory = directory
        self._log_path = f"{directory}/{PARTS[0]}"
        self._log = (0, 0)
        self._parts: dict[str, tuple[int, int]] = {}
        self.unfinished = False
        """Whether the directory was created again, and lacks what was there before."""
        self.settled()

    def settled(self) -> None:
        """Note that the log and the checkpoints are written in the present directory. Parts that cannot be seen stay as
        they were.
        """
        for part in PARTS:
            found = _identity(f"{self._directory}/{part}")
            if found is not None:
                self._parts[part] = found
        self._log = self._parts.get(PARTS[0], (0, 0))

    def look_again(self) -> PathFinding:
        """Check as `look`, but with one system call if the log is found by its path, so that a sync can check at once."""
        if self._log == _identity(self._log_path) and not self.unfinished:
            return PathFinding(PathState.HERE)
        return self.look()

    def look(self) -> PathFinding:
        """Return what is at the path now."""
        path = self._lock.path
        found = _identity(path)
        if found != self._lock.identity:
            if found is None or _is_empty(path):
                return PathFinding(
                    PathState.GONE, "the state directory was moved, removed or unmounted", path
                )
            return PathFinding(
                PathState.OTHER, "another directory is in place of the state directory", path
            )
        if not self._lock.holds_name():
            return PathFinding(
                PathState.UNLOCKED, "the lock of the state directory was removed", path
            )
        for part in PARTS:
            name = f"{self._directory}/{part}"
            found = _identity(name)
            if found is None:
                return PathFinding(
                    PathState.PART_GONE, f"the directory {part} was moved or removed", name
                )
            if found != self._parts.get(part):
                empty = _is_empty(name)
                place = PathState.PART_GONE if empty else PathState.PART_OTHER
                return PathFinding(
                    place, f"something else is in the place of the directory {part}", name
                )
        if self.unfinished:
            what = "everything is being saved in the state directory, which was created again"
            return PathFinding(PathState.UNFINISHED, what, path)
        return PathFinding(PathState.HERE)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        return identity_of(os.stat(path, follow_symlinks=False))
    except OSError:
        return None


def _is_empty(path: str) -> bool:
    """Whether it is a directory that certainly contains nothing, except a lock that another process tried."""
    try:
        return set(os.listdir(path)) <= {LOCK_NAME}
    except OSError:
        return False
