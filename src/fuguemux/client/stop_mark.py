"""Checks whether the last server of a state directory was stopped on purpose. Then no server is started just to look."""

import os
import stat

from fuguemux.keeper.helper_record import HEAD_BYTES_MAX, STOPPED_FILE, HelperDamaged, decode


def stopped_deliberately(path: str) -> bool:
    """Whether the mark was written by a server; version 1 of it was empty. Any other content does not count, so that a
    server is started.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        data = os.read(file, HEAD_BYTES_MAX)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return False
        return not data or decode(STOPPED_FILE, data) is not None
    except (OSError, HelperDamaged):
        return False
    finally:
        os.close(file)
