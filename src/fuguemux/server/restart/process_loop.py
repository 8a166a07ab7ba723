"""Runs the server in one process, and runs it again there if a handoff failed."""

import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from fuguemux.keeper.protocol import EXIT_CANNOT_START
from fuguemux.observe.clock import SystemClock, clock_of
from fuguemux.observe.failpoints import reach
from fuguemux.server.ports import CannotStart
from fuguemux.server.recovery.boot import Booted, boot
from fuguemux.server.restart import standby
from fuguemux.server.restart.standby import StandingBy
from fuguemux.server.work import threads

Serve = Callable[
    [Booted, SystemClock, StandingBy | None], Coroutine[Any, Any, tuple[int, StandingBy | None]]
]
"""Runs one server. Returns its exit code, and what the process keeps while it stands by, if there is a handoff."""


class ServerRun(NamedTuple):
    """How a server ended: its exit code, and what the process keeps while it stands by, if there is a handoff."""

    code: int
    handover: StandingBy | None
    keeper_socket: str


def live(words: list[str], serve: Serve) -> int:
    """Run a server with the command line `words` until it stops for good. Returns the exit code."""
    signal.signal(signal.SIGUSR1, _too_early)
    try:
        return _live(words, serve)
    finally:  # when Python exits, it replaces a handler by the default action, which ends the process
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)


def _too_early(_signal: int, _frame: object) -> None:
    """Ignore SIGUSR1 before the server listens; the sender repeats it. It is a handler, because the programs that
    this process starts would inherit an ignored signal."""


def _live(words: list[str], serve: Serve) -> int:
    returned: StandingBy | None = None
    while True:
        try:
            ended = _life(words, serve, returned)
        except CannotStart as refused:
            sys.stderr.write(f"{refused}\n")
            if returned is not None:
                returned.answer(f"{standby.failed(returned)}; but: {refused}", 1)
            return EXIT_CANNOT_START
        except Exception as failure:  # noqa: BLE001  # it crashed: users are told the last line
            traceback.print_exception(failure)
            sys.stderr.write(f"{_cause(failure)}\n")
            return 1
        if ended.handover is None:
            return ended.code
        gc.unfreeze()
        gc.collect()  # frees the old state, which may be large, and is read again if the new server fails
        returned = _stand_by(ended.handover, ended.keeper_socket)
        if returned is None:
            return ended.code


def _cause(failure: BaseException) -> str:
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return f"{type(failure).__name__}: {failure}"


def _life(words: list[str], serve: Serve, returned: StandingBy | None) -> ServerRun:
    clock = clock_of(os.environ)
    booted = boot(words, clock)
    reach("recovery.read")
    try:
        code, handover = threads.run(serve(booted, clock, returned))
    finally:
        if booted.lock is not None:
            booted.lock.release()
    return ServerRun(code, handover, booted.keeper_place.path())


def _stand_by(handover: StandingBy, keeper_socket: str) -> StandingBy | None:
    """Wait for the result of the new server. None: this process is not needed any more."""
    reach("restart.released")
    panes = len(handover.panes)
    try:
        verdict = standby.stand_by(keeper_socket, handover)
    except standby.HandoffRefused as refused:
        handover.answer(f"another server takes over {panes} panes, for good: {refused}", 0)
        return None
    if verdict.kind == "retire":
        handover.answer(standby.succeeded(verdict, panes), 0)
        return None
    handover.reason = verdict.reason
    if verdict.kind == "resume":
        handover.close_masters()  # the keeper has them
    return handover
