"""What the engine needs from outside: a log. The server provides the real one; tests provide a list."""

from collections.abc import Sequence
from typing import Protocol

from fuguemux.model.events import AnyEvent


class EventLog(Protocol):
    """Where events are written before their result is visible."""

    def append_events(self, events: Sequence[AnyEvent]) -> int:
        """Write `events` as one record and return its LSN. On return the kernel has it.

        From then on it survives the death of this process, and once it is durable also that of the machine. Raises
        OSError if nothing was written; the state must then stay as it is.
        """
        ...
