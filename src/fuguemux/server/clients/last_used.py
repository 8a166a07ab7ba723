"""Stores when clients last attached to each session, in a file beside the log, so that the next server knows which
was used last.

It is a file and not an event, because attaching must not wait for a disk or fail because of it. If a crash of the
machine damages the file, only the order in which sessions are offered is lost.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, Protocol

from fuguemux.model.ids import SessionId
from fuguemux.persistence.recovery.helper_files import ATTACHED_FILE, helper_or_nothing
from fuguemux.persistence.storage.files import RealStorage, Storage
from fuguemux.persistence.storage.small_file import write_small
from fuguemux.server.work.newest import Newest, Spawn

FILE: Final = ATTACHED_FILE


def read_times(path: str) -> dict[SessionId, int]:
    """Seconds since the epoch for each session, the session used last at the end. Empty if there is no such file.
    Never raises."""
    storage, (directory, _, _) = RealStorage(), path.rpartition("/")
    data = helper_or_nothing(storage, directory, ATTACHED_FILE)
    words = [line.split() for line in data.decode("ascii", "replace").splitlines()]
    return {
        SessionId(int(pair[0])): int(pair[1])
        for pair in words
        if len(pair) == 2 and pair[0].isdigit() and pair[1].isdigit()
    }


class Times(Protocol):
    """The part of the server's view that knows these times."""

    times_changed: Callable[[Mapping[SessionId, int]], None]

    def attached_before(self, times: Mapping[SessionId, int]) -> None: ...


def keep_times(
    view: Times,
    state_directory: str,
    spawn: Spawn,
    storage: Storage,
) -> None:
    """Give the view the times from earlier servers, and from now on store its changes."""
    path = f"{state_directory}/{FILE}"
    view.attached_before(read_times(path))
    view.times_changed = LastUsed(path, spawn, storage).keep


class LastUsed:
    """Writes the file on a thread. Belongs to the loop's thread."""

    def __init__(self, path: str, spawn: Spawn, storage: Storage | None = None) -> None:
        self._newest = Newest(partial(_replace, storage or RealStorage(), path), spawn, "attached")

    def keep(self, times: Mapping[SessionId, int]) -> None:
        """Store `times` in their order."""
        lines = "".join(f"{session} {when}\n" for session, when in times.items())
        self._newest.keep(lines.encode())


def _replace(storage: Storage, path: str, data: bytes) -> None:
    directory, _, name = path.rpartition("/")
    write_small(storage, directory, name, data, durable=False)
