"""Reads and writes files that people name in commands, without ever waiting for the other end of a pipe or terminal.

The writer of a pipe may never come, and a person may never type. Reading such a file to its end would wait for ever. So a
pipe is refused with a message, and from a device only what is available at once is read. Paths that name a file
descriptor (/dev/fd/9, /dev/stdout, a shell's `<(…)`) mean the caller's, but would open the server's: the log, or a
terminal of a pane. They are refused.
"""

import errno
import os
import re
import stat
from typing import Final

CHUNK_BYTES: Final = 1 << 20
PIPE: Final = "is a pipe, which may never end: give a file"
DESCRIPTOR: Final = "names a descriptor, which the server does not share with you: give a file"
_DESCRIPTORS: Final = re.compile(rb"/proc/[^/]+(/task/[^/]+)?/fd|/dev/fd")
LINKS_MAX: Final = 40


class NotPlain(OSError):
    """The file cannot be read or written as a whole; `strerror` is for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EINVAL, reason)


def read_plain(path: str | bytes, bytes_max: int) -> bytes:
    """Return the bytes of a file. Raises OSError, whose `strerror` says why; also if there are more than `bytes_max`."""
    _refuse_descriptor(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        _check(descriptor)
        data = bytearray()
        while len(data) <= bytes_max:
            try:
                part = os.read(descriptor, min(CHUNK_BYTES, bytes_max + 1 - len(data)))
            except BlockingIOError:
                raise NotPlain("has nothing to read now: give a file") from None
            if not part:
                return bytes(data)
            data += part
    finally:
        os.close(descriptor)
    raise NotPlain(f"longer than {bytes_max} bytes")


def write_plain(path: str | bytes, data: bytes, *, append: bool) -> None:
    """Replace the contents of a file by `data`, or append it. Raises OSError, whose `strerror` says why."""
    _refuse_descriptor(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    try:
        descriptor = os.open(path, flags | (os.O_APPEND if append else 0), 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a pipe without a reader
            raise NotPlain(PIPE) from None
        raise
    try:
        _check(descriptor)
        if not append and stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.ftruncate(descriptor, 0)
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(descriptor, view) :]
            except BlockingIOError:
                raise NotPlain("takes nothing now: give a file") from None
    finally:
        os.close(descriptor)


def _refuse_descriptor(path: str | bytes) -> None:
    """Raise NotPlain if the path, or its link target, stands for an open file of this process or another."""
    place = os.path.abspath(os.fsencode(path))
    for _ in range(LINKS_MAX):
        directory, name = os.path.split(place)
        if _DESCRIPTORS.fullmatch(os.path.realpath(directory)):
            raise NotPlain(DESCRIPTOR)
        try:
            place = os.path.join(directory, os.readlink(os.path.join(directory, name)))
        except OSError:
            return


def _check(descriptor: int) -> None:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        raise NotPlain(PIPE)
    if stat.S_ISDIR(mode):
        raise NotPlain(os.strerror(errno.EISDIR))
