"""Fold, log, publish: the one place where a change is logged before it is applied.

Events are first folded on a draft, so that the log never contains an event that cannot be replayed; then logged; then
published. Publishing comes last so that nothing is visible that a crash could undo. Nothing else writes events, and only
this module and recovery may import `model.apply`; import contracts enforce that.
"""

from collections.abc import Callable, Sequence
from functools import reduce

from fuguemux.engine.ports import EventLog
from fuguemux.model.apply import EventRefused, apply
from fuguemux.model.events import AnyEvent
from fuguemux.model.groups import followed
from fuguemux.model.state import ServerState

__all__ = ["Committer", "EventRefused", "Publish"]

Publish = Callable[[ServerState, ServerState, Sequence[AnyEvent], int], None]
"""Called with the state before, the state after, the events and their LSN. Must not raise and must not commit."""


class Committer:
    """Owner of the state. Not thread-safe: one loop calls it."""

    def __init__(
        self, state: ServerState, log: EventLog, publish: Publish, last_lsn: int = 0
    ) -> None:
        self._state = state
        self._log = log
        self._publish = publish
        self._last_lsn = last_lsn

    @property
    def state(self) -> ServerState:
        """The published state. An immutable value."""
        return self._state

    @property
    def last_lsn(self) -> int:
        """The LSN of the last event record that is part of `state`."""
        return self._last_lsn

    def commit(self, events: Sequence[AnyEvent]) -> int:
        """Log `events` as one transaction and publish the state after them. Returns their LSN.

        Sessions of a group follow each other in the same transaction. Without events nothing happens, and the LSN is that
        of the last transaction. Raises EventRefused (nothing was
        logged) or OSError (nothing was published).
        """
        if not events:
            return self._last_lsn
        before = self._state
        draft = reduce(apply, events, before)
        if more := followed(before, draft):
            events, draft = (*events, *more), reduce(apply, more, draft)
        lsn = self._log.append_events(events)
        self._state, self._last_lsn = draft, lsn
        self._publish(before, draft, events, lsn)
        return lsn
