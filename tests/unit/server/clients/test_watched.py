"""Decisions of commands are timed under names that reveal nothing private."""

import threading
from collections.abc import Iterator

import msgspec
import pytest

from fuguemux.model.decision import Refused
from fuguemux.model.state import ServerState
from fuguemux.observe import failpoints
from fuguemux.observe.holding import SLOT
from fuguemux.server.clients import watched
from tests.support.builders import request
from tests.support.fake_live import FakeLive


@pytest.fixture
def seen() -> Iterator[list[tuple[str, str]]]:
    found: list[tuple[str, str]] = []

    def look(_name: str) -> None:
        assert SLOT.current is not None
        found.append((SLOT.current.kind, SLOT.current.name))

    SLOT.thread = threading.get_ident()
    failpoints.arm("command.deciding", look)
    yield found
    failpoints.disarm()
    SLOT.thread = 0


def test_a_command_is_named_by_its_name_alone(seen: list[tuple[str, str]]) -> None:
    for words in (("ls", "-F", "private"), ("list-sessions",)):
        watched.decide(ServerState(), FakeLive(), request(*words))
    with pytest.raises(Refused):
        watched.decide(ServerState(), FakeLive(), request("private", "words"))
    assert seen == [("command", "list-sessions")] * 2 + [("command", "of another name")]


def test_a_command_of_a_hook_names_the_hook(seen: list[tuple[str, str]]) -> None:
    asked = msgspec.structs.replace(request("ls"), variables={"hook": "after-new-window"})
    watched.decide(ServerState(), FakeLive(), asked)
    assert seen == [("hook", "after-new-window: list-sessions")]
