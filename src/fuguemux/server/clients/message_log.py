"""What people were told lately, for show-messages: a line that is gone from the screen can be read again."""

from collections import deque
from collections.abc import Callable


class MessageLog:
    """The newest lines with their times, `limit()` of them at most. They go with the server: they are not state."""

    def __init__(self, now_s: Callable[[], int], limit: Callable[[], int]) -> None:
        self._now_s = now_s
        self._limit = limit
        self._lines: deque[tuple[int, str]] = deque()

    def add(self, text: str) -> None:
        """Keep a line, and forget the oldest ones beyond the limit."""
        self._lines.append((self._now_s(), text))
        while len(self._lines) > self._limit():
            self._lines.popleft()

    def newest_first(self) -> tuple[tuple[int, str], ...]:
        """(seconds since the epoch, text) of each line."""
        return tuple(reversed(self._lines))
