"""A thread that watches the loop: it names work that holds the loop for long, and ends it if it can be ended.

It costs nothing while the server is idle: it sleeps until work is begun under a name, looks ten times a second while
there is such work, and sleeps again after a look that found none. If no thread can be started, a holder of the loop is
still noted once the loop is free; it is not ended.
"""

import os
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic_ns
from typing import Final

from fuguemux.observe.clock import NS_PER_S
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.holding import SLOT, UNNAMED, endable
from fuguemux.server.work import threads

LOOK_SECONDS: Final = 0.1
TELL_NS: Final = 2 * NS_PER_S
"""Work that holds the loop for longer is reported meanwhile, because it may never finish."""
END_NS: Final = 10 * NS_PER_S
"""Work that holds the loop for longer is ended."""

diagnostics = channel("watchdog")


class Watchdog:
    """Watches the loop of the thread that starts it, until `close`."""

    def __init__(self, *, end_ns: int = END_NS, look_seconds: float = LOOK_SECONDS) -> None:
        self._end_ns = end_ns
        self._look_seconds = look_seconds
        self._woken = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self._told_turn = -1

    def start(self) -> None:
        """Start watching. Call it in the loop's thread."""
        SLOT.thread = threading.get_ident()
        SLOT.wake = self._woken.set
        SLOT.watched = threads.started(self._thread)

    def close(self) -> None:
        """Stop watching, and end the thread."""
        SLOT.thread = 0
        SLOT.asleep = False
        SLOT.wake = lambda: None
        self._over.set()
        self._woken.set()
        if SLOT.watched:
            self._thread.join()
            SLOT.watched = False

    def _run(self) -> None:
        seen = -1
        while not self._over.is_set():
            entered = SLOT.entered
            if entered == seen and SLOT.current is None:
                self._sleep(entered)
            seen = entered
            if not self._over.wait(self._look_seconds):
                self._look()

    def _sleep(self, entered: int) -> None:
        self._woken.clear()
        SLOT.asleep = True
        # If this differs, work began before it could see that it has to wake this thread.
        if SLOT.entered == entered and not self._over.is_set():
            self._woken.wait()
        SLOT.asleep = False

    def _look(self) -> None:
        begun, turn = SLOT.turn_ns, SLOT.turns
        now = monotonic_ns()
        if not begun or now - begun < min(TELL_NS, self._end_ns):
            return
        work = SLOT.current
        since = begun if work is None else work.begun_ns
        if now - since >= self._end_ns and isinstance(work, endable) and work.end():
            return  # the outcome is reported when the loop is free
        if self._told_turn != turn and SLOT.turns == turn:
            self._told_turn = turn
            kind, name = UNNAMED if work is None else (work.kind, work.name)
            seconds = round((now - since) / NS_PER_S, 1)
            diagnostics.warning("loop_is_held", holder=f"{kind} {name}", seconds=seconds)


def end_ns_of(environment: Mapping[str, str]) -> int:
    """After how many nanoseconds work is ended. A test may set a shorter time, in seconds."""
    seconds = environment.get("FUGUE_WATCHDOG_SECONDS", "")
    if environment.get("FUGUE_TESTING") == "1" and seconds:
        return int(float(seconds) * NS_PER_S)
    return END_NS


@asynccontextmanager
async def watching() -> AsyncIterator[None]:
    """Watch this thread's loop inside the context, with the limits of the environment."""
    watchdog = Watchdog(end_ns=end_ns_of(os.environ))
    watchdog.start()
    try:
        yield
    finally:
        watchdog.close()
