"""The server with its ticks measured from outside: `python timed_server.py TICKS [server arguments]`.

A tick is everything the loop does between two looks at its descriptors, so the selector sees where it begins and ends. The
server itself has no hook for this. SIGUSR2 writes the ticks since the last SIGUSR2 to the file TICKS: pairs of milliseconds, of
time and of this thread's CPU time. The second is what the server can do something about; the first has in it what else runs on
the machine.
"""

import json
import os
import selectors
import signal
import sys
import time
from pathlib import Path

ticks: list[tuple[float, float]] = []
began = (0.0, 0.0)


def now() -> tuple[float, float]:
    return time.perf_counter() * 1000, time.thread_time() * 1000


class TimedSelector(selectors.DefaultSelector):
    """Notes the time between leaving `select` and entering it again."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        global began
        if began[0]:
            wall, cpu = now()
            ticks.append((round(wall - began[0], 4), round(cpu - began[1], 4)))
        found: list[tuple[selectors.SelectorKey, int]] = super().select(timeout)
        began = now()
        return found


def write(path: str) -> None:
    found, ticks[:] = list(ticks), []
    temporary = path + ".new"
    Path(temporary).write_text(json.dumps(found))
    os.replace(temporary, path)


if __name__ == "__main__":
    output = sys.argv[1]
    selectors.DefaultSelector = TimedSelector  # type: ignore[misc]  # asyncio looks it up there
    signal.signal(signal.SIGUSR2, lambda *_: write(output))
    from fuguemux.server.main import main

    sys.exit(main(sys.argv[2:]))
