"""The keeper of a server died: another one takes over, whatever the first attempts come to."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest

from fuguemux.server.main import Server
from fuguemux.server.processes import keepers
from fuguemux.server.processes.keeper_client import (
    KeeperClient,
    KeeperLost,
    KeeperRefused,
    KeeperUnreachable,
    RequestFailed,
)

FAILURES: list[Exception] = [
    KeeperUnreachable("it does not answer"),
    KeeperRefused("busy", "another server is there"),
    RequestFailed("it holds too many panes"),
    OSError("no more descriptors"),
]


class Keeper:
    """What the server needs of one here: that it tells of an end."""

    keeper_pid = 1

    def __init__(self, tell: Callable[[], object]) -> None:
        self.events = SimpleNamespace(get=self._get)
        self._tell = tell

    async def _get(self) -> object:
        return self._tell()


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_an_attempt_that_fails_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    attempts: list[Exception | None] = [failure, None]
    first = Keeper(lambda: KeeperLost("killed"))

    def over() -> KeeperLost:
        followed.stop()
        return KeeperLost("the test is over")

    async def replace_keeper(*_: object, **__: object) -> Keeper:
        if (problem := attempts.pop(0)) is not None:
            raise problem
        return Keeper(over)

    processes = SimpleNamespace(keeper=first, held=list, expect_no_keeper=lambda: None)
    booted = SimpleNamespace(keeper_place=SimpleNamespace(path=str))
    server = SimpleNamespace(processes=processes, booted=booted, keeper_store="store")
    monkeypatch.setattr(keepers, "replace_keeper", replace_keeper)
    monkeypatch.setattr(keepers, "RETRY_SECONDS", 0.0)
    followed = keepers.Keepers(cast("Server", server), tuple)
    await followed.follow(cast("KeeperClient", first))
    assert attempts == []
    assert isinstance(processes.keeper, Keeper)
    assert processes.keeper is not first
