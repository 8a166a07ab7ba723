"""Which programs may talk to the keeper."""

import pytest

from fuguemux.keeper.channel import ChannelBroke, Message
from fuguemux.keeper.handshake import Objection, check
from fuguemux.keeper.protocol import PROTOCOL_VERSION

SERVER: Message = {"protocol": PROTOCOL_VERSION, "role": "server", "store": "s"}


@pytest.mark.parametrize(
    ("change", "store", "server", "reason"),
    [
        ({"protocol": PROTOCOL_VERSION + 1}, "", 0, "version"),
        ({"protocol": 0}, "", 0, "version"),
        ({"role": "king"}, "", 0, "role"),
        ({}, "other", 0, "store"),
        ({}, "s", 7, "busy"),
        ({"takeover": False}, "s", 7, "busy"),
    ],
)
def test_objections(change: Message, store: str, server: int, reason: str) -> None:
    with pytest.raises(Objection) as objection:
        check({**SERVER, **change}, store, server)
    assert objection.value.reason == reason
    message = objection.value.as_message()
    assert (message["type"], message["protocol"]) == ("refused", PROTOCOL_VERSION)
    assert message["message"]


def test_who_is_welcome() -> None:
    assert check(SERVER, "", 0) == ("server", "s")
    assert check(SERVER, "s", 0) == ("server", "s")
    assert check({**SERVER, "takeover": True}, "s", 7) == ("server", "s")
    control: Message = {"protocol": PROTOCOL_VERSION, "role": "control"}
    assert check(control, "s", 7) == ("control", "s")


@pytest.mark.parametrize(
    "change",
    [{"protocol": "1"}, {"protocol": None}, {"role": 1}, {"store": None}, {"store": "x" * 300}],
)
def test_what_is_no_hello(change: Message) -> None:
    with pytest.raises(ChannelBroke):
        check({**SERVER, **change}, "", 0)
