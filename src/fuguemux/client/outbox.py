"""The messages of an attached client for the server. Messages are kept whole: the next server gets those that one did not
receive completely.
"""

import _socket
from collections import deque

SEND_BYTES_MAX = 64 << 10


class ClientOutbox:
    """A queue of messages. A message stays in it until its last byte was sent, because a server never acts on part of one."""

    def __init__(self) -> None:
        self._messages: deque[bytes] = deque()
        self._sent = 0
        """Bytes of the first message that were sent on this connection."""
        self.length = 0
        """Bytes in the queue."""

    def put(self, message: bytes) -> None:
        """Add a message at the end."""
        self._messages.append(message)
        self.length += len(message)

    def put_first(self, message: bytes) -> None:
        """Add a message before all others. Only call it after `start_over`."""
        assert self._sent == 0
        self._messages.appendleft(message)
        self.length += len(message)

    def start_over(self) -> None:
        """Another connection is used from now on: a message that was sent in part is sent again."""
        self._sent = 0

    def send(self, sock: "_socket.socket") -> None:
        """Send what the non-blocking socket accepts now. Raises OSError if the connection is gone."""
        pieces: list[bytes] = []
        length = 0
        for message in self._messages:
            pieces.append(message[self._sent :] if not pieces else message)
            length += len(pieces[-1])
            if length >= SEND_BYTES_MAX:
                break
        try:
            self._take_off(sock.send(b"".join(pieces)))
        except BlockingIOError:
            return

    def _take_off(self, sent: int) -> None:
        sent += self._sent
        while self._messages and sent >= len(self._messages[0]):
            message = self._messages.popleft()
            sent -= len(message)
            self.length -= len(message)
        self._sent = sent
