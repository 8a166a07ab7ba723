"""Reports at once when entries of directories appear or disappear: inotify(7), on the loop. On other systems it reports
nothing.
"""

import asyncio
import contextlib
import ctypes
import os
import struct
import sys
from collections.abc import Callable, Mapping
from typing import Final

GONE: Final = 0x40 | 0x200 | 0x400 | 0x800
"""Entries are moved away or deleted, or the directory itself is deleted or moved."""
COMES: Final = 0x80 | 0x100 | 0x400 | 0x800
"""Entries are moved here or created, or the directory itself is deleted or moved."""

_ONLY_DIRECTORIES: Final = 0x0100_0000
# struct inotify_event: watch, mask, cookie, length of the name
_EVENT: Final = struct.Struct("iIII")
_READ_BYTES: Final = 64 << 10


class DirectoryWatch:
    """Watches a changing set of directories. Belongs to the loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, happened: Callable[[str, str], None]
    ) -> None:
        """`happened` is called with the directory and the name of the entry, or with "" for the directory itself."""
        self._loop = loop
        self._happened = happened
        self._watched: dict[int, str] = {}
        self._libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        self._file = -1
        if self._libc is not None:
            self._file = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file >= 0:
            loop.add_reader(self._file, self._readable)

    @property
    def works(self) -> bool:
        """Whether anything is reported. False if the system has no inotify, or gives this user no more of it."""
        return self._file >= 0

    def watch(self, directories: Mapping[str, int]) -> None:
        """Watch these directories, each for GONE or COMES, and no others. Missing ones are left out."""
        if self._libc is None or self._file < 0:
            return
        watched = {}
        for directory, mask in directories.items():
            number = self._libc.inotify_add_watch(
                self._file, os.fsencode(directory), mask | _ONLY_DIRECTORIES
            )
            if number >= 0:
                watched[number] = directory
        for number in self._watched.keys() - watched.keys():
            self._libc.inotify_rm_watch(self._file, number)
        self._watched = watched

    def close(self) -> None:
        """Stop watching. May be called more than once."""
        if self._file >= 0:
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = -1

    def _readable(self) -> None:
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._file, _READ_BYTES)
        at = 0
        while at + _EVENT.size <= len(data):
            number, _, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size
            name = data[at : at + length].rstrip(b"\0")
            at += length
            directory = self._watched.get(number)
            if directory is not None:  # None if the watch was given up since
                self._happened(directory, os.fsdecode(name))
