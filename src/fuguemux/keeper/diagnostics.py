"""The keeper's messages to people: one dated line each, in a file that the server's stderr shares."""

from __future__ import annotations

import os
import time

LAST_LINE_BYTES_MAX = 4096


class Diagnostics:
    """Appends to the file open as standard error. Never raises: a full disk must not end the panes."""

    def __init__(self, path: str) -> None:
        self._path = path

    def note(self, line: str) -> None:
        """Append `line`."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        data = f"{stamp} keeper[{os.getpid()}]: {line}\n".encode("utf-8", "backslashreplace")
        try:
            os.write(2, data)
        except OSError:
            return

    def size(self) -> int:
        """Return the length of the file; 0 without one."""
        try:
            return os.stat(self._path).st_size if self._path else 0
        except OSError:
            return 0

    def last_line_since(self, offset: int) -> str:
        """Return the last line that others wrote behind `offset`; empty if there is none."""
        if not self._path:
            return ""
        try:
            with open(self._path, "rb") as file:
                file.seek(max(offset, self.size() - LAST_LINE_BYTES_MAX))
                lines = file.read(LAST_LINE_BYTES_MAX).decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        ours = f" keeper[{os.getpid()}]: "
        return next(
            (line.strip() for line in reversed(lines) if line.strip() and ours not in line), ""
        )
