"""A real server whose process can be killed at a failpoint: each visit is reported, and after `arm` the next one is
the last."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running, wait_dead

WAIT_SECONDS = 0.05


class Reaper:
    """Lets every process pass the failpoint, until `armed`. Then the next process that reaches it is killed, once."""

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
        """Kill the process at the next visit."""
        self._armed.set()

    def end(self) -> None:
        """Stop answering. Processes that wait continue when the listener closes."""
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
        """The answer, chosen when a process is there, so that no visit after `arm` passes."""
        self._deadly = self._armed.is_set() and not self.killed.is_set()
        return "kill" if self._deadly else "go"


@contextmanager
def reaped(directory: Path, name: str) -> Iterator[tuple[Running, Reaper]]:
    """A fugue of its own, whose servers report whenever they reach `name`, and the Reaper that answers them."""
    with FailpointListener(str(directory / "points")) as listener:
        fugue = Running(directory, **listener.environment(f"{name}=pause"))
        reaper = Reaper(listener, name)
        try:
            yield fugue, reaper
        finally:
            fugue.end()
            reaper.end()
