"""Which clients lock-client, lock-session and lock-server lock, and by which command."""

import pytest

from fuguemux.commands import table
from fuguemux.model.decision import Refused
from fuguemux.model.effects import LockClient, SuspendClient
from fuguemux.model.ids import ClientId
from tests.support.builders import request, session, state
from tests.support.fake_live import FakeLive
from tests.support.viewers import viewer

STATE = state(session("a", options={"lock-command": "vlock"}), session("b"))
LIVE = FakeLive(attached=(viewer(1, session=0), viewer(2, session=1)))
DEFAULT = LockClient(ClientId(2), "lock -np")


@pytest.mark.parametrize(
    ("words", "locked"),
    [
        ("lock-client -t /dev/pts/91", (LockClient(ClientId(1), "vlock"),)),
        ("lock-session -t b", (DEFAULT,)),
        ("lock-server", (LockClient(ClientId(1), "vlock"), DEFAULT)),
        ("suspend-client -t /dev/pts/92", (SuspendClient(ClientId(2)),)),
    ],
)
def test_the_clients_of_a_session(words: str, locked: tuple[object, ...]) -> None:
    assert table.decide(STATE, LIVE, request(*words.split())).effects == locked


def test_without_a_client_there_is_nothing_to_lock() -> None:
    assert table.decide(STATE, FakeLive(), request("lock-server")).effects == ()
    with pytest.raises(Refused, match="no current client"):
        table.decide(STATE, FakeLive(), request("lock-client"))
