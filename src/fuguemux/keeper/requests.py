"""The requests of a server to the keeper, one method each. Everything here answers at once and never blocks."""

from __future__ import annotations

import os
from collections.abc import Callable

from fuguemux.keeper.channel import DESCRIPTORS_PER_MESSAGE_MAX, ChannelBroke, Message
from fuguemux.keeper.children import Child, SpawnFailed, SpawnRequest, spawn
from fuguemux.keeper.process import ProcessWatch
from fuguemux.keeper.protocol import (
    ExitStatus,
    flag,
    integer,
    key,
    octets,
    octets_list,
    optional_integer,
    text,
    to_text,
)
from fuguemux.keeper.watches import Watches
from fuguemux.keeper.withdrawal import WITHDRAW, WITHDRAWN

PANES_MAX = 8192
SIZE_MAX = 65535
SIGNAL_MAX = 64

Spawning = tuple[Child, int]
"""A process between fork and exec, and the pipe that reports its exec."""


class RequestRefused(Exception):
    """The request is valid but cannot be met. The server gets the text; the connection goes on."""


class HeldPanes:
    """Every pane's process, by the key that the server gave it, and the file descriptors kept for the server."""

    def __init__(
        self,
        descriptors: int | None,
        watches: Watches,
    ) -> None:
        """`descriptors` is the soft limit of open files that the processes get."""
        self.by_key: dict[str, Child] = {}
        self.descriptors: dict[str, int] = {}
        self._callers_descriptors = descriptors
        self._watches = watches
        self.requests: dict[str, Callable[[Message, list[int]], Message]] = {
            "kill": self._kill,
            "taken": self._taken,
            "forget": self._forget,
            "adopt": self._adopt,
            "store": self._store,
            "unstore": self._unstore,
            WITHDRAW: lambda _message, _descriptors: {},
            WITHDRAWN: self._withdrawn,
        }

    def reports(self) -> list[tuple[Message, list[int]]]:
        """Return the messages that report every pane to a new server, with the masters."""
        children = list(self.by_key.values())
        return [
            (
                {
                    "type": "report",
                    "key": child.key,
                    "pid": child.pid,
                    "start_time": child.start_time,
                    "tty": child.tty,
                    "argv": [to_text(argument) for argument in child.argv],
                    "status": child.status.as_message() if child.status else None,
                    "ours": child.watch is None,
                    "last": child is children[-1],
                },
                [child.master],
            )
            for child in children
        ]

    def spawn(self, message: Message) -> Spawning:
        """Fork a process for a new pane. Raises SpawnFailed, RequestRefused, ChannelBroke."""
        name = self._new_key(message)
        argv = octets_list(message, "argv")
        environment = {}
        for assignment in octets_list(message, "environment"):
            variable, equals, value = assignment.partition(b"=")
            if not variable or not equals:
                raise ChannelBroke(f"{assignment!r} is not NAME=VALUE")
            environment[variable] = value
        request = SpawnRequest(
            key=name,
            program=octets(message, "program"),
            argv=argv,
            cwd=octets(message, "cwd"),
            environment=environment,
            columns=integer(message, "columns", 1, SIZE_MAX),
            rows=integer(message, "rows", 1, SIZE_MAX),
            pixel_width=integer(message, "pixel_width", 0, SIZE_MAX),
            pixel_height=integer(message, "pixel_height", 0, SIZE_MAX),
        )
        child, pipe = spawn(request, self._callers_descriptors)
        self.by_key[name] = child
        return child, pipe

    def discard(self, child: Child) -> None:
        """Drop a pane for good."""
        self.by_key.pop(child.key, None)
        self._watches.remove(child)
        child.release()

    def child_with(self, pid: int) -> Child | None:
        """Return the running child with this pid."""
        for child in self.by_key.values():
            if child.pid == pid and child.watch is None and child.status is None:
                return child
        return None

    def running(self) -> set[str]:
        """Return the keys of the panes whose processes are running."""
        return {key for key, child in self.by_key.items() if child.status is None}

    def hang_up(self) -> None:
        """Hang up every process, because the keeper ends."""
        for child in self.by_key.values():
            child.hang_up()
        self.by_key.clear()

    def _new_key(self, message: Message) -> str:
        name = key(message)
        if name in self.by_key:
            raise RequestRefused(f"there is a pane {name!r} already")
        if len(self.by_key) >= PANES_MAX:
            raise RequestRefused(f"a keeper holds {PANES_MAX} panes at most")
        return name

    def _known(self, message: Message) -> Child:
        name = key(message)
        child = self.by_key.get(name)
        if child is None:
            raise RequestRefused(f"there is no pane {name!r}")
        return child

    def _kill(self, message: Message, _: list[int]) -> Message:
        child = self._known(message)
        try:
            number = integer(message, "signal", 0, SIGNAL_MAX)
            return {"delivered": child.signal(number, foreground=flag(message, "foreground"))}
        except OSError as error:
            raise RequestRefused(f"cannot signal pane {child.key!r}: {error.strerror}") from error

    def _withdrawn(self, _message: Message, _: list[int]) -> Message:
        raise RequestRefused("the request was withdrawn before it was carried out")

    def _taken(self, message: Message, _: list[int]) -> Message:
        child = self._known(message)
        if child.status is None:
            raise RequestRefused(f"pane {child.key!r} still runs")
        self.discard(child)
        return {}

    def _forget(self, message: Message, _: list[int]) -> Message:
        self.discard(self._known(message))
        return {}

    def _adopt(self, message: Message, descriptors: list[int]) -> Message:
        if len(descriptors) != 1:
            raise ChannelBroke("adopt needs the pane's master")
        child = Child(
            self._new_key(message),
            integer(message, "pid", 2, (1 << 31) - 1),
            optional_integer(message, "start_time"),
            text(message, "tty"),
            octets_list(message, "argv"),
            -1,
        )
        status = ExitStatus.of_message(message.get("status"))
        child.watch = ProcessWatch(child.pid, child.start_time)
        child.master = descriptors.pop()
        os.set_blocking(child.master, False)
        child.status = status
        self.by_key[child.key] = child
        if status is None:
            self._watches.add(child)
        return {}

    def _store(self, message: Message, descriptors: list[int]) -> Message:
        name = text(message, "name", 64)
        if len(descriptors) != 1:
            raise ChannelBroke("store needs one descriptor")
        if name not in self.descriptors and len(self.descriptors) >= DESCRIPTORS_PER_MESSAGE_MAX:
            raise RequestRefused(
                f"a keeper keeps {DESCRIPTORS_PER_MESSAGE_MAX} named descriptors at most"
            )
        self._unstore(message, [])
        self.descriptors[name] = descriptors.pop()
        return {}

    def _unstore(self, message: Message, _: list[int]) -> Message:
        old = self.descriptors.pop(text(message, "name", 64), None)
        if old is not None:
            os.close(old)
        return {}


def failure_message(error: Exception) -> Message:
    """Return the part of an answer that says why a request failed."""
    if isinstance(error, SpawnFailed):
        return {"error": str(error), "stage": error.stage, "errno": error.errno}
    return {"error": str(error)}
