"""What the keeper tells the server, as values, and the errors of its requests. `keeper_client` returns and raises them."""

from __future__ import annotations

import msgspec

from fuguemux.keeper.protocol import (
    LIMITS,
    ChannelBroke,
    ExitStatus,
    Message,
    flag,
    integer,
    key,
    octets_list,
    optional_integer,
    text,
)


class KeeperUnreachable(Exception):
    """There is no keeper at the path, it does not answer in time, or it died."""


class KeeperGone(KeeperUnreachable):
    """The keeper died, or the connection to it is closed. It does nothing more for this server, and hangs up panes that
    it held alone.
    """


class KeeperRefused(Exception):
    """The keeper answers but refuses this server. `reason` is `version`, `store`, `busy` or `role`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class RequestFailed(Exception):
    """The keeper could not do what was asked; nothing has changed. `stage` and `errno` are set for a spawn."""

    def __init__(self, message: str, stage: str = "", errno: int = 0) -> None:
        super().__init__(message)
        self.stage = stage
        self.errno = errno


def waits_for(keeper_pid: int | None) -> str:
    """Say what a slow request waits for. `keeper_pid` is None if there is no keeper."""
    if keeper_pid is None:
        return "another keeper"
    return f"the keeper (process {keeper_pid}), which does not answer: is it stopped?"


def is_passing(failure: Exception) -> bool:
    """Whether a start failed for a reason outside the program: no keeper, or a limit of the machine."""
    if isinstance(failure, RequestFailed):
        return failure.stage in ("open a terminal", "fork") and failure.errno in LIMITS
    return isinstance(failure, KeeperUnreachable)


class HeldPane(msgspec.Struct, frozen=True):
    """A pane's process as the keeper holds it."""

    key: str
    pid: int
    start_time: int | None
    """Clock ticks since boot. Together with `pid` it identifies the process. None where the system does not tell."""
    tty: str
    argv: tuple[bytes, ...]
    master_fd: int
    exit_status: ExitStatus | None
    """None while it runs. A status whose `known` is False must never be shown as 0."""
    adopted: bool = False
    """Whether the process outlived a keeper, so that its exit status may turn out to be unknown."""


class Spawned(msgspec.Struct, frozen=True):
    """A process that has executed its program."""

    key: str
    pid: int
    start_time: int | None
    tty: str
    master_fd: int


class PaneExited(msgspec.Struct, frozen=True):
    """A pane's process has exited. Read its master to the end, log both, then send `taken`."""

    key: str
    status: ExitStatus


class KeeperLost(msgspec.Struct, frozen=True):
    """The connection is gone for good. `superseded_by` is the process that took this server's place, or 0."""

    reason: str
    superseded_by: int = 0


def held_pane(message: Message, descriptors: list[int]) -> HeldPane:
    """Return the pane of a report, and take its master out of `descriptors`. Raises ChannelBroke."""
    if len(descriptors) != 1:
        raise ChannelBroke("a report without its master")
    pane = HeldPane(
        key(message),
        integer(message, "pid"),
        optional_integer(message, "start_time"),
        text(message, "tty"),
        tuple(octets_list(message, "argv")),
        descriptors[0],
        ExitStatus.of_message(message.get("status")),
        not flag(message, "ours"),
    )
    descriptors.clear()
    return pane
