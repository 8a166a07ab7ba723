"""The messages between keeper and server: docs/formats/keeper.md in code.

This module, `lock_file` and `process` are all of the keeper that the server may import. Standard library only.
"""

from __future__ import annotations

import os

from fuguemux.keeper.channel import ChannelBroke, Message, MessageChannel, PeerGone, decode, encode
from fuguemux.keeper.launch import keeper_argv, module_argv
from fuguemux.keeper.limits import LIMITS, callers_limit, explained, free_descriptors, widen

__all__ = [
    "CODE_MAX",
    "EXIT_CANNOT_START",
    "EXIT_DELIBERATE",
    "EXIT_GRACEFUL",
    "EXIT_RESTART",
    "LIMITS",
    "PROTOCOL_VERSION",
    "ROLE_CONTROL",
    "ROLE_SERVER",
    "ROLE_STANDBY",
    "UNKNOWN_STATUS",
    "ChannelBroke",
    "ExitStatus",
    "Message",
    "MessageChannel",
    "PeerGone",
    "callers_limit",
    "decode",
    "encode",
    "explained",
    "flag",
    "free_descriptors",
    "integer",
    "keeper_argv",
    "module_argv",
    "octets",
    "octets_list",
    "optional_integer",
    "text",
    "to_text",
    "widen",
]

PROTOCOL_VERSION = 1

ROLE_SERVER = "server"
ROLE_CONTROL = "control"
ROLE_STANDBY = "standby"
"""A server that has released everything for another one and waits for the outcome."""

EXIT_DELIBERATE = 0
"""The server was told to end (kill-server): the keeper hangs its panes up and ends too."""
EXIT_GRACEFUL = 10
"""The server stopped on SIGTERM with everything saved. The keeper does the same as above, and exits with this code."""
EXIT_CANNOT_START = 11
"""The server cannot serve, and another attempt would not help (state locked, directory not writable).

The keeper starts no other one. The last line that the server wrote to stderr is the reason shown to people.
"""

EXIT_RESTART = 12
"""The server gives way to another one: the next is started at once, and it does not count as a crash."""

KEY_CHARACTERS_MAX = 256
ARGUMENTS_MAX = 100_000
CODE_MAX = 255


class ExitStatus:
    """How a process exited: a code, a signal, or unknown (never taken for 0). Immutable and comparable."""

    __slots__ = ("code", "signal")
    code: int | None
    signal: int | None

    def __init__(self, code: int | None = None, signal: int | None = None) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "signal", signal)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"ExitStatus.{name} cannot be changed")

    @classmethod
    def of_wait(cls, status: int) -> ExitStatus:
        """Return the meaning of a status from waitpid(2)."""
        if os.WIFSIGNALED(status):
            return cls(signal=os.WTERMSIG(status))
        return cls(code=os.WEXITSTATUS(status))

    @classmethod
    def of_message(cls, value: object) -> ExitStatus | None:
        """Return the status in a message's field. None means that the process runs. Raises ChannelBroke."""
        if value is None:
            return None
        if type(value) is dict:
            code, signal = value.get("code"), value.get("signal")
            if (code is None or type(code) is int) and (signal is None or type(signal) is int):
                return cls(code, signal)
        raise ChannelBroke(f"{value!r} is not an exit status")

    @property
    def known(self) -> bool:
        """Whether it is known how the process exited."""
        return self.code is not None or self.signal is not None

    def as_message(self) -> dict[str, int | None]:
        """Return the field that `of_message` parses."""
        return {"code": self.code, "signal": self.signal}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExitStatus) and (self.code, self.signal) == (
            other.code,
            other.signal,
        )

    def __hash__(self) -> int:
        return hash((self.code, self.signal))

    def __repr__(self) -> str:
        return f"ExitStatus({self})"

    def __str__(self) -> str:
        if self.signal is not None:
            return f"signal {self.signal}"
        return "unknown" if self.code is None else f"code {self.code}"


UNKNOWN_STATUS = ExitStatus()


def to_text(value: bytes) -> str:
    """Return arbitrary bytes as a string that JSON can carry and that `octets` turns back exactly."""
    return value.decode("utf-8", "surrogateescape")


def _to_octets(value: object) -> bytes:
    if type(value) is not str:
        raise ChannelBroke(f"{value!r} is not a string")
    try:
        data = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ChannelBroke(f"a string that is neither text nor escaped bytes: {error}") from error
    if b"\0" in data:
        raise ChannelBroke("a NUL byte in a string for the operating system")
    return data


def text(message: Message, name: str, characters_max: int = 4096) -> str:
    """Return a text field. Raises ChannelBroke if it is missing, not a text, or too long."""
    value = message.get(name)
    if type(value) is not str or len(value) > characters_max:
        raise ChannelBroke(f"{name!r} must be a string of at most {characters_max} characters")
    return value


def key(message: Message) -> str:
    """Return the key of the pane that a message is about."""
    return text(message, "key", KEY_CHARACTERS_MAX)


def octets(message: Message, name: str) -> bytes:
    """Return a field of bytes without NUL. Raises ChannelBroke."""
    return _to_octets(message.get(name))


def octets_list(message: Message, name: str) -> list[bytes]:
    """Return a field that is a list of bytes without NUL. Raises ChannelBroke."""
    values = message.get(name)
    if type(values) is not list or len(values) > ARGUMENTS_MAX:
        raise ChannelBroke(f"{name!r} must be a list of at most {ARGUMENTS_MAX} strings")
    return [_to_octets(value) for value in values]


def integer(message: Message, name: str, low: int = 0, high: int = (1 << 63) - 1) -> int:
    """Return an integer field within `low` to `high`. Raises ChannelBroke."""
    value = message.get(name)
    if type(value) is not int or not low <= value <= high:
        raise ChannelBroke(f"{name!r} must be a number from {low} to {high}")
    return value


def optional_integer(message: Message, name: str) -> int | None:
    """Return an integer field, or None when it is null or missing. Raises ChannelBroke."""
    return None if message.get(name) is None else integer(message, name)


def flag(message: Message, name: str) -> bool:
    """Return a truth value; a missing field is False. Raises ChannelBroke."""
    value = message.get(name, False)
    if type(value) is not bool:
        raise ChannelBroke(f"{name!r} must be true or false")
    return value
