"""Takes the state directory, even if the last server was killed and has not ended completely.

A killed process keeps its locks and sockets until its last thread has ended, and a thread that waits for a slow disk ends
only when the disk answers. Such a holder does not count as another server: it is waited for.
"""

import sys
import time
from typing import Final

from fuguemux.keeper.lock_file import STARTING
from fuguemux.keeper.process import is_ending
from fuguemux.observe.clock import NS_PER_S, Clock
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.state_lock import LOCK_NAME, StateLock, lock_state_directory
from fuguemux.persistence.storage.whole_files import first_bytes

ENDING_SECONDS_MAX: Final = 60.0
POLL_SECONDS: Final = 0.01
TELL_SECONDS: Final = 1.0
LOCK_BYTES_MAX: Final = 1 << 16


def take_state(path: str, clock: Clock) -> StateLock:
    """Lock the state directory, which must exist. Blocks while its last holder is ending. Raises StateLocked, OSError."""
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
    lock = lock_state_directory(path)
    lock.tell(STARTING)
    return lock


def _holder(name: str) -> int:
    """The pid of the last process that took the lock. 0 if none is known."""
    words = first_bytes(RealStorage(), name, LOCK_BYTES_MAX).split()
    return int(words[0]) if words and words[0].isdigit() else 0
