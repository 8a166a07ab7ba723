"""Processes between fork and exec: who requested them, and their outcome."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable

from fuguemux.keeper.channel import Message
from fuguemux.keeper.children import Child, failure_of
from fuguemux.keeper.connections import Connections, ServerConnection
from fuguemux.keeper.protocol import ExitStatus
from fuguemux.keeper.requests import HeldPanes, failure_message

NOT_EXECUTED = ExitStatus(code=127)

Answer = Callable[[ServerConnection, int, Message, tuple[int, ...]], None]


class Spawning:
    """The pending processes. Belongs to the keeper's loop."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        panes: HeldPanes,
        connections: Connections,
        answer: Answer,
        tell_exited: Callable[[Child], None],
    ) -> None:
        self._selector = selector
        self._panes = panes
        self._connections = connections
        self._answer = answer
        self._tell_exited = tell_exited
        self._asked: dict[Child, tuple[int, ServerConnection, int]] = {}

    def __contains__(self, child: Child) -> bool:
        return child in self._asked

    def begin(self, connection: ServerConnection, request: int, message: Message) -> None:
        """Fork; the answer is sent later. Raises SpawnFailed, RequestRefused, ChannelBroke."""
        child, pipe = self._panes.spawn(message)
        self._asked[child] = (pipe, connection, request)
        self._selector.register(pipe, selectors.EVENT_READ, lambda: self._on_executed(child))

    def _on_executed(self, child: Child) -> None:
        """The pipe of a new process reports: it executed its program, or why it could not."""
        pipe, connection, request = self._asked[child]
        try:
            failure = failure_of(os.read(pipe, 64))
        except BlockingIOError:
            return
        del self._asked[child]
        self._selector.unregister(pipe)
        os.close(pipe)
        if self._panes.by_key.get(child.key) is not child:
            self._answer(connection, request, {"error": f"pane {child.key!r} was forgotten"}, ())
        elif failure is None:
            answer: Message = {"pid": child.pid, "start_time": child.start_time, "tty": child.tty}
            self._answer(connection, request, answer, (child.master,))
            self._tell_exited(child)
        elif connection in self._connections:
            self._panes.discard(child)
            self._answer(connection, request, failure_message(failure), ())
        else:  # another server may have been told of this pane meanwhile
            child.status = child.status or NOT_EXECUTED
            self._tell_exited(child)
