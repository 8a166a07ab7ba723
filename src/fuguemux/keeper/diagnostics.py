"""The keeper's messages to people: one dated line each, on standard error, which the server shares.

The daemon's standard error is the diagnostics file, or a nameless file in memory. The reason why a server could not start
is read back from it. The file is emptied when a server starts and it has grown large. It always begins with a dated line,
so that another file in its place is recognised.
"""

from __future__ import annotations

import contextlib
import os
import time

LAST_LINE_BYTES_MAX = 4096
LOG_BYTES_MAX = 1 << 20
NOT_A_LOG = ".not-a-log"
"""The suffix for a file in the place of the diagnostics that is something else. The server's start moves it to the
quarantine.
"""
ASIDE_MAX = 16
_DATE = b"0000-00-00T"
_STDERR = 2


class KeeperDiagnostics:
    """Appends to standard error. Never raises, because a full disk must not end the panes."""

    def __init__(self, *, ours: bool = False) -> None:
        """`ours`: standard error is a file of the keeper's own, which it may empty."""
        self._ours = ours
        self._mark = 0

    def note(self, line: str) -> None:
        """Append `line`."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        data = f"{stamp} {self._name()}{line}\n".encode("utf-8", "backslashreplace")
        with contextlib.suppress(OSError):
            os.write(_STDERR, data)

    def mark(self) -> None:
        """Note that a server starts: everything written from here on is the server's."""
        self._mark = self._size()
        if self._ours and self._mark > LOG_BYTES_MAX:
            with contextlib.suppress(OSError):
                os.ftruncate(_STDERR, 0)
                self.note("what was here was too long")
                self._mark = self._size()

    def last_words(self) -> str:
        """Return the last line that the server wrote. Empty if there is none or it cannot be read back."""
        try:
            start = max(self._mark, self._size() - LAST_LINE_BYTES_MAX)
            data = os.pread(_STDERR, LAST_LINE_BYTES_MAX, start)
        except OSError:
            return ""
        lines = data.decode("utf-8", "replace").splitlines()
        return next(
            (line.strip() for line in reversed(lines) if line.strip() and self._name() not in line),
            "",
        )

    @staticmethod
    def _name() -> str:
        return f"keeper[{os.getpid()}]: "

    @staticmethod
    def _size() -> int:
        try:
            return os.fstat(_STDERR).st_size
        except OSError:
            return 0


def redirect_standard_streams(log: str, nameless_path: str) -> None:
    """Close the terminal: no input, and output into the file `log`, or into a nameless file if that cannot be opened.

    `nameless_path` is where a file may be created and unlinked at once on systems without memfd_create(2).
    """
    null = os.open(os.devnull, os.O_RDWR)
    output = -1
    if log:
        with contextlib.suppress(OSError):
            output = _opened(log)
            os.fchmod(output, 0o600)  # independent of the umask
    if output < 0:
        output = _nameless_file(nameless_path)
    for target, source in ((0, null), (1, output), (2, output)):
        os.dup2(source, target)
    for descriptor in (null, output):
        if descriptor > _STDERR:
            os.close(descriptor)


def _opened(log: str) -> int:
    """Open the diagnostics. If the file is something else, and perhaps the only copy of it, it is renamed first. Raises
    OSError.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
    output = os.open(log, flags, 0o600)
    try:
        if _begins_dated(os.pread(output, len(_DATE), 0)):
            return output
        for number in range(ASIDE_MAX):
            aside = f"{log}{NOT_A_LOG}{number or ''}"
            if not os.path.lexists(aside):
                os.rename(log, aside)
                return os.open(log, flags, 0o600)
        raise FileExistsError(log)
    except OSError:
        os.close(output)
        raise


def _begins_dated(head: bytes) -> bool:
    if not head.strip(b"\0"):
        return True
    shape = bytes(ord("0") if 0x30 <= byte <= 0x39 else byte for byte in head)
    return shape == _DATE


def _nameless_file(path: str) -> int:
    if hasattr(os, "memfd_create"):
        memory = os.memfd_create("keeper-stderr")
        appending = os.open(f"/proc/self/fd/{memory}", os.O_RDWR | os.O_APPEND)
        os.close(memory)
        return appending
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    os.unlink(path)
    return descriptor
