"""The server's process: started, watched, started again. Holds no connection; the keeper tells it what happens."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
from collections.abc import Callable

from fuguemux.keeper.children import reset_signals
from fuguemux.keeper.diagnostics import KeeperDiagnostics
from fuguemux.keeper.limits import explained
from fuguemux.keeper.link import VARIABLE, named
from fuguemux.keeper.process import ProcessWatch
from fuguemux.keeper.protocol import (
    EXIT_CANNOT_START,
    EXIT_DELIBERATE,
    EXIT_GRACEFUL,
    EXIT_RESTART,
    ExitStatus,
)
from fuguemux.keeper.restart import CRASHES_MAX, WINDOW_SECONDS, RestartPolicy

NO_PROCESS_SECONDS = 1.0
"""The time between two attempts while the user may not have another process."""


class Supervisor:
    """Knows whether a server runs, whether it serves, and when the next one is due."""

    def __init__(self, argv: list[str], diagnostics: KeeperDiagnostics) -> None:
        self.argv = argv
        self.pid = 0
        """The server's pid; 0 while there is none."""
        self.watch: ProcessWatch | None = None
        """Set if the server is not a child of this keeper: it adopted the keeper, or took over."""
        self.ready = False
        self.due: float | None = None
        """When the next server is to be started (monotonic clock). None if no start is due."""
        self.gave_up = ""
        """Why no server is started any more. Empty while one runs or is due."""
        self.linked: Callable[[socket.socket, int], None] = lambda link, _pid: link.close()
        """Takes the keeper's end of the link to a server that was started as process `pid`."""
        self._diagnostics = diagnostics
        self._policy = RestartPolicy()
        self._refusal = ""

    @property
    def state(self) -> str:
        """One of `serving`, `starting`, `due`, `gave-up`, `none`, for people."""
        if self.pid:
            return "serving" if self.ready else "starting"
        if self.due is not None:
            return "due"
        return "gave-up" if self.gave_up else "none"

    def start(self, now: float, *, needed: bool) -> str:
        """Start the server now, as a child. Returns why no process could be started for it; empty if one was.

        If it is `needed`, because panes wait for it, the start is tried again. Otherwise it is given up.
        """
        try:
            pid = self._forked()
        except OSError as error:
            reason = f"cannot start the server: {explained(error.errno or errno.EAGAIN)}"
            self.due = now + NO_PROCESS_SECONDS if needed else None
            if not needed:
                self.gave_up = reason
            if reason != self._refusal:
                self._diagnostics.note(reason)
            self._refusal = reason
            return reason
        self._refusal = ""
        self._started(pid)
        return ""

    def _forked(self) -> int:
        self._diagnostics.mark()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                pid = os.fork()
            except OSError:
                ours.close()
                raise
            if pid == 0:
                self._become_server(theirs)  # does not return
        self.linked(ours, pid)
        return pid

    def _started(self, pid: int) -> None:
        self.due = None
        self.gave_up = ""
        self.ready = False
        self.pid = pid
        self._diagnostics.note(f"server started as process {pid}")

    def _become_server(self, link: socket.socket) -> None:
        try:
            reset_signals()
            link.set_inheritable(True)
            os.environ[VARIABLE] = named(link, os.getppid())
            os.execvp(self.argv[0], self.argv)
        except OSError as error:
            self._diagnostics.note(f"cannot execute {self.argv[0]}: {error}")
        finally:
            os._exit(EXIT_CANNOT_START)

    def connected(self, pid: int) -> ProcessWatch | None:
        """Note the process that speaks as the server. Returns its watch if it is not a child."""
        if pid != self.pid:
            self.forget()
            self.pid = pid
            self.watch = ProcessWatch(pid)
        self.due = None
        self.gave_up = ""
        return self.watch

    def forget(self) -> None:
        """The process is not the server any more."""
        self.pid = 0
        self.ready = False
        if self.watch is not None:
            self.watch.close()
            self.watch = None

    def give_way(self) -> None:
        """The server stands by: start the next one in its place. Raises OSError; the old one is still the server then."""
        pid = self._forked()
        self.forget()
        self._started(pid)

    def take_back(self, pid: int, *, child: bool) -> ProcessWatch | None:
        """The server that stood by is the server again. Returns its watch if it is not a child."""
        self.forget()
        self.pid = pid
        self.watch = None if child else ProcessWatch(pid)
        return self.watch

    def kill(self) -> None:
        """Kill the server."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def ended(self, status: ExitStatus, now: float) -> bool:
        """The server has ended. Returns whether that was on purpose, so that the keeper must end as well."""
        was_ready = self.ready
        self._diagnostics.note(f"server process {self.pid} ended: {status}")
        self.forget()
        if status.code in (EXIT_DELIBERATE, EXIT_GRACEFUL):
            return True
        if status.code == EXIT_RESTART and self.argv:
            self.due = now
            return False
        words = self._diagnostics.last_words()
        if status.code == EXIT_CANNOT_START:
            self._give_up(words or "the server cannot start and did not say why")
            return False
        if not self.argv:
            self._give_up(
                f"the server ended ({status}) and this keeper was not told how to start another"
            )
            return False
        wait = self._policy.seconds_to_wait(
            now, killed=was_ready and status.signal == signal.SIGKILL
        )
        if wait is None:
            reason = f"the server crashed {CRASHES_MAX} times in {WINDOW_SECONDS:g} s ({status})"
            self._give_up(f"{reason}: {words}" if words else reason)
        else:
            self.due = now + wait
        return False

    def _give_up(self, reason: str) -> None:
        self.gave_up = reason
        self._diagnostics.note(f"no server is started any more: {reason}")

    def ask_again(self, now: float) -> None:
        """A person wants a server: forget old crashes and start one, unless one runs."""
        if not self.pid and self.argv:
            self._policy.forgive()
            self.gave_up = ""  # the requester waits for the outcome of this attempt
            self.due = now

    def terminate(self) -> bool:
        """Ask the server to stop gracefully. Returns whether there is one to wait for."""
        self.due = None
        if not self.pid:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
            return True
        return False
