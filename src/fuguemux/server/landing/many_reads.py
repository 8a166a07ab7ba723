"""Read the available output of a PTY into memory, with one read or with many reads in one call.

Linux returns at most 4 KiB of a PTY per read. A Python thread that reads in a loop needs the interpreter lock between
any two reads, and takes it from the event loop each time. So the C library's `fread` does the loop: without a buffer
of its own, it reads into the caller's memory until that is full or the terminal has no more (POSIX fread, setvbuf;
glibc and musl behave this way).
"""

import os
import sys
from collections.abc import Callable
from typing import Any, Final

_UNBUFFERED: Final = 2
"""_IONBF of stdio.h."""

Reads = Callable[[int, memoryview], int]
"""Reads from a non-blocking file descriptor, once or more. Returns the number of bytes; 0 means the end. Raises
OSError if nothing could be read.
"""


def one_read(descriptor: int, room: memoryview) -> int:
    """Implements Reads."""
    return os.readv(descriptor, [room])


class ManyReads:
    """Implements Reads for one thread.

    The C library caches a FILE for each file descriptor number. It does not notice when the number is closed and used
    again; this does no harm.
    """

    def __init__(self) -> None:
        """Raises ImportError, OSError or AttributeError where the C library cannot be called."""
        import ctypes  # imported late: a server without much output starts faster without it

        library = ctypes.CDLL(None, use_errno=True)
        file, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int

        def function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
            found = getattr(library, name)
            found.restype, found.argtypes = result, arguments
            return found  # type: ignore[no-any-return]  # ctypes makes its functions as they are asked for

        self._open = function("fdopen", file, number, ctypes.c_char_p)
        self._set_buffer = function("setvbuf", number, file, file, number, size)
        self._read = function("fread", size, file, size, size, file)
        self._failed = function("ferror", number, file)
        self._clear = function("clearerr", None, file)
        self._byte, self._address, self._errno = (
            ctypes.c_char.from_buffer,
            ctypes.addressof,
            ctypes.get_errno,
        )
        self._files: dict[int, int] = {}

    def __call__(self, descriptor: int, room: memoryview) -> int:
        """Fill `room` as far as there is output. Returns the number of bytes; 0 means the end. Raises OSError if
        nothing could be read.
        """
        file = self._files.get(descriptor) or self._file(descriptor)
        count: int = self._read(self._address(self._byte(room)), 1, len(room), file)
        if count < len(room):
            number, failed = self._errno(), self._failed(file)
            self._clear(file)
            if failed and not count:
                raise OSError(number, os.strerror(number))
        return count

    def _file(self, descriptor: int) -> int:
        file: int | None = self._open(descriptor, b"r")
        if not file:
            number = self._errno()
            raise OSError(number, os.strerror(number))
        self._set_buffer(file, None, _UNBUFFERED, 0)
        self._files[descriptor] = file
        return file


def quickest() -> Reads:
    """Return the implementation that reads most per call on this machine. Call it in the thread that will read."""
    try:
        return ManyReads() if sys.platform == "linux" else one_read
    except (ImportError, OSError, AttributeError):
        return one_read
