"""Failpoints: named places in the code at which a test can be notified, pause the thread, make it fail, or kill the
process.

`reach("wal.before_sync")` does nothing unless points are armed. That happens only through `arm` in a test, or in a
process that was started with FUGUE_TESTING=1 and

    FUGUE_FAILPOINTS="wal.before_sync=kill@3;checkpoint.before_rename=pause"

`@3` acts only at the third visit; without it at every visit. The actions:

    tell    connect to the Unix socket FUGUE_FAILPOINTS_SOCKET and send one line `NAME PID`
    pause   tell, and wait in this thread for the answer: `go`, or another action such as `kill`
    raise   raise FailpointReached; `raise:ENOSPC` raises that OSError
    hold    keep the thread busy until an exception is raised in it
    kill    send SIGKILL to this process
    stop    send SIGSTOP to this process
"""

import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

NAMES: Final[dict[str, str]] = {
    "command.deciding": "a command is about to decide, nothing is committed",
    "status_line.composing": "a client's status line is about to be composed",
    "commit.before_append": "events are decided and folded, not yet in the log",
    "commit.after_write": "events are in the log and with the kernel, not yet published or durable",
    "commit.durable": "records are durable, and their waiters have not been told",
    "log.segment_full": "a segment of the log is full, and the next one is not begun",
    "log.segment_begun": "the next segment of the log is begun, its header not yet written",
    "log.writing": "records are about to be handed to the kernel on the loop; its time is measured",
    "watermark.renewing": "records are durable and their waiters have been told; the watermark does not say so yet",
    "watermark.renewed": "the kernel has the new watermark, which is not durable yet",
    "watermark.synced": "the log is idle, and the watermark is durable",
    "log.before_deferred": "a job is about to write records that the loop has left to it",
    "log.deferred_written": "a job has written records that the loop had left to it, and nothing is synced",
    "checkpoint.begun": "a checkpoint has begun, nothing of it is written",
    "checkpoint.before_manifest": "a checkpoint's packs are durable, and no manifest names them",
    "checkpoint.published": "a checkpoint's manifest is durable, and the log before it still exists",
    "checkpoint.log_cut": "segments that a checkpoint made superfluous are given up, and perhaps not removed yet",
    "output.read_ahead": "the thread that reads floods has filled a slot, and the loop does not know it",
    "output.landed": "output is in the landing zone, not yet in the log",
    "output.held": "output waits in the landing zone because the disk is slow or refuses, and is about to be shown",
    "output.logged": "output is in the log, not yet shown",
    "pane.looking": "the directory and the shell for a new process are about to be looked up, on another thread",
    "pane.spawned": "the keeper has started a pane's process, and no event says so",
    "pane.end_logged": "the exit of a pane's process is in the log, and the keeper still has its status",
    "capture.text": "the history of a pane is about to be read for capture-pane, on another thread",
    "source.reading": "files of commands are about to be read, on another thread",
    "report.reading": "the stored reports are about to be read, on another thread",
    "last_screen.reading": "a last screen is about to be read, on another thread",
    "configuration.reading": "the configuration is about to be read again, on another thread",
    "list.piece": "a part of a long list is about to be formatted, in a turn of its own",
    "source.parsing": "a long file of commands is about to be parsed, on another thread",
    "history.holding": "a thread is about to load a part of the history that copy mode is to show",
    "search.step": "a search has begun, or a part of the lines has been searched and the rest has not",
    "recovery.reading": "a part of the log is read, and nothing has been done with it",
    "recovery.read": "the state is recovered in memory, and this server has written nothing",
    "recovery.log_begun": "this server's first segment exists, and contains what was not certainly durable",
    "keeper.connected": "the keeper has handed over everything, and nothing has been done with it",
    "recovery.salvaged": "the landing zone's bytes are logged, and the zone still contains them",
    "recovery.zone_emptied": "the landing zone is empty, and no pane is adopted",
    "restart.released": "a server has released everything for the next one, and the keeper has not been told",
    "recovery.screen_rebuilt": "the thread that rebuilds screens has built one, and the loop does not know it",
    "recovery.last_screen_kept": "the last screen of a program that ended is on the disk, and is in the log as well",
    "recovery.restored": "every pane is adopted or started again, and clients have not been told that the server is ready",
}
"""Every failpoint, and what has just happened or is about to happen there. A test compares this table with the calls in
the code, and crash tests are generated from it.
"""


ANSWER_BYTES_MAX: Final = 64


class FailpointReached(Exception):
    """Raised by an armed failpoint. No production code catches it."""


class FailpointMistake(Exception):
    """The arming text is wrong. The message names the wrong part."""


class _Armed:
    """One armed failpoint: an action, and the visit at which it acts."""

    def __init__(self, action: Callable[[str], None], visit: int | None) -> None:
        self.action = action
        self.visit = visit
        self._visits = 0
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        with self._lock:
            self._visits += 1
            due = self.visit is None or self._visits == self.visit
        if due:
            self.action(name)


_armed: dict[str, _Armed] = {}


def reach(name: str) -> None:
    """Mark a named place. If it is not armed, this is one look at an empty table. If armed: tell, pause, raise, stop or
    kill.
    """
    if _armed:
        point = _armed.get(name)
        if point is not None:
            point(name)


def arm(name: str, action: Callable[[str], None], visit: int | None = None) -> None:
    """In a test: run `action(name)` at every visit, or only at the given one (from 1)."""
    _armed[name] = _Armed(action, visit)


def disarm() -> None:
    """Forget all armed failpoints."""
    _armed.clear()


def arm_from(environment: Mapping[str, str]) -> None:
    """Arm what FUGUE_FAILPOINTS says if FUGUE_TESTING is 1. Raises FailpointMistake."""
    if environment.get("FUGUE_TESTING") != "1":
        return
    socket = environment.get("FUGUE_FAILPOINTS_SOCKET", "")
    for part in filter(None, environment.get("FUGUE_FAILPOINTS", "").split(";")):
        name, _, what = part.partition("=")
        if name not in NAMES:
            raise FailpointMistake(f"FUGUE_FAILPOINTS: no such point: {name!r}")
        action, _, visit = what.partition("@")
        if visit and not (visit.isascii() and visit.isdigit() and int(visit)):
            raise FailpointMistake(f"FUGUE_FAILPOINTS: not a visit number: {part!r}")
        arm(name, _action(action, socket, part), int(visit) if visit else None)


def _action(text: str, socket: str, part: str) -> Callable[[str], None]:
    verb, _, argument = text.partition(":")
    match verb:
        case "tell" | "pause" if socket:
            return lambda name: _tell(socket, name, wait=verb == "pause")
        case "tell" | "pause":
            raise FailpointMistake(f"FUGUE_FAILPOINTS: {part!r} needs FUGUE_FAILPOINTS_SOCKET")
        case "raise" if not argument:
            return _raise
        case "raise" if isinstance(number := getattr(errno, argument, None), int):
            return lambda name: _raise_os_error(number, name)
        case "hold":
            return _hold
        case "kill":
            return lambda _: os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            return lambda _: os.kill(os.getpid(), signal.SIGSTOP)
        case _:
            raise FailpointMistake(f"FUGUE_FAILPOINTS: no such action: {part!r}")


def _raise(name: str) -> None:
    raise FailpointReached(name)


def _hold(_name: str) -> None:
    while True:
        time.sleep(0.01)


def _raise_os_error(number: int, name: str) -> None:
    raise OSError(number, f"{os.strerror(number)} (failpoint {name})")


def _tell(path: str, name: str, *, wait: bool) -> None:
    import socket

    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(path)
            connection.sendall(f"{name} {os.getpid()}\n".encode())
            answer = connection.recv(ANSWER_BYTES_MAX).decode().strip() if wait else ""
    except OSError:
        return  # the test is over
    if answer not in ("", "go"):
        _action(answer, "", answer)(name)


arm_from(os.environ)
