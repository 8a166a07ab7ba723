"""The keeper of a server has died: another one takes over, even if the first attempts fail."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from fuguemux.config.paths import Places
from fuguemux.keeper.protocol import ExitStatus
from fuguemux.server.processes import keepers
from fuguemux.server.processes.keeper_client import (
    HeldPane,
    KeeperClient,
    KeeperLost,
    KeeperRefused,
    KeeperUnreachable,
    PaneExited,
    RequestFailed,
)
from fuguemux.server.processes.keeper_place import KeeperPlace
from fuguemux.server.processes.keepers import Keepers
from fuguemux.server.work.sequence_gate import SequenceGate

FAILURES: list[Exception] = [
    KeeperUnreachable("it does not answer"),
    KeeperRefused("busy", "another server is there"),
    RequestFailed("it holds too many panes"),
    OSError("no more descriptors"),
]
ENDED = ExitStatus(0, None)


class Keeper:
    """A keeper that tells of ends, and of its own when it has told all."""

    keeper_pid = 1

    def __init__(self, *ends: PaneExited) -> None:
        self.events: asyncio.Queue[PaneExited | KeeperLost] = asyncio.Queue()
        for end in ends:
            self.events.put_nowait(end)
        self.events.put_nowait(KeeperLost("killed"))


class Processes:
    """Implements `KeptProcesses`."""

    def __init__(self) -> None:
        self.keeper: KeeperClient | None = None
        self.no_keeper = ""
        self.ended: list[str] = []

    def keys(self) -> list[str]:
        return []

    def held(self) -> list[HeldPane]:
        return []

    def expect_no_keeper(self) -> None:
        """Nobody waits here."""

    def exited(self, key: str, status: ExitStatus) -> None:
        assert status == ENDED
        self.ended.append(key)


@pytest.fixture
def processes() -> Processes:
    return Processes()


@pytest.fixture
def followed(processes: Processes) -> Keepers:
    places = Places("name", "/nowhere/socket", private=True)
    place = KeeperPlace(places, None, "/nowhere", is_locked=False, log_path="")
    return Keepers(processes, place, "store", SequenceGate())


def client(keeper: Keeper) -> KeeperClient:
    return cast("KeeperClient", keeper)


def takes_over(
    monkeypatch: pytest.MonkeyPatch, replace: Callable[[], Keeper], *, retry_seconds: float = 0.0
) -> None:
    async def replace_keeper(*_: object, **__: object) -> Keeper:
        return replace()

    monkeypatch.setattr(keepers, "replace_keeper", replace_keeper)
    monkeypatch.setattr(keepers, "RETRY_SECONDS", retry_seconds)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_an_attempt_that_fails_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch, processes: Processes, followed: Keepers, failure: Exception
) -> None:
    attempts: list[Exception | None] = [failure, None]
    second = Keeper()

    def replace() -> Keeper:
        problem = attempts.pop(0)
        if problem is not None:
            raise problem
        followed.stop()  # that of the second keeper is the end of the test
        return second

    takes_over(monkeypatch, replace)
    await followed.follow(client(Keeper()))
    assert attempts == []
    assert processes.keeper is client(second)


async def test_ends_wait_until_every_process_has_its_pane(
    monkeypatch: pytest.MonkeyPatch, processes: Processes, followed: Keepers
) -> None:
    second = Keeper(PaneExited("late", ENDED))

    def replace() -> Keeper:
        assert processes.ended == []
        followed.restored()
        assert processes.ended == ["early"]
        followed.stop()
        return second

    takes_over(monkeypatch, replace)
    await followed.follow(client(Keeper(PaneExited("early", ENDED))))
    assert processes.ended == ["early", "late"]


async def test_while_none_is_there_the_server_says_why(
    monkeypatch: pytest.MonkeyPatch, processes: Processes, followed: Keepers
) -> None:
    said: list[tuple[KeeperClient | None, str]] = []

    def replace() -> Keeper:
        said.append((processes.keeper, processes.no_keeper))
        if len(said) == 1:
            raise KeeperUnreachable("it does not answer")
        followed.stop()
        return Keeper()

    takes_over(monkeypatch, replace)
    processes.keeper = client(first := Keeper())
    await followed.follow(client(first))
    assert said == [(None, ""), (None, ": it does not answer")]
