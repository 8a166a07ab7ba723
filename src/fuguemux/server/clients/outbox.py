"""Messages that wait to be sent to one client. Whole messages, so that unsent ones can be dropped without breaking the stream."""

from collections import deque
from collections.abc import Callable


class Outbox:
    """Messages on their way to a transport that says when it takes no more. Never blocks, never fails."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._frames: deque[bytes] = deque()
        self._paused = False
        self.length = 0
        """Bytes of the messages that the transport has not taken."""

    @property
    def congested(self) -> bool:
        """Whether the client reads more slowly than the server writes, at this moment."""
        return self._paused or bool(self._frames)

    def put(self, frame: bytes) -> None:
        """Send a message, now or later."""
        self._frames.append(frame)
        self.length += len(frame)
        self._flush()

    def clear(self) -> None:
        """Drop every message of which nothing was sent yet."""
        self._frames.clear()
        self.length = 0

    def pause(self) -> None:
        """The transport takes no more."""
        self._paused = True

    def resume(self) -> None:
        """The transport takes more."""
        self._paused = False
        self._flush()

    def _flush(self) -> None:
        while self._frames and not self._paused:
            frame = self._frames.popleft()
            self.length -= len(frame)
            self._write(frame)
