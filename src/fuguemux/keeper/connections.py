"""All connections at the keeper's socket: accepted, read, answered, dropped. This module does not know what messages
mean.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import time
from collections.abc import Callable

from fuguemux.keeper.channel import (
    MESSAGE_BYTES_BEFORE_HELLO_MAX,
    MESSAGE_BYTES_MAX,
    ChannelBroke,
    Message,
    MessageChannel,
    PeerGone,
)
from fuguemux.keeper.diagnostics import KeeperDiagnostics
from fuguemux.keeper.limits import Spare
from fuguemux.keeper.listener import peer_of
from fuguemux.keeper.withdrawal import settled

HELLO_SECONDS_MAX = 5.0
CONNECTIONS_MAX = 32


class ServerConnection:
    """One connection at the socket. `role` is empty until the handshake."""

    __slots__ = ("channel", "deadline", "pid", "role")

    def __init__(self, channel: MessageChannel, pid: int, deadline: float | None) -> None:
        """At `deadline` the connection is dropped if it has not sent hello; None means never."""
        channel.message_bytes_max = MESSAGE_BYTES_BEFORE_HELLO_MAX
        self.channel = channel
        self.pid = pid
        self.role = ""
        self.deadline = deadline

    def welcome(self, role: str) -> None:
        """Note that the handshake succeeded."""
        self.role = role
        self.channel.message_bytes_max = MESSAGE_BYTES_MAX


class Connections:
    """The open connections. A broken one is closed and noted, and does not disturb the others."""

    def __init__(
        self,
        listener: socket.socket,
        selector: selectors.BaseSelector,
        diagnostics: KeeperDiagnostics,
        on_message: Callable[[ServerConnection, Message, list[int]], None],
        on_dropped: Callable[[ServerConnection], None],
    ) -> None:
        self._listener = listener
        self._selector = selector
        self._diagnostics = diagnostics
        self._on_message = on_message
        self._on_dropped = on_dropped
        self._open: list[ServerConnection] = []
        self._spare = Spare()
        selector.register(listener, selectors.EVENT_READ, self._accept)

    def listen_on(self, listener: socket.socket) -> None:
        """Accept on another socket. The previous one is already closed."""
        self._selector.unregister(self._listener)
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ, self._accept)

    def __contains__(self, connection: ServerConnection) -> bool:
        return connection in self._open

    def deadline(self) -> float | None:
        """When the first connection without a hello is to be dropped. None if there is none."""
        return min(
            (
                connection.deadline
                for connection in self._open
                if not connection.role and connection.deadline is not None
            ),
            default=None,
        )

    @property
    def stalled(self) -> bool:
        """Whether a message waits until the kernel has passed on file descriptors that were sent before."""
        return any(connection.channel.stalled for connection in self._open)

    def on_time(self, now: float) -> None:
        """Drop connections that did not send hello in time, and try again to send what stalled."""
        for connection in list(self._open):
            deadline = connection.deadline
            if not connection.role and deadline is not None and deadline <= now:
                self.drop(connection, "no hello in time")
            elif connection.channel.stalled:
                self._flush(connection)

    def _accept(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._turn_away()
            return
        try:
            user, pid = peer_of(accepted)
        except OSError:
            accepted.close()
            return
        if user not in (os.geteuid(), 0) or len(self._open) >= CONNECTIONS_MAX:
            self._diagnostics.note(f"refused a connection of user {user}, process {pid}")
            accepted.close()
            return
        connection = ServerConnection(
            MessageChannel(accepted), pid, time.monotonic() + HELLO_SECONDS_MAX
        )
        self._open.append(connection)
        self._selector.register(accepted, selectors.EVENT_READ, lambda: self.serve(connection))

    def add(self, link: socket.socket, pid: int) -> None:
        """Serve a process that has had the other end since its start. It may take its time to send hello."""
        connection = ServerConnection(MessageChannel(link), pid, None)
        self._open.append(connection)
        self._selector.register(link, selectors.EVENT_READ, lambda: self.serve(connection))

    def _turn_away(self) -> None:
        """Close a waiting connection for which there is no file descriptor. If it stayed in the queue, it would wake the
        keeper for ever.
        """
        with self._spare.lent(), contextlib.suppress(OSError):
            self._listener.accept()[0].close()

    def serve(self, connection: ServerConnection) -> None:
        """Send what waits for a connection, and read what came from it."""
        if connection not in self._open:
            return
        self._flush(connection)
        try:
            for message, descriptors in settled(connection.channel.receive()):
                try:
                    if connection in self._open:
                        self._on_message(connection, message, descriptors)
                finally:
                    for descriptor in descriptors:  # those that no handler kept
                        os.close(descriptor)
        except PeerGone:
            self.drop(connection, "")
        except ChannelBroke as error:
            self.drop(connection, str(error))

    def drop(self, connection: ServerConnection, reason: str) -> None:
        """Close a connection. Notes `reason` unless it is empty."""
        if connection not in self._open:
            return
        if reason:
            self._diagnostics.note(f"closed the connection of process {connection.pid}: {reason}")
        self._open.remove(connection)
        self._selector.unregister(connection.channel.socket)
        connection.channel.close()
        self._on_dropped(connection)

    def send(
        self,
        connection: ServerConnection,
        message: Message,
        descriptors: tuple[int, ...] = (),
        *,
        borrowed: bool = False,
    ) -> None:
        """Send to a connection, if it still exists. `borrowed` as for a channel."""
        if connection not in self._open:
            return
        try:
            connection.channel.send(message, descriptors, borrowed=borrowed)
        except PeerGone:
            return  # messages that it sent before are still to be read; the end follows
        except ChannelBroke as error:
            self.drop(connection, str(error))
            return
        self._update_interest(connection)

    def _flush(self, connection: ServerConnection) -> None:
        try:
            connection.channel.flush()
        except PeerGone:
            return  # as above
        self._update_interest(connection)

    def _update_interest(self, connection: ServerConnection) -> None:
        events = selectors.EVENT_READ | (
            selectors.EVENT_WRITE if connection.channel.wants_to_write else 0
        )
        selected = self._selector.get_key(connection.channel.socket)
        if selected.events != events:
            self._selector.modify(connection.channel.socket, events, selected.data)
