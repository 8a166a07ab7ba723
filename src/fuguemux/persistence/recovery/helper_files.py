"""The helper files of a state directory: what each may contain. No content of one prevents a server from starting.

A start checks all of them once. One that is not a file, cannot be read, or contains something else than fugue writes is
moved to the quarantine, with a line in the report. Later readers find no file, and go on without it.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from fuguemux.keeper.helper_record import STOPPED_FILE as STOPPED_FILE
from fuguemux.keeper.helper_record import HelperDamaged
from fuguemux.keeper.lock_file import KEEPER_LOCK, NOT_A_LOCK, SERVER_LOCK
from fuguemux.keeper.machine_boot import machine_boot
from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.save_check import SAVED_FILE
from fuguemux.persistence.recovery.store_identity import is_id
from fuguemux.persistence.recovery.strays import put_ballast_right
from fuguemux.persistence.report.files import RECOVERIES, report_names, report_problem
from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.storage.pipe_positions import (
    PIPES,
    PipePositions,
    is_pipe_name,
    position_problem,
)
from fuguemux.persistence.storage.set_aside import QUARANTINE, set_aside
from fuguemux.persistence.storage.small_file import read_small

BOOT_FILE: Final = "boot"
"""The boot of the machine in which the last server served. Exists once a server has served from this state."""
ZONE_FILE: Final = "zone"
"""The path of the landing zone that the last server had."""
STARTING_FILE: Final = "starting"
SAFE_MODE_FILE: Final = "safe-mode"
ATTACHED_FILE: Final = "attached"
MODES_FILE: Final = "modes"
AGE_FILE: Final = "age"
KEEPER_STORE_FILE: Final = "keeper-store"
"""The store of a keeper that this state has taken over with its programs."""
MADE_ANEW_FILE: Final = "made-anew"
"""Exists until everything is saved in a directory that was created again. A start that finds it lacks part of the state."""

_BOOT: Final = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n?")
_TIMES: Final = re.compile(rb"([0-9]+ [0-9]+\n)+")
_AGE: Final = re.compile(rb"[0-9]{1,20}\n?")
_SAFE: Final = re.compile(rb"safe-[0-9]{8}-[0-9]{6}\n[^\0]*")


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except msgspec.DecodeError:
        return False
    return True


def _is_empty(data: bytes) -> bool:
    return not data


def _all_of(pattern: re.Pattern[bytes]) -> Callable[[bytes], bool]:
    return lambda data: pattern.fullmatch(data) is not None


WAS: Final[dict[str, Callable[[bytes], bool]]] = {
    BOOT_FILE: _all_of(_BOOT),
    ZONE_FILE: lambda data: data[:1] == b"/" and not {0, 10} & set(data),
    STARTING_FILE: lambda data: data[:1] == b"{" and _is_json(data),
    SAFE_MODE_FILE: _all_of(_SAFE),
    ATTACHED_FILE: _all_of(_TIMES),
    MODES_FILE: lambda data: data[:1] == b"[" and _is_json(data.partition(b"\n")[0]),
    AGE_FILE: _all_of(_AGE),
    KEEPER_STORE_FILE: is_id,
    SAVED_FILE: lambda _data: False,  # there was no version 1 of it
}
"""Files with content, and the check for version 1 of each, which had no checksum."""
MARKS: Final = (STOPPED_FILE, MADE_ANEW_FILE)
"""Files whose existence is the information. Version 1 of them was empty; a file with any other content does not count."""


def read_helper(storage: Storage, directory: str, name: str) -> bytes:
    """Return the payload of a helper file in `WAS`. Raises OSError (FileNotFoundError) and HelperDamaged."""
    return read_small(storage, directory, name, WAS[name])


def helper_or_nothing(storage: Storage, directory: str, name: str) -> bytes:
    """Return the payload as `read_helper`, or nothing if there is no usable file: the start has reported that."""
    try:
        return read_helper(storage, directory, name)
    except (OSError, HelperDamaged):
        return b""


def same_boot(storage: Storage, directory: str) -> bool:
    """Whether a server has served from a state directory since the machine was started. Blocks; raises nothing."""
    now = machine_boot().encode()
    return bool(now) and now == helper_or_nothing(storage, directory, BOOT_FILE).strip()


def put_right(
    storage: Storage, directory: str, now_ms: int, names: Iterable[str] = (*WAS, *MARKS)
) -> list[str]:
    """Move each unusable one of these helper files to the quarantine. Returns a line about each. Blocks. Raises nothing."""
    lines = []
    for name in names:
        problem = _problem(storage, directory, name)
        if problem:
            lines.append(_moved(storage, directory, name, problem, now_ms))
    return lines


def put_all_right(storage: Storage, directory: str, now_ms: int) -> list[str]:
    """Do as `put_right` for everything in a state directory that is a helper file or is in the place of one."""
    return [
        *put_right(storage, directory, now_ms),
        *put_locks_right(storage, directory, now_ms),
        *put_pipes_right(storage, directory, now_ms),
        *put_reports_right(storage, directory, now_ms),
        *put_ballast_right(storage, directory, now_ms),
    ]


def put_locks_right(storage: Storage, directory: str, now_ms: int) -> list[str]:
    """Do as `put_right` for what was in the place of a lock and was moved away when the lock was taken."""
    try:
        names = storage.list(directory)
    except OSError:
        return []
    return [
        _moved(
            storage,
            directory,
            name,
            "what was in the place of the lock was not a lock of this user",
            now_ms,
        )
        for name in sorted(names)
        if name.partition(NOT_A_LOCK)[0] in (SERVER_LOCK, KEEPER_LOCK) and NOT_A_LOCK in name
    ]


def put_pipes_right(storage: Storage, directory: str, now_ms: int) -> list[str]:
    """Do as `put_right` for the places of pipes."""
    lines: list[str] = []
    try:
        pipes = sorted(storage.list(f"{directory}/{PIPES}"))
    except FileNotFoundError:
        return lines
    except OSError as error:
        reason = error.strerror or str(error)
        return [*lines, _moved(storage, directory, PIPES, reason, now_ms)]
    positions = PipePositions(storage, directory)
    for pipe in pipes:
        problem = position_problem(storage, f"{directory}/{PIPES}", pipe)
        if not problem:
            continue
        kept = positions.found(PaneId(int(pipe))) if is_pipe_name(pipe) else None
        line = _moved(storage, directory, f"{PIPES}/{pipe}", problem, now_ms)
        if kept is not None:  # there is only too much behind the state
            positions.begin(PaneId(int(pipe)), kept).close(remove=False)
            line += ", and its place is kept"
        lines.append(line)
    return lines


def put_reports_right(storage: Storage, directory: str, now_ms: int) -> list[str]:
    """Do as `put_right` for the reports of earlier starts."""
    place = f"{directory}/{RECOVERIES}"
    try:
        names = report_names(storage, place)
    except OSError:
        return []  # the part that needs them reports it
    problems = ((name, report_problem(storage, place, name)) for name in names)
    return [
        _moved(storage, directory, f"{RECOVERIES}/{name}", problem, now_ms)
        for name, problem in problems
        if problem
    ]


def _problem(storage: Storage, directory: str, name: str) -> str:
    try:
        read_small(storage, directory, name, WAS.get(name, _is_empty))
    except FileNotFoundError:
        return ""
    except HelperDamaged as damaged:
        return str(damaged)
    except OSError as error:
        if name in MARKS and isinstance(error, PermissionError):
            return ""  # only its existence matters
        return reason_of(error).partition(";")[0]
    return ""


def _moved(storage: Storage, directory: str, name: str, problem: str, now_ms: int) -> str:
    try:
        label = f"{now_ms}-"
        now = set_aside(storage, f"{directory}/{name}", f"{directory}/{QUARANTINE}", label)
    except OSError as error:
        return f"{name}: {problem}; it could not be set aside: {reason_of(error)}"
    return f"{name}: {problem}; it is set aside as {QUARANTINE}/{now}"
