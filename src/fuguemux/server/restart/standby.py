"""The old server's wait after a handoff: it keeps its code loaded until the new server serves or has failed.

No event loop runs at that time. The process still holds a duplicate of every PTY master, so that no pane ends if the
keeper dies meanwhile, and the connection of the client that requested the restart.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from typing import Final, Literal, NamedTuple

from fuguemux import __version__
from fuguemux.keeper.protocol import (
    PROTOCOL_VERSION,
    ROLE_STANDBY,
    ChannelBroke,
    Message,
    MessageChannel,
    PeerGone,
    text,
)
from fuguemux.protocol import messages
from fuguemux.protocol.framing import message_bytes
from fuguemux.server.processes.keeper_values import HeldPane

HANDSHAKE_SECONDS_MAX: Final = 10.0
ANSWER_SECONDS_MAX: Final = 2.0
END_SECONDS_MAX: Final = 10.0


class HandoffRefused(Exception):
    """The keeper does not let a server stand by (it may be of an earlier version), or there is no keeper."""


class Verdict(NamedTuple):
    """How the handoff ended."""

    kind: Literal["retire", "resume", "alone"]
    """`retire`: the new server serves. `resume`: it failed. `alone`: the keeper ended meanwhile."""
    reason: str = ""
    version: str = ""
    pid: int = 0


class StandingBy:
    """What a server keeps while it stands by."""

    def __init__(
        self, panes: list[HeldPane], seconds: int, requester: socket.socket | None, keys: list[str]
    ) -> None:
        """`panes` have their own duplicates of the masters, which this object closes. `keys` name the panes whose
        processes run."""
        self.panes = panes
        self.keys = keys
        self.seconds = seconds
        """How many seconds the new server may take."""
        self.reason = ""
        """Why the new server was refused. Empty until then."""
        self._requester = requester

    def close_masters(self) -> None:
        """Close the duplicates, which are not needed if the keeper has the masters."""
        for pane in self.panes:
            os.close(pane.master_fd)
        self.panes = []

    def answer(self, line: str, exit_code: int) -> None:
        """Tell the client that requested the restart the result. Only the first call does anything. Never raises."""
        requester, self._requester = self._requester, None
        if requester is None:
            return
        kind = messages.STDERR if exit_code else messages.STDOUT
        with requester, contextlib.suppress(OSError):
            requester.settimeout(ANSWER_SECONDS_MAX)
            requester.sendall(
                message_bytes(kind, line.encode("utf-8", "replace") + b"\n")
                + messages.exit_with(exit_code)
            )


def stand_by(path: str, handover: StandingBy) -> Verdict:
    """Let the keeper at `path` start the next server, and wait for the result. Blocks. Raises HandoffRefused."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel = MessageChannel(connection)
    started = 0
    try:
        connection.connect(path)
        channel.send(
            {
                "type": "hello",
                "protocol": PROTOCOL_VERSION,
                "role": ROLE_STANDBY,
                "pid": os.getpid(),
            }
        )
        welcome = _next(channel, HANDSHAKE_SECONDS_MAX)
        if welcome.get("type") != "welcome":
            raise HandoffRefused(str(welcome.get("message")))
        channel.send(
            {"type": "give-way", "id": 1, "panes": handover.keys, "seconds": handover.seconds}
        )
        answer = _next(channel, HANDSHAKE_SECONDS_MAX)
        if "error" in answer:
            raise HandoffRefused(str(answer["error"]))
        pid = answer.get("pid")
        started = pid if isinstance(pid, int) else 0
        return _verdict(_next(channel, None))
    except (OSError, PeerGone, ChannelBroke, TimeoutError) as problem:
        if not started:
            raise HandoffRefused(f"the keeper at {path}: {problem}") from problem
        _end(started)
        return Verdict("alone", f"the keeper ended meanwhile ({problem})")
    finally:
        channel.close()


def succeeded(verdict: Verdict, panes: int) -> str:
    """The text for the requester when the new server serves."""
    version = verdict.version or "of another version"
    return f"fugue {version} serves as process {verdict.pid} and takes over {panes} panes"


def failed(handover: StandingBy) -> str:
    """The text for all users when the new server does not serve."""
    return (
        f"restart-server: the new server was refused: {handover.reason}; "
        f"fugue {__version__} (process {os.getpid()}) keeps serving"
    )


def _verdict(message: Message) -> Verdict:
    if message.get("type") == "retire":
        pid = message.get("pid")
        return Verdict(
            "retire", version=text(message, "version"), pid=pid if isinstance(pid, int) else 0
        )
    return Verdict("resume", text(message, "reason"))


def _next(channel: MessageChannel, seconds: float | None) -> Message:
    """Wait for one message. None: without a time limit. Raises TimeoutError, PeerGone, ChannelBroke."""
    while True:
        if not _readable(channel.fileno(), seconds):
            raise TimeoutError("no answer")
        for message, descriptors in channel.receive():
            for descriptor in descriptors:
                os.close(descriptor)
            return message


def _readable(descriptor: int, seconds: float | None) -> bool:
    """Wait until there is something to read. None: without a time limit. Not by select(2), because the descriptor may
    be above 1023."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _end(pid: int) -> None:
    """End the new server, which lost its keeper before it served, so that it releases the state."""
    pidfd = -1
    with contextlib.suppress(OSError, AttributeError):  # it has ended, or this is not Linux
        pidfd = os.pidfd_open(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
    if pidfd >= 0:
        _readable(pidfd, END_SECONDS_MAX)
        os.close(pidfd)
