"""What the system says of a process: its program, directory, parent and start time. Linux has /proc; elsewhere little is
known.
"""

import os
from typing import Final, NamedTuple

ARGUMENTS_BYTES_MAX = 64 << 10
ENVIRONMENT_BYTES_MAX = 256 << 10
STAT_BYTES_MAX: Final = 4096
TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """One row of the process table."""

    pid: int
    command: bytes
    """The last part of the path that was executed; the kernel keeps 15 bytes of it. For a script it is the script's."""
    parent: int
    group: int
    session: int
    start_ticks: int
    """When it was started, in ticks since the boot. With the pid it identifies the process."""


def process(pid: int) -> Process | None:
    """The process. None if it is gone, is a zombie, or the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            data = file.read(STAT_BYTES_MAX)
    except OSError:
        return None
    before, _, rest = data.rpartition(b")")
    fields = rest.split()
    if len(fields) < 20 or fields[0] in (b"Z", b"X"):
        return None
    command = before.partition(b"(")[2]
    return Process(pid, command, int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def children(pid: int) -> list[int]:
    """The processes that the first thread of `pid` has started and not yet waited for. A shell has only that thread."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def invoked_as(pid: int) -> bytes:
    """The path by which bash or zsh started the process: `_` of its environment. Empty if not known."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            data = file.read(ENVIRONMENT_BYTES_MAX)
    except OSError:
        return b""
    return (b"\0" + data).rpartition(b"\0_=")[2].partition(b"\0")[0] if b"_=" in data else b""


def executable(pid: int) -> str:
    """The file that the process runs. Empty if not known."""
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def up_ticks() -> int:
    """How long the machine has been up, in the ticks of start times. 0 if not known."""
    try:
        with open("/proc/uptime", "rb") as file:
            return int(float(file.read(64).split()[0]) * TICKS_PER_SECOND)
    except (OSError, ValueError, IndexError):
        return 0


def arguments(pid: int) -> tuple[bytes, ...]:
    """The argument list of a process. Empty if it is gone, belongs to another user, or the system does not tell."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            data = file.read(ARGUMENTS_BYTES_MAX)
    except OSError:
        return ()
    return tuple(data.removesuffix(b"\0").split(b"\0")) if data else ()


def directory(pid: int) -> bytes:
    """The working directory of a process. Empty if not known or deleted."""
    try:
        path = os.readlink(f"/proc/{pid}/cwd".encode())
    except OSError:
        return b""
    return b"" if path.endswith(b" (deleted)") else path


def name_of(argv: tuple[bytes, ...]) -> str:
    """The name of a program: the last part of its path, without the dash of a login shell."""
    if not argv:
        return ""
    first = argv[0].rpartition(b"/")[2].lstrip(b"-") or argv[0]
    return first.decode("utf-8", "replace")


def resident_bytes(pid: int) -> int | None:
    """The physical memory of a process. None if the system does not tell (no /proc)."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as source:
            return int(source.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
