"""A commit applies events, logs them and publishes the state, in that order, and stops at the first step that fails."""

from collections.abc import Sequence

import pytest

from fuguemux.engine.commit import Committer, EventRefused
from fuguemux.model.events import AnyEvent, SessionCreated, SessionRenamed
from fuguemux.model.ids import SessionId
from fuguemux.model.state import ServerState

CREATED = SessionCreated(SessionId(0), "work", b"/", 1)
RENAMED = SessionRenamed(SessionId(0), "play")


class ListLog:
    """A log that remembers, and can refuse."""

    def __init__(self) -> None:
        self.records: list[tuple[AnyEvent, ...]] = []
        self.refuses = False
        self.during: list[ServerState] = []
        self.committer: Committer | None = None

    def append_events(self, events: Sequence[AnyEvent]) -> int:
        if self.refuses:
            raise OSError(5, "the disk is gone")
        assert self.committer is not None
        self.during.append(self.committer.state)
        self.records.append(tuple(events))
        return len(self.records)


@pytest.fixture
def log() -> ListLog:
    return ListLog()


@pytest.fixture
def published() -> list[tuple[ServerState, ServerState, int]]:
    return []


@pytest.fixture
def committer(log: ListLog, published: list[tuple[ServerState, ServerState, int]]) -> Committer:
    made = Committer(ServerState(), log, lambda b, a, _e, lsn: published.append((b, a, lsn)))
    log.committer = made
    return made


def test_events_of_one_decision_are_one_record(committer: Committer, log: ListLog) -> None:
    assert committer.commit((CREATED, RENAMED)) == 1
    assert log.records == [(CREATED, RENAMED)]
    assert committer.state.sessions[SessionId(0)].name == "play"
    assert committer.last_lsn == 1


def test_the_log_comes_before_the_state(committer: Committer, log: ListLog) -> None:
    committer.commit((CREATED,))
    assert log.during == [ServerState()]


def test_publishing_comes_last_and_sees_both_states(
    committer: Committer, published: list[tuple[ServerState, ServerState, int]]
) -> None:
    committer.commit((CREATED,))
    assert published == [(ServerState(), committer.state, 1)]


def test_an_event_that_cannot_follow_never_reaches_the_log(
    committer: Committer, log: ListLog, published: list[tuple[ServerState, ServerState, int]]
) -> None:
    with pytest.raises(EventRefused):
        committer.commit((CREATED, SessionRenamed(SessionId(7), "nobody")))
    assert (log.records, published, committer.state) == ([], [], ServerState())


def test_what_the_log_refuses_is_not_published(
    committer: Committer, log: ListLog, published: list[tuple[ServerState, ServerState, int]]
) -> None:
    log.refuses = True
    with pytest.raises(OSError, match="the disk is gone"):
        committer.commit((CREATED,))
    assert (published, committer.state, committer.last_lsn) == ([], ServerState(), 0)


def test_no_events_write_nothing(committer: Committer, log: ListLog) -> None:
    committer.commit((CREATED,))
    assert committer.commit(()) == 1
    assert len(log.records) == 1
