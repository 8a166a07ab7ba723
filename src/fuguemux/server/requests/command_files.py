"""Reads files of commands for source-file: the answer to `LiveView.files`."""

import glob
import os
from typing import Any, Final

from fuguemux.server.work.plain_files import read_plain

FILE_BYTES_MAX: Final = 1 << 20


def command_files(directory: str, pattern: str) -> list[dict[str, Any]]:
    """Every file that a path or a pattern names, relative to `directory`: its `path` with `text` or `error`. Reads
    from disk."""
    if pattern == "-":
        return [{"path": pattern, "error": "standard input cannot be read here, name a file"}]
    whole = os.path.join(directory, pattern)
    found = sorted(glob.glob(whole)) if glob.has_magic(pattern) else [whole]
    # A file that cannot be read is shown with the path that was given. All other files are shown with their full
    # path.
    shown = found if found != [whole] else [pattern]
    return [_entry(path, name) for path, name in zip(found, shown, strict=True)]


def _entry(path: str, name: str) -> dict[str, Any]:
    try:
        data = read_plain(path, FILE_BYTES_MAX)
    except OSError as error:
        return {"path": name, "error": error.strerror}
    return {"path": path, "text": data.decode("utf-8", "surrogateescape")}
