"""The locks of a state directory: which process has one, and where it listens now. docs/formats/locks.md in code.

Standard library only: the keeper, the server and a client that finds no server at the usual place use it. No function
waits for a lock.
"""

from __future__ import annotations

import binascii
import contextlib
import errno
import fcntl
import os
import stat
import sys

from fuguemux.keeper.machine_boot import machine_boot

SERVER_LOCK = "LOCK"
KEEPER_LOCK = "keeper.lock"
NO_BOOT = "-"
"""In a record, where the system has no name for a boot."""
LOG_DIRECTORY = "wal"
"""The directory in the state directory that the server locks."""

STARTING = "starting"
ENDING = "ending"
"""In place of a path: the holder does not listen yet, or will never listen again."""

NOT_A_LOCK = ".not-a-lock"
"""The suffix for a file that was in a lock's place and is no lock. The server's start moves it to the quarantine."""

RECORD_BYTES_MAX = 8192
READS_MAX = 100
ASIDE_MAX = 16
TAKES_MAX = 5
"""Only another process can remove a file between its opening and its locking. After this many times something is wrong."""

_DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_NO_LOCK = (
    errno.EISDIR,
    errno.EACCES,
    errno.EPERM,
    errno.ELOOP,
    errno.EINVAL,
    errno.ENXIO,
)
_LINUX = sys.platform == "linux"
_BOOT_CHARACTERS = b"0123456789abcdef-"


class LockHolder:
    """The holder of a lock. `pid` is 0 if it is not known."""

    __slots__ = ("pid", "place")

    def __init__(self, pid: int, place: str = "") -> None:
        self.pid = pid
        self.place = place
        """The path on which it listens, STARTING, or ENDING. Empty if it says none, and does not understand requests."""

    @property
    def path(self) -> str:
        """Where it listens, or listened until its socket was removed. Empty if nowhere."""
        return self.place if self.place.startswith("/") else ""


def encode(pid: int, boot: str, place: str) -> bytes:
    """Return the record of a holder. Without a place it has only the first line."""
    if not place:
        return b"%d %s\n" % (pid, boot.encode("ascii", "replace"))
    octets = os.fsencode(place).replace(b"%", b"%25").replace(b"\n", b"%0A")
    head = b"%d %s\n%s\n" % (pid, boot.encode("ascii", "replace"), octets)
    return b"%s%08x\n" % (head, binascii.crc32(head))


def decode(data: bytes) -> LockHolder | None:
    """Return the holder that a record names. None if it is being written at this moment.

    A record of one line comes from a version or a program that writes no place.
    """
    lines = data.split(b"\n", 3)
    words = lines[0].split()
    pid = int(words[0]) if words and words[0].isdigit() and len(words[0]) < 20 else 0
    if len(lines) < 2:  # the first line is not complete
        return LockHolder(0) if not data else None
    if lines[1:] == [b""]:
        return LockHolder(pid)
    head = b"%s\n%s\n" % (lines[0], lines[1])
    if len(lines) < 4 or lines[2] != b"%08x" % binascii.crc32(head):
        return None
    place = lines[1].replace(b"%0A", b"\n").replace(b"%25", b"%")
    return LockHolder(pid, os.fsdecode(place))


def is_record(data: bytes) -> bool:
    """Return whether a holder may have written this, even if a power failure has torn it. Nothing and zeros count as
    records.

    Anything else may be the only copy of another file, and must not be overwritten.
    """
    if len(data) > RECORD_BYTES_MAX:
        return False
    if not data.strip(b"\0"):
        return True
    line, newline, _rest = data.partition(b"\n")
    pid, _blank, boot = line.partition(b" ")
    known = 0 < len(boot) <= 36 and not boot.strip(_BOOT_CHARACTERS)
    return bool(newline) and pid.isdigit() and len(pid) < 20 and known


def holder_of(path: str, guard: str = "") -> LockHolder | None:
    """Return the holder of the lock at `path`, or None. `guard` is the directory that is locked with it.

    It tries the lock for an instant, so a process that takes a lock must try more than once.
    """
    file = _opened(path, os.O_RDONLY | _FLAGS)
    if file >= 0:
        try:
            if not _flock(file, fcntl.LOCK_SH):
                return _read(file)
        except OSError:
            return None
        finally:
            os.close(file)
    directory = _opened(guard, _DIRECTORY_FLAGS) if guard else -1
    if directory >= 0:
        try:
            if not _flock(directory, fcntl.LOCK_SH):
                return LockHolder(0)  # its file was removed, and it creates another one
        except OSError:
            return None
        finally:
            os.close(directory)
    return None


def ask_to_listen(holder: LockHolder, path: str) -> bool:
    """Ask the holder of the lock at `path` to create its socket again. Returns whether it was asked.

    The pid in the record is checked first: it may belong to another process by now, which the signal would end.
    """
    if holder.pid <= 1 or not holder.path or not _has_open(holder.pid, path):
        return False
    import signal  # imported late: a client that finds no server at all does not need it

    try:
        os.kill(holder.pid, signal.SIGUSR1)
    except OSError:
        return False
    return True


def _has_open(pid: int, path: str) -> bool:
    """Whether the process has this file open. If that cannot be told, whether this process may signal it."""
    try:
        if not _LINUX:
            os.kill(pid, 0)
            return True
        wanted, name = os.stat(path), os.path.basename(path)
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            link = f"/proc/{pid}/fd/{descriptor}"
            with contextlib.suppress(FileNotFoundError):
                if name in os.readlink(link) and os.path.samestat(os.stat(link), wanted):
                    return True
    except OSError:
        return False
    return False


class Lock:
    """A lock of this process: a file that says where it listens, and a directory, which is not removed by mistake.

    The directory decides, since a removed file could be created and locked again by another process. The kernel releases
    both when the process dies. Both are close-on-exec.
    """

    def __init__(self, path: str, guard: str = "", *, within: int | None = None) -> None:
        """Nothing is locked yet. `guard` is the directory; empty if there is none, or if it does not exist.

        `within` is a file descriptor of the directory to which both are relative, even if it is moved. It stays the
        caller's.
        """
        self.path = path
        self._guard_path = guard
        self._within = within
        self._file = self._guard = -1
        self._place = ""

    def take(self, *, file_required: bool = True) -> bool:
        """Take the lock. Returns False if another process has it. Raises OSError.

        Unless `file_required`, a lock on the directory is enough, because no file can be created on a full disk.
        """
        try:
            file = self._locked_file()
        except OSError as problem:
            file = self._locked_instead(problem)
            if file == -1 and (file_required or not self._guard_path):
                raise
        if file is None:
            return False
        guard = self._locked_guard()
        if guard is None or (file < 0 and guard < 0):
            _close(file)
            if guard is not None:
                raise OSError(f"neither {self.path} nor its directory can be locked")
            return False
        self._file, self._guard = file, guard
        self._write()
        return True

    def descriptors(self) -> set[int]:
        """Return the file descriptors that must stay open while the lock is held."""
        return {self._file, self._guard} - {-1}

    def tell(self, place: str) -> None:
        """Write where this process listens: a path, STARTING or ENDING. From then on others may send SIGUSR1 to make it
        listen again.
        """
        self._place = place
        if self._guard < 0:  # a new state had no directory when the lock was taken
            guard = self._locked_guard()
            self._guard = -1 if guard is None else guard
        self._write()

    def whole(self) -> bool:
        """Whether a process that opens the paths finds this lock."""
        return self.named() and self._guarded()

    def named(self) -> bool:
        """Whether a process that opens the file's path finds this lock."""
        return _is_at(self._file, self.path, self._within)

    def renew(self) -> bool:
        """Create again what was removed. Returns whether the lock is complete. A file at the path in another directory is
        another lock.
        """
        if self.whole():
            return True
        if not self._guarded():
            guard = None if self._within is None else self._locked_guard()
            if guard is None:
                return False
            _close(self._guard)
            self._guard = guard
            if self.named():
                return True
        try:
            file = self._locked_file()
        except OSError:
            return False
        # Another process tries to take it at this moment, and fails at the directory.
        if file is None:
            return False
        _close(self._file)
        self._file = file
        self._write()
        return True

    def release(self) -> None:
        """Release the lock. The file stays, so that no process locks a removed one."""
        _close(self._file)
        _close(self._guard)
        self._file = self._guard = -1

    def _guarded(self) -> bool:
        return self._guard < 0 or _is_at(self._guard, self._guard_path, self._within)

    def _locked_file(self) -> int | None:
        for _ in range(TAKES_MAX):
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o600, dir_fd=self._within)
            try:
                _check(file, self.path)
                os.fchmod(file, 0o600)  # a umask may have removed even the owner's permissions
                if not _flock(file, fcntl.LOCK_EX):
                    os.close(file)
                    return None
                if _is_at(file, self.path, self._within):
                    if _holds_record(file):
                        return file
                    self._move_aside()
            except OSError:
                os.close(file)
                raise
            os.close(file)
        raise OSError(f"{self.path} is removed again and again")

    def _locked_instead(self, problem: OSError) -> int | None:
        """Lock as `_locked_file`, after moving foreign content out of the way. -1: it is not that case, or the directory
        is locked.

        Only done under the directory's lock: then no running process relies on the file.
        """
        if problem.errno not in _NO_LOCK or not self._guard_path:
            return -1
        guard = self._locked_guard()
        if guard is None or guard < 0:
            return guard
        try:
            self._move_aside()
            return self._locked_file()
        except OSError:
            return -1
        finally:
            os.close(guard)

    def _move_aside(self) -> None:
        """Rename what is in the file's place. Raises OSError."""
        for number in range(ASIDE_MAX):
            aside = f"{self.path}{NOT_A_LOCK}{number or ''}"
            with contextlib.suppress(FileNotFoundError):
                os.lstat(aside, dir_fd=self._within)
                continue
            os.rename(self.path, aside, src_dir_fd=self._within, dst_dir_fd=self._within)
            return
        raise OSError(
            errno.EEXIST, "too many files that are not locks were moved out of the way", self.path
        )

    def _locked_guard(self) -> int | None:
        """The locked directory. -1 if there is none that can be locked; None if another process has it."""
        guard = -1
        if self._guard_path:
            guard = _opened(self._guard_path, _DIRECTORY_FLAGS, self._within)
        if guard < 0:
            return -1
        try:
            if _flock(guard, fcntl.LOCK_EX):
                return guard
        except OSError:  # a file system that cannot lock directories
            os.close(guard)
            return -1
        os.close(guard)
        return None

    def _write(self) -> None:
        """Write the record. A full disk does not prevent holding the lock."""
        if self._file < 0:
            return
        record = encode(os.getpid(), machine_boot() or NO_BOOT, self._place)
        with contextlib.suppress(OSError):
            os.pwrite(self._file, record, 0)
            os.ftruncate(self._file, len(record))


def _holds_record(file: int) -> bool:
    try:
        return is_record(os.pread(file, RECORD_BYTES_MAX + 1, 0))
    except OSError:
        return False


def _read(file: int) -> LockHolder:
    for _ in range(READS_MAX):
        holder = decode(os.pread(file, RECORD_BYTES_MAX, 0))
        if holder is not None:
            return holder
    return LockHolder(0)


def _opened(path: str, flags: int, within: int | None = None) -> int:
    try:
        return os.open(path, flags, dir_fd=within)
    except OSError:
        return -1


def _close(file: int) -> None:
    if file >= 0:
        os.close(file)


def _flock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(file: int, path: str, within: int | None = None) -> bool:
    try:
        return file >= 0 and os.path.samestat(os.fstat(file), os.stat(path, dir_fd=within))
    except OSError:
        return False


def _check(file: int, path: str) -> None:
    facts = os.fstat(file)
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "is not a regular file: remove it", path)
    if facts.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "belongs to another user", path)
