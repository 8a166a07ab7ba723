"""Prevents a crash loop: starts that were not completed are counted, and after some of them the server starts beside its
state.

In safe mode the state directory is neither read nor written. The server keeps its own state in `safe-DATE-TIME` inside
it, and goes on there after a crash or a reboot until a user ends it with `kill-server`. The next start then tries the
real state again. `--no-restore` asks for the same at once. The processes that a keeper still holds are shown in the
session `rescued`.
"""

import contextlib
import os
from typing import Final, NamedTuple

import msgspec

from fuguemux.keeper.helper_record import MAGIC
from fuguemux.persistence.recovery.helper_files import (
    SAFE_MODE_FILE,
    STARTING_FILE,
    helper_or_nothing,
)
from fuguemux.persistence.recovery.store_identity import read_store_file
from fuguemux.persistence.storage.files import RealStorage, remove_tree
from fuguemux.persistence.storage.small_file import remove_small, write_small
from fuguemux.persistence.storage.whole_files import read_all

FAILED_MAX: Final = 2
"""After this many recoveries that raised an error the next start is in safe mode."""
UNFINISHED_MAX: Final = 3
"""After this many starts that ended without an error message before they served (killed, or out of memory), likewise."""
REBUILDING_MAX: Final = 3
"""After this many starts that ended while they served and rebuilt screens, the next one serves only when all are rebuilt."""
REASON_CHARACTERS_MAX: Final = 300


class Attempts(msgspec.Struct, frozen=True):
    """Starts since the last complete one, which served and rebuilt all screens."""

    unfinished: int = 0
    failed: int = 0
    reason: str = ""
    rebuilding: int = 0
    """The starts that served."""


class SafeMode(NamedTuple):
    """Where a server in safe mode runs, which leaves its state alone."""

    directory: str
    reason: str
    keeper_store: str
    """The store of a running keeper's processes. Empty if not known."""

    def message(self, state: str) -> str:
        """Return the text for people."""
        return (
            f"fugue: safe mode ({self.reason}): the earlier state is unchanged in {state}; "
            "`fugue kill-server` and a new start try it again"
        )


class ServerStarts:
    """Counts the starts of one state directory. Every method is quick; none raises if the disk refuses."""

    def __init__(self, state: str) -> None:
        self._storage = RealStorage()
        self._state = state
        self.before = Attempts()
        """The count when this start began."""

    def read(self) -> Attempts:
        """Return the count of the starts before this one. A file without a checksum never leads to safe mode."""
        try:
            data = helper_or_nothing(self._storage, self._state, STARTING_FILE)
            attempts = msgspec.json.decode(data, type=Attempts)
            checked = read_all(self._storage, f"{self._state}/{STARTING_FILE}").startswith(MAGIC)
        except (OSError, msgspec.DecodeError):
            return Attempts()
        if checked:
            return attempts
        return Attempts(
            min(attempts.unfinished, UNFINISHED_MAX - 1),
            min(attempts.failed, FAILED_MAX - 1),
            attempts.reason,
            attempts.rebuilding,
        )

    def begin(self) -> Attempts:
        """A start begins. Returns the count before it."""
        self.before = self.read()
        self._write(msgspec.structs.replace(self.before, unfinished=self.before.unfinished + 1))
        return self.before

    @property
    def screens_first(self) -> bool:
        """Whether all screens are to be rebuilt before the server serves, because earlier starts ended while they did
        both.
        """
        return self.before.rebuilding >= REBUILDING_MAX

    def serves(self) -> None:
        """This start serves while it rebuilds screens."""
        self._write(Attempts(rebuilding=self.before.rebuilding + 1))

    def failed(self, reason: str) -> None:
        """This start ended with an error."""
        now = self.read()
        text = reason[:REASON_CHARACTERS_MAX]
        self._write(msgspec.structs.replace(now, failed=now.failed + 1, reason=text))

    def over(self) -> None:
        """This start is complete with all screens, or was refused for a reason that has nothing to do with the state."""
        with contextlib.suppress(OSError):
            remove_small(self._storage, self._state, STARTING_FILE)
            # Durably, because power failures must not count as starts that never served.
            self._storage.fsync_directory(self._state)

    def _write(self, attempts: Attempts) -> None:
        with contextlib.suppress(OSError):
            write_small(self._storage, self._state, STARTING_FILE, msgspec.json.encode(attempts))


def chosen(state: str, attempts: Attempts, now: tuple[int, ...], *, asked: bool) -> SafeMode | None:
    """Return whether this start is in safe mode, and where. Raises OSError if a directory for it cannot be created."""
    storage = RealStorage()
    with contextlib.suppress(UnicodeDecodeError):
        said = helper_or_nothing(storage, state, SAFE_MODE_FILE).decode()
        name, _, reason = said.partition("\n")
        if name.startswith("safe-") and "/" not in name and os.path.isdir(f"{state}/{name}"):
            return SafeMode(f"{state}/{name}", reason.strip(), _store(state))
    if asked:
        reason = "--no-restore"
    elif attempts.failed >= FAILED_MAX:
        reason = f"{attempts.failed} recoveries failed, the last one: {attempts.reason}"
    elif attempts.unfinished >= UNFINISHED_MAX:
        reason = f"{attempts.unfinished} starts ended before the server served"
    else:
        return None
    year, month, day, hour, minute, second, *_ = now
    name = f"safe-{year}{month:02}{day:02}-{hour:02}{minute:02}{second:02}"
    storage.make_directory(f"{state}/{name}")
    write_small(storage, state, SAFE_MODE_FILE, f"{name}\n{reason}\n".encode())
    return SafeMode(f"{state}/{name}", reason, _store(state))


def left(state: str) -> None:
    """The server in safe mode was ended on purpose: the next start tries the real state again."""
    storage = RealStorage()
    for name in (SAFE_MODE_FILE, STARTING_FILE):
        with contextlib.suppress(OSError):
            remove_small(storage, state, name)


def purged(state: str) -> list[str]:
    """Remove what servers in safe mode have stored beside the state, which no server uses now. Returns lines about it.
    Blocks.
    """
    lines: list[str] = []
    try:
        names = sorted(os.listdir(state))
    except OSError as error:
        return [f"{state} could not be looked through: {error.strerror}"]
    for name in names:
        path = f"{state}/{name}"
        if not name.startswith("safe-") or os.path.islink(path) or not os.path.isdir(path):
            continue
        try:
            remove_tree(path)
        except OSError as error:
            lines.append(f"{path} may hold some and could not be removed: {error.strerror}")
        else:
            lines.append(f"{path}, which a server in safe mode has left, is removed")
    return lines


def _store(state: str) -> str:
    store_id = read_store_file(RealStorage(), state).store_id
    return store_id.hex() if store_id is not None else ""
