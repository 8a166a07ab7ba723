"""Taking the state directory, where the last server may have been killed and not be wholly dead.

A process that was killed keeps its locks and sockets until its last thread has ended, and a thread that waits for a
slow disk ends when the disk answers. Such a holder is no other server: it is waited for.
"""

import os
import sys
import time
from typing import Final

from fuguemux.observe.clock import NS_PER_S, Clock
from fuguemux.persistence.state_lock import LOCK_NAME, StateLock, lock_state_directory

ENDING_SECONDS_MAX: Final = 60.0
POLL_SECONDS: Final = 0.01
TELL_SECONDS: Final = 1.0
_KILL_PENDING: Final = 1 << 8  # SIGKILL in the masks of proc_pid_status(5)
_EXITING: Final = 0x4  # PF_EXITING in the flags of proc_pid_stat(5)


def take_state(path: str, clock: Clock) -> StateLock:
    """Lock the state directory, which exists. Blocks while its last holder is ending. Raises StateLocked, OSError."""
    holder = _holder(f"{path}/{LOCK_NAME}")
    began_ns = clock.monotonic_ns()
    told = False
    while holder and is_ending(holder):
        waited = (clock.monotonic_ns() - began_ns) / NS_PER_S
        if waited > ENDING_SECONDS_MAX:
            break
        if waited > TELL_SECONDS and not told:
            told = True
            sys.stderr.write(
                f"waiting for process {holder}, which was killed and still waits for the disk\n"
            )
            sys.stderr.flush()
        time.sleep(POLL_SECONDS)
    return lock_state_directory(path)


def is_ending(pid: int) -> bool:
    """Whether the process was killed, or exits, and a thread of it is not dead yet. False where there is no /proc."""
    ending = living = False
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            place = f"/proc/{pid}/task/{thread}"
            fields = _read(f"{place}/stat").rpartition(")")[2].split()
            ending = ending or bool(int(fields[6]) & _EXITING) or _kill_pending(place)
            living = living or fields[0] not in "ZX"
    except (OSError, ValueError, IndexError):
        return False
    return ending and living


def _kill_pending(place: str) -> bool:
    return any(
        int(line.split()[1], 16) & _KILL_PENDING
        for line in _read(f"{place}/status").splitlines()
        if line.startswith(("SigPnd:", "ShdPnd:"))
    )


def _holder(name: str) -> int:
    """The process that took the lock last; 0: none is known."""
    try:
        word = _read(name).split()[0]
        return int(word) if word.isascii() and word.isdigit() else 0
    except (OSError, IndexError):
        return 0


def _read(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return os.read(descriptor, 1 << 16).decode("ascii", "replace")
    finally:
        os.close(descriptor)
