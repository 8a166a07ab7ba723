"""The messages that wait to be sent to one client. It holds whole messages, so that unsent ones can be dropped
without breaking the stream."""

from collections import deque
from collections.abc import Callable


class Outbox:
    """Messages for a transport that reports when it takes no more. Never blocks, never fails."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._messages: deque[bytes] = deque()
        self._paused = False
        self.length = 0
        """Bytes of the messages that the transport has not taken."""

    @property
    def congested(self) -> bool:
        """Whether the client reads more slowly than the server writes, at this moment."""
        return self._paused or bool(self._messages)

    def put(self, message: bytes) -> None:
        """Send a message, now or later."""
        self._messages.append(message)
        self.length += len(message)
        self._flush()

    def clear(self) -> None:
        """Drop every message of which nothing was sent yet."""
        self._messages.clear()
        self.length = 0

    def pause(self) -> None:
        """The transport takes no more."""
        self._paused = True

    def resume(self) -> None:
        """The transport takes more."""
        self._paused = False
        self._flush()

    def _flush(self) -> None:
        while self._messages and not self._paused:
            message = self._messages.popleft()
            self.length -= len(message)
            self._write(message)
