"""A real server that dies at a named place: every visit of the place is told, and the next one can be made the last."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running, wait_dead

WAIT_SECONDS = 0.05


class Reaper:
    """Lets everybody pass the place, until `armed`: then the next process that comes by is killed, once."""

    def __init__(self, listener: FailpointListener, name: str) -> None:
        self._listener = listener
        self._name = name
        self._armed = threading.Event()
        self._ended = threading.Event()
        self._deadly = False
        self.killed = threading.Event()
        """Set when a process was killed there and is dead."""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def arm(self) -> None:
        """From now on the next visit is deadly."""
        self._armed.set()

    def end(self) -> None:
        """Stop answering; those who wait go on when the listener closes."""
        self._ended.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                pid = self._listener.answer(self._name, self._words, WAIT_SECONDS)
            except TimeoutError:
                continue
            if self._deadly:
                wait_dead(pid)
                self.killed.set()

    def _words(self) -> str:
        """Chosen when somebody is there, so that no visit after `arm` passes."""
        self._deadly = self._armed.is_set() and not self.killed.is_set()
        return "kill" if self._deadly else "go"


@contextmanager
def reaped(directory: Path, name: str) -> Iterator[tuple[Running, Reaper]]:
    """A private fugue whose servers tell whenever they reach `name`, and who answers them."""
    with FailpointListener(str(directory / "points")) as listener:
        fugue = Running(directory, **listener.environment(f"{name}=pause"))
        reaper = Reaper(listener, name)
        try:
            yield fugue, reaper
        finally:
            fugue.end()
            reaper.end()
