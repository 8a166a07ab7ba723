"""An engine over a log in memory, for tests of the code that uses an engine."""

from collections.abc import Callable, Sequence

from fuguemux.commands import table
from fuguemux.engine.commit import Committer, Publish
from fuguemux.engine.engine import Decide, Engine
from fuguemux.model.events import AnyEvent
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from tests.support.fake_live import FakeLive


class ListLog:
    """Keeps what is logged. `before` is called before each record, and may raise OSError."""

    def __init__(self, before: Callable[[], object] = bool) -> None:
        self.records: list[tuple[AnyEvent, ...]] = []
        self.before = before

    def append_events(self, events: Sequence[AnyEvent]) -> int:
        self.before()
        self.records.append(tuple(events))
        return len(self.records)

    def events(self) -> list[AnyEvent]:
        """All events in order."""
        return [event for record in self.records for event in record]


def _nobody(*_: object) -> None:
    """The default: no part is told of transactions."""


def engine_of(
    state: ServerState,
    log: ListLog,
    *,
    publish: Publish = _nobody,
    decide: Decide = table.decide,
    live: LiveView | None = None,
) -> Engine:
    """An engine that starts with `state`."""
    return Engine(Committer(state, log, publish), live or FakeLive(), decide)
