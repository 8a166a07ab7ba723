"""A real server that dies at a named place: every visit of the place is told, and the next one can be made the last."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running

WAIT_SECONDS = 0.05


class Reaper:
    """Lets everybody pass the place, until `armed`: then the next process that comes by is killed, once."""

    def __init__(self, listener: FailpointListener, name: str) -> None:
        self._listener = listener
        self._name = name
        self._armed = threading.Event()
        self._ended = threading.Event()
        self.killed = threading.Event()
        """Set when a process was killed there."""
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
            deadly = self._armed.is_set() and not self.killed.is_set()
            try:
                # The words are chosen before somebody comes: a visit that began before `arm` may still pass.
                self._listener.answer(self._name, "kill" if deadly else "go", WAIT_SECONDS)
            except TimeoutError:
                continue
            if deadly:
                self.killed.set()


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
