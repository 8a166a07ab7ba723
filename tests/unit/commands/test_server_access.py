"""The command server-access: nobody but the server's own user has access."""

import msgspec
import pytest

from fuguemux.commands import table
from fuguemux.model.decision import Refused
from fuguemux.model.state import ServerState
from tests.support.builders import request
from tests.support.fake_live import FakeLive

LIVE = FakeLive()
LIVE.facts = msgspec.structs.replace(LIVE.facts, user="me")


def answer(*words: str) -> tuple[object, ...]:
    return table.decide(ServerState(), LIVE, request("server-access", *words)).reply.lines


def test_the_owner_is_listed_and_others_are_refused() -> None:
    assert answer("-l") == ("me (W)",)
    assert answer("you") == ()
    for words, why in {
        ("-a", "me"): "owns the server",
        ("-a", "you"): "you cannot use this server",
        ("-a", "-d", "you"): "-a and -d cannot be used together",
        ("-r", "-w", "you"): "-r and -w cannot be used together",
    }.items():
        with pytest.raises(Refused, match=why):
            answer(*words)
