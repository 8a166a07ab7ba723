"""The unpacked content of a state directory, for tests of what must not be on disk."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.version_info < (3, 14):
    from backports import zstd
else:
    from compression import zstd

MAGIC = b"\x28\xb5\x2f\xfd"
"""The beginning of a zstd frame, RFC 8878 section 3.1.1."""


def holders(directory: Path, marker: bytes) -> list[str]:
    """The files below `directory` that contain `marker`, as it is or compressed."""
    found = []
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            with suppress(FileNotFoundError):  # the server has just removed or renamed it
                data = path.read_bytes()
                if marker in data or any(marker in part for part in unpacked(data)):
                    found.append(str(path.relative_to(directory)))
    return found


def unpacked(data: bytes) -> list[bytes]:
    """The content of every zstd frame in `data`, wherever it begins. Frames that do not decompress are left out."""
    parts = []
    at = data.find(MAGIC)
    while at >= 0:
        reader = zstd.ZstdDecompressor()
        try:
            parts.append(reader.decompress(data[at:]))
        except zstd.ZstdError:
            parts.append(b"")
        at = data.find(MAGIC, at + 1)
    return parts
