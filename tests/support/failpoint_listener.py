"""The test's end of the failpoint socket: waits for failpoints, and answers processes that pause at one."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

DEADLINE_SECONDS = 30.0


class FailpointListener:
    """Use it as a context manager, and give `environment(...)` to the process under test.

    `path` is the path of a Unix socket, and must be short enough for one.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._reached: list[tuple[str, int]] = []
        self._paused: dict[str, list[tuple[socket.socket, int]]] = {}
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._listener.bind(self._path)
        self._listener.listen(64)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for waiting in self._paused.values():
            for connection, _ in waiting:
                connection.close()

    def environment(self, points: str) -> dict[str, str]:
        """The variables to add to the environment. `points` is the value of FUGUE_FAILPOINTS."""
        return {
            "FUGUE_TESTING": "1",
            "FUGUE_FAILPOINTS": points,
            "FUGUE_FAILPOINTS_SOCKET": self._path,
        }

    def wait(self, name: str, count: int = 1, timeout_s: float = DEADLINE_SECONDS) -> int:
        """Wait until `name` was reached `count` times. Returns the pid of the process that reached it. Raises
        TimeoutError."""
        with self._changed:
            done = self._changed.wait_for(lambda: len(self._pids(name)) >= count, timeout_s)
            if not done:
                raise TimeoutError(
                    f"{name} was not reached {count} times; reached: {self._reached}"
                )
            return self._pids(name)[count - 1]

    def answer(
        self, name: str, words: str | Callable[[], str] = "go", timeout_s: float = DEADLINE_SECONDS
    ) -> int:
        """Let the first process that pauses at `name` continue, or obey `words` (`kill`, `raise:EIO`). Returns its
        pid.

        If `words` is a function, it is called when a process pauses there.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._paused.get(name)), timeout_s):
                raise TimeoutError(f"nobody pauses at {name}; reached: {self._reached}")
            connection, pid = self._paused[name].pop(0)
        said = words if isinstance(words, str) else words()
        with connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(said.encode())  # the process may have been killed while it waited
        return pid

    def _pids(self, name: str) -> list[int]:
        return [pid for reached, pid in self._reached if reached == name]

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            line = b""
            while not line.endswith(b"\n"):
                part = connection.recv(256)
                if not part:
                    break
                line += part
            if not line.endswith(b"\n"):
                connection.close()
                continue
            name, digits = line.decode().split()
            with self._changed:
                self._reached.append((name, int(digits)))
                self._paused.setdefault(name, []).append((connection, int(digits)))
                self._changed.notify_all()
