"""What the engine needs of the world: a log. The server gives the real one; tests give a list."""

from collections.abc import Sequence
from typing import Protocol

from fuguemux.model.events import AnyEvent


class EventLog(Protocol):
    """Where events go before anybody sees what they did."""

    def append_events(self, events: Sequence[AnyEvent]) -> int:
        """Write `events` as one record, handed to the kernel on return; its LSN.

        They survive the death of this process from then on, and of the machine once `durable` says so. Raises OSError if
        nothing was written; the state must then stay as it is.
        """
        ...
