"""What the system says of a process: its program, directory and start time. Linux reads /proc; elsewhere little is known."""

import os

ARGUMENTS_BYTES_MAX = 64 << 10


def arguments(pid: int) -> tuple[bytes, ...]:
    """The argument list of a process; empty if it is gone, not ours, or the system does not tell."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            data = file.read(ARGUMENTS_BYTES_MAX)
    except OSError:
        return ()
    return tuple(data.removesuffix(b"\0").split(b"\0")) if data else ()


def directory(pid: int) -> bytes:
    """The working directory of a process; empty if not known or deleted."""
    try:
        path = os.readlink(f"/proc/{pid}/cwd".encode())
    except OSError:
        return b""
    return b"" if path.endswith(b" (deleted)") else path


def name_of(argv: tuple[bytes, ...]) -> str:
    """How a program is called: the last part of its path, without the dash of a login shell."""
    if not argv:
        return ""
    first = argv[0].rpartition(b"/")[2].lstrip(b"-") or argv[0]
    return first.decode("utf-8", "replace")
