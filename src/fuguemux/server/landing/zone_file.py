"""The landing zone's file: opened without following links, locked, read and written as a whole."""

import fcntl
import os
import stat
import tempfile

from fuguemux.keeper.machine_boot import machine_boot
from fuguemux.persistence.storage.files import persistently
from fuguemux.server.landing.zone_format import FILE_BYTES


class ZoneUnusable(Exception):
    """The file cannot serve as landing zone; the message names the file and the reason. Nothing was changed."""


class ZoneInUse(ZoneUnusable):
    """Another process has the file open."""


def boot_id() -> bytes:
    """Return an id of this boot of the machine. Empty on systems without one."""
    return machine_boot().encode()


def open_file(path: str, flags: int) -> int:
    # O_NONBLOCK: the start must not hang if the path is a FIFO.
    flags |= os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        os.close(descriptor)
        raise ZoneUnusable(f"{path} is not a regular file of ours: remove it")
    return descriptor


def open_memory() -> int:
    """Open a file without a name, in memory if the system supports that."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("fugue-landing", os.MFD_CLOEXEC)
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor


def lock(descriptor: int, path: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ZoneInUse(
            f"{path} is in use by another process: is a server running on this state?"
        ) from error


def contents(descriptor: int) -> bytes:
    return persistently(lambda: os.pread(descriptor, FILE_BYTES + 1, 0))


def write_all(descriptor: int, data: bytes) -> None:
    at = 0
    while at < len(data):
        at += os.pwrite(descriptor, data[at:], at)
