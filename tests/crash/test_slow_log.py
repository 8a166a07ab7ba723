"""A disk so slow that a thread writes the log. The output that is shown meanwhile is in the landing zone, and
survives every SIGKILL.

A failpoint that is answered late makes the write of the log slow. The thread is held before its own write.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fuguemux.observe.failpoints import NAMES
from fuguemux.server.storage.flusher import SLOW_WRITE_SECONDS
from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running, kill, until

WAIT_SECONDS = 0.05
HELD = "log.before_deferred"
WRITTEN = "log.deferred_written"
SHOWN = "output.held"
assert {HELD, WRITTEN, SHOWN} <= set(NAMES)

pytestmark = pytest.mark.real


class SlowDisk:
    """Writes on the loop take long until the thread writes, which then waits for `go`."""

    def __init__(self, listener: FailpointListener) -> None:
        self._listener = listener
        self.deferred = threading.Event()
        self.kill = threading.Event()
        """Set: the next to come to SHOWN or WRITTEN is killed there, once."""
        self.go = threading.Event()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, args=(name, answer), daemon=True)
            for name, answer in (
                ("log.writing", self._slowly),
                (HELD, self._held),
                (SHOWN, self._killed),
                (WRITTEN, self._killed),
            )
        ]
        for thread in self._threads:
            thread.start()

    def _slowly(self) -> str:
        if not self.deferred.is_set():
            self._over.wait(SLOW_WRITE_SECONDS * 1.5)  # this is the disk
        return "go"

    def _held(self) -> str:
        self.deferred.set()
        while not (self.go.is_set() or self._over.is_set()):
            self.go.wait(WAIT_SECONDS)
        return "go"

    def _killed(self) -> str:
        if not self.kill.is_set():
            return "go"
        self.kill.clear()
        return "kill"

    def _serve(self, name: str, answer: Callable[[], str]) -> None:
        while not self._over.is_set():
            try:
                self._listener.answer(name, answer, WAIT_SECONDS)
            except TimeoutError:
                continue

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


@contextmanager
def slow(directory: Path, *more: str) -> Iterator[tuple[Running, SlowDisk]]:
    """`more`: points that pause, too."""
    points = ";".join(f"{name}=pause" for name in ("log.writing", HELD, *more))
    with FailpointListener(str(directory / "points")) as listener:
        fugue = Running(directory, **listener.environment(points))
        disk = SlowDisk(listener)
        try:
            fugue("new-session", "-d", "-s", "work", "-n", "first", "-x", "80", "-y", "24", "cat")
            number = 0
            while not disk.deferred.is_set():
                number += 1
                fugue("send-keys", "-t", "work", f"line-{number}", "Enter")
                fugue.wait_for(f"line-{number}\nline-{number}", "work")
            yield fugue, disk
        finally:
            disk.go.set()
            fugue.end()
            disk.end()


def echo(fugue: Running, text: str) -> None:
    fugue("send-keys", "-t", "work", text, "Enter")
    until(f"echo of {text}", lambda: fugue.history("work").count(text) == 2)


@pytest.mark.parametrize("everything", [False, True], ids=["server", "everything"])
def test_what_is_shown_while_the_log_is_behind_survives(tmp_path: Path, everything: bool) -> None:
    with slow(tmp_path) as (fugue, disk):
        for number in range(40):  # more than there are slots
            echo(fugue, f"shown-{number:03}.")
        before = fugue.history("work").rstrip().splitlines()
        panes, keeper, server = fugue.pane_pids(), fugue.keeper_pid(), fugue.server_pid()
        change = fugue.begin("rename-window", "-t", "work", "renamed")
        zone = next(fugue.runtime.rglob("*.landing"))
        until("change in the zone", lambda: b"renamed" in zone.read_bytes())
        assert change.poll() is None, "acknowledged, and not durable"
        if everything:
            os.kill(keeper, signal.SIGSTOP)  # so that it starts no other server in between
            kill(server)
            kill(keeper, *panes)
        else:
            kill(server)
        disk.go.set()
        change.communicate(timeout=30)
        if everything:
            fugue("start-server")
        fugue.wait_for_server(other_than=server)
        assert fugue.history("work").splitlines()[: len(before)] == before
        assert fugue.format("#{window_name}", "work") == "renamed"
        assert "lost" not in fugue("recovery").split("what is there")[1]


@pytest.mark.parametrize("name", [SHOWN, WRITTEN])
def test_sigkill_there_loses_nothing(tmp_path: Path, name: str) -> None:
    """The server dies when output is landed and about to be shown, or when the thread has written and nothing is synced."""
    with slow(tmp_path, name) as (fugue, disk):
        for number in range(10):
            echo(fugue, f"shown-{number:03}.")
        before = fugue.history("work").rstrip().splitlines()
        server = fugue.server_pid()
        disk.kill.set()
        if name == WRITTEN:
            disk.go.set()
        fugue.run("send-keys", "-t", "work", "typed", "Enter")
        fugue.wait_for_server(other_than=server)
        disk.go.set()
        assert not disk.kill.is_set(), f"the server never came to {name}"
        assert fugue.history("work").splitlines()[: len(before)] == before
        until("echo", lambda: fugue.history("work").count("typed") == 2)
        assert fugue.history("work").count("shown-009.") == 2


def test_the_log_catches_up(tmp_path: Path) -> None:
    """What was held is in the log then, in order, and slots are free for others."""
    with slow(tmp_path) as (fugue, disk):
        for number in range(40):
            echo(fugue, f"shown-{number:03}.")
        disk.go.set()
        fugue("rename-window", "-t", "work", "renamed")
        fugue("send-keys", "-t", "work", "x" * 4000, "Enter")
        fugue("new-window", "-d", "-n", "flood", "-t", "work:", "seq 1 60000; echo ended; exec cat")
        fugue.wait_for("ended", "work:flood")
        zone = next(fugue.runtime.rglob("*.landing"))
        until("end of what is held", lambda: b"shown-" not in zone.read_bytes())
        before = fugue.history("work:renamed")
        zone.write_bytes(b"")  # the log alone is to tell
        fugue.kill_everything()
        fugue("start-server")
        after = fugue.history("work:renamed")
        assert after.startswith(before.rstrip())
        assert "60000\nended" in fugue.history("work:flood")
