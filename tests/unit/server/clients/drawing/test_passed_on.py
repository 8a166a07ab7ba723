"""What programs say to the terminal outside."""

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.server.clients.drawing.passed_on import passed_on
from fuguemux.terminal.emulator import (
    Event,
    Notification,
    Passthrough,
    ProgressReport,
    TitleChanged,
)
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive

PANE = PaneId(0)
CASES: tuple[tuple[Event, bytes], ...] = (
    (Notification("", "built\x1b]2;evil\x07"), b"\x1b]9;built]2;evil\x07"),
    (Notification("a;b", "c"), b"\x1b]777;notify;a,b;c\x07"),
    (ProgressReport("set", 40), b"\x1b]9;4;1;40\x07"),
    (ProgressReport("remove", -1), b"\x1b]9;4;0\x07"),
    (Passthrough(b"\x1b]2;x\x07"), b""),
    (TitleChanged("x"), b""),
)


@pytest.mark.parametrize(("event", "expected"), CASES)
def test_events(event: Event, expected: bytes) -> None:
    assert passed_on(event, state(session("a", window("sh"))), FakeLive(), PANE) == expected


def test_passthrough_is_allowed_by_an_option() -> None:
    allowed = state(session("a", window("sh", options={"allow-passthrough": "on"})))
    assert passed_on(Passthrough(b"\x1b]2;x\x07"), allowed, FakeLive(), PANE) == b"\x1b]2;x\x07"
    assert passed_on(Passthrough(b"x"), allowed, FakeLive(), PaneId(7)) == b""
