"""Closes files that tests leave open when they end a life of a store as a crash does. Otherwise `select` would get
too many."""

import gc
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

LEFT_OPEN_MAX = 4
OPEN = Path("/proc/self/fd")
PLACES = (os.path.realpath(tempfile.gettempdir()), "/dev/shm")


@pytest.fixture(autouse=True)
def few_descriptors() -> Iterator[None]:
    before = set(os.listdir(OPEN)) if OPEN.is_dir() else set()
    yield
    if not before or len(os.listdir(OPEN)) - len(before) <= LEFT_OPEN_MAX:
        return
    gc.collect()  # whoever closes its files itself does so now
    for name in set(os.listdir(OPEN)) - before:
        with suppress(OSError):
            place, mode = os.readlink(OPEN / name), os.fstat(int(name)).st_mode
            if place.startswith(PLACES) and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                os.close(int(name))
