r"""The content of a helper file: one line that says what it is, with a checksum, and the payload after it.

    fugue NAME 2 CRC32 LENGTH\\n
    payload

NAME is the file's name, so that swapped files are recognised; 2 is the version of this line. CRC32 (8 hexadecimal digits)
covers `NAME 2 LENGTH\\n` and the payload; LENGTH is the payload's, in bytes, decimal. Version 1 was only the payload: the
reader of each file knows what that may look like. Standard library only, because the client reads such files, too.
"""

from __future__ import annotations

import binascii

MAGIC = b"fugue "
VERSION = 2
HEAD_BYTES_MAX = 256
STOPPED_FILE = "stopped"
"""In the state directory: the last server was ended on purpose (kill-server, the last session closed)."""


class HelperDamaged(Exception):
    """A helper file does not have the content that was written; the message says what is wrong."""


def encode(name: str, payload: bytes) -> bytes:
    """Return the content of the file `name`."""
    said = b"%s %d %d\n" % (name.encode(), VERSION, len(payload))
    crc = binascii.crc32(payload, binascii.crc32(said))
    return b"%s%s %d %08x %d\n%s" % (MAGIC, name.encode(), VERSION, crc, len(payload), payload)


def decode(name: str, data: bytes) -> bytes | None:
    """Return the payload. None if it is not such a record, but possibly a payload of version 1. Raises HelperDamaged."""
    if not data.startswith(MAGIC):
        return None
    head, newline, payload = data.partition(b"\n")
    words = head[len(MAGIC) :].split(b" ")
    if not newline or len(words) != 4 or not (words[1] + words[3]).isdigit():
        raise HelperDamaged("its first line cannot be read")
    said = b"%s %s %s\n" % (words[0], words[1], words[3])
    if words[2] != b"%08x" % binascii.crc32(payload, binascii.crc32(said)):
        raise HelperDamaged("its checksum does not match")
    if words[1] != b"%d" % VERSION:
        raise HelperDamaged(f"version {words[1].decode()} is unknown to this fugue")
    if words[0] != name.encode():
        raise HelperDamaged("it is another file than its name says")
    if words[3] != b"%d" % len(payload):
        raise HelperDamaged("it is cut off")
    return payload
