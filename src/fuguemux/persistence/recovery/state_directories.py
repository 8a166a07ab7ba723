"""Makes sure that the directories of a state directory exist, are directories, and can be used by their owner.

Something else in the place of one is moved to the quarantine, with a line in the report. A directory without permission
for its owner gets it back. One that belongs to another user is refused, like such files.
"""

from typing import Final

from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.persistence.checkpoint.saves import SAVES
from fuguemux.persistence.recovery.aside import CHECKPOINTS
from fuguemux.persistence.recovery.ownership import NotOurs
from fuguemux.persistence.report.files import RECOVERIES as RECOVERIES
from fuguemux.persistence.scrollback.last_screens import SCREENS
from fuguemux.persistence.storage.files import LinkedDirectory, Storage
from fuguemux.persistence.storage.pipe_positions import PIPES
from fuguemux.persistence.storage.set_aside import (
    NOT_A_DIRECTORY,
    QUARANTINE,
    put_beside,
    set_aside,
)

ALWAYS: Final = (LOG_DIRECTORY, CHECKPOINTS, QUARANTINE, RECOVERIES)
"""Created by every start."""
WHEN_NEEDED: Final = (SAVES, SCREENS, PIPES)
"""Created with the first file in them; a start works without them."""


def make_directories(storage: Storage, directory: str) -> None:
    """Create the state directory and the directories that are always in it. Raises OSError."""
    for path in (directory, *(f"{directory}/{name}" for name in ALWAYS)):
        storage.make_directory(path)


def no_directories(storage: Storage, directory: str) -> list[str]:
    """The names of directories in whose place is something else. Restores the owner's permission where it is missing.
    Blocks.

    Nothing is moved. Raises NotOurs for a directory that is always needed and belongs to another user, and
    LinkedDirectory.
    """
    wrong = []
    for name in (*ALWAYS, *WHEN_NEEDED):
        path = f"{directory}/{name}"
        if not storage.exists(path):
            continue
        try:
            storage.make_directory(path)
        except LinkedDirectory:
            if name in ALWAYS:
                raise
        except NotADirectoryError:
            wrong.append(name)
        except PermissionError as error:
            if name in ALWAYS:
                raise NotOurs(path, error.strerror or str(error), directory, 0) from error
    return wrong


def move_no_directories(
    storage: Storage, directory: str, wrong: list[str], now_ms: int
) -> list[str]:
    """Move what `no_directories` found to the quarantine. Returns a line about each. Blocks. Raises nothing."""
    lines = []
    place = f"{directory}/{QUARANTINE}"
    moves = [(name, name) for name in wrong if name != QUARANTINE]
    try:
        if QUARANTINE in wrong:
            put_beside(storage, place)
        beside = [name for name in storage.list(directory) if NOT_A_DIRECTORY in name]
        moves += [(QUARANTINE, name) for name in sorted(beside) if name.startswith(QUARANTINE)]
    except OSError as error:
        lines.append(_line(QUARANTINE, f"it could not be set aside: {error.strerror or error}"))
    for name, leaf in moves:
        try:
            now = set_aside(storage, f"{directory}/{leaf}", place, f"{now_ms}-")
        except OSError as error:
            lines.append(_line(name, f"it could not be set aside: {error.strerror or error}"))
        else:
            lines.append(_line(name, f"it is set aside as {QUARANTINE}/{now}"))
    return lines


def _line(name: str, what: str) -> str:
    return f"{name}: what was in its place was not a directory; {what}"
