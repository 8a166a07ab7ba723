"""Facts about processes that are not children: when they started, when they exited, and how.

On Linux from /proc and pidfds. Elsewhere it is only known whether the pid still exists.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import sys
from collections.abc import Iterator

from fuguemux.keeper.limits import plenty_of_descriptors
from fuguemux.keeper.protocol import UNKNOWN_STATUS, ExitStatus

# PIDFD_GET_INFO, linux/pidfd.h: struct pidfd_info as of Linux 6.13, 64 bytes; the exit code is filled in since 6.15.
_PIDFD_GET_INFO = 0xC040FF0B  # _IOWR(0xFF, 11, 64 bytes)
_PIDFD_INFO = struct.Struct("=QQ11Ii")
_PIDFD_INFO_EXIT = 1 << 3
assert _PIDFD_INFO.size == 64

# Fields of /proc/PID/stat behind the command, which may itself hold spaces and parentheses: proc_pid_stat(5).
_STAT_STATE = 0
_STAT_FLAGS = 6
_STAT_START_TIME = 19
_STAT_EXIT_CODE = 49

_KILL_PENDING = 1 << 8  # SIGKILL in the masks of proc_pid_status(5)
_EXITING = 0x4  # PF_EXITING in the flags of proc_pid_stat(5)

_LINUX = sys.platform == "linux"


def _stat_fields(place: str) -> list[bytes]:
    try:
        with open(f"{place}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def start_time_of(pid: int) -> int | None:
    """Return when `pid` started, in clock ticks since boot. None if that is not known.

    A pid together with its start time identifies a process; a pid alone is used again.
    """
    fields = _stat_fields(f"/proc/{pid}")
    return int(fields[_STAT_START_TIME]) if len(fields) > _STAT_START_TIME else None


def is_running(pid: int) -> bool:
    """Whether there is such a process that has not exited. A zombie has exited."""
    fields = _stat_fields(f"/proc/{pid}")
    if fields:
        return fields[_STAT_STATE] not in (b"Z", b"X")
    if _LINUX:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_stopped(pid: int) -> bool:
    """Whether the process was stopped by a signal or a debugger. False where there is no /proc."""
    return _stat_fields(f"/proc/{pid}")[:1] in ([b"T"], [b"t"])


def is_ending(pid: int) -> bool:
    """Whether the process was killed, or is exiting, and one of its threads is not dead yet. False where there is no
    /proc.
    """
    ending = living = False
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            place = f"/proc/{pid}/task/{thread}"
            fields = _stat_fields(place)
            ending = ending or bool(int(fields[_STAT_FLAGS]) & _EXITING) or _kill_pending(place)
            living = living or fields[_STAT_STATE] not in (b"Z", b"X")
    except (OSError, ValueError, IndexError):
        return False
    return ending and living


def _kill_pending(place: str) -> bool:
    with open(f"{place}/status", "rb") as file:
        return any(
            int(line.split()[1], 16) & _KILL_PENDING
            for line in file
            if line.startswith((b"SigPnd:", b"ShdPnd:"))
        )


def _may_read_status(pid: int) -> bool:
    """Whether a 0 in /proc/PID/stat is a status: readers without permission also see 0."""
    me = os.geteuid()
    if me == 0:
        return True
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return False
    users = next((line.split()[1:4] for line in lines if line.startswith(b"Uid:")), [])
    return users == [b"%d" % me] * 3


class ProcessWatch:
    """Notices the exit of a process that is not a child."""

    def __init__(self, pid: int, start_time: int | None = None) -> None:
        self.pid = pid
        self._start_time = start_time
        self.pidfd = -1
        """Readable when the process has exited. -1 if there is none, and `ended` must be called now and then."""
        if hasattr(os, "pidfd_open") and plenty_of_descriptors():  # a PTY master is more important
            with contextlib.suppress(OSError):
                self.pidfd = os.pidfd_open(pid)
        # Check after opening: if the pid had been given to another process before, the pidfd would be that process's.
        self._was_other = start_time is not None and start_time_of(pid) != start_time

    def ended(self) -> bool:
        """Whether the process has ended."""
        if self._was_other or not is_running(self.pid):
            return True
        return self._start_time is not None and start_time_of(self.pid) != self._start_time

    def status(self) -> ExitStatus:
        """Return how the exited process ended, as far as the kernel still tells."""
        if self._was_other:
            return UNKNOWN_STATUS
        if self.pidfd >= 0:
            with contextlib.suppress(OSError):
                request = _PIDFD_INFO.pack(_PIDFD_INFO_EXIT, *[0] * 13)
                answer = _PIDFD_INFO.unpack(fcntl.ioctl(self.pidfd, _PIDFD_GET_INFO, request))
                if answer[0] & _PIDFD_INFO_EXIT:
                    return ExitStatus.of_wait(answer[-1])
        return self._status_of_zombie()

    def _status_of_zombie(self) -> ExitStatus:
        """Read the status from /proc, while no process has waited for it."""
        fields = _stat_fields(f"/proc/{self.pid}")
        if len(fields) <= _STAT_EXIT_CODE or fields[_STAT_STATE] != b"Z":
            return UNKNOWN_STATUS
        if self._start_time is not None and int(fields[_STAT_START_TIME]) != self._start_time:
            return UNKNOWN_STATUS
        status = int(fields[_STAT_EXIT_CODE])
        if status == 0 and not _may_read_status(self.pid):
            return UNKNOWN_STATUS
        return ExitStatus.of_wait(status)

    def close(self) -> None:
        """Stop watching. May be called more than once."""
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


def ended_children() -> Iterator[tuple[int, ExitStatus]]:
    """Collect the status of every child of this process that has ended. Yields its process id with it. Never waits."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, ExitStatus.of_wait(status)


def become_subreaper() -> bool:
    """Make the panes' orphans children of this process instead of init: prctl(2), Linux only. Returns whether it worked."""
    if sys.platform != "linux":
        return False
    import ctypes  # slow to import, and needed only here

    pr_set_child_subreaper = 36
    return bool(ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0) == 0)
