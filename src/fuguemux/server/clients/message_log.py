"""Recent messages to users, for show-messages. A message can be read again after it has left the screen."""

from collections import deque
from collections.abc import Callable


class MessageLog:
    """The newest lines with their times, at most `limit()` of them. They are not state and end with the server."""

    def __init__(self, now_s: Callable[[], int], limit: Callable[[], int]) -> None:
        self._now_s = now_s
        self._limit = limit
        self._lines: deque[tuple[int, str]] = deque()

    def add(self, text: str) -> None:
        """Keep a line, and drop the oldest lines beyond the limit."""
        self._lines.append((self._now_s(), text))
        while len(self._lines) > self._limit():
            self._lines.popleft()

    def newest_first(self) -> tuple[tuple[int, str], ...]:
        """(seconds since the epoch, text) of each line."""
        return tuple(reversed(self._lines))
