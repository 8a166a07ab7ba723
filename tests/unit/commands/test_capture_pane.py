"""The command capture-pane."""

import pytest

from fuguemux.commands import capture_pane
from fuguemux.model.decision import Refused
from fuguemux.model.effects import CapturePane
from fuguemux.model.ids import PaneId
from fuguemux.model.live import CaptureRequest, PaneFacts, ScreenFacts
from tests.support.builders import session, state
from tests.support.fake_live import FakeLive
from tests.support.folding import Outcome, run

STATE = state(session("a"))
PANE = PaneId(0)


def captured(live: FakeLive, *words: str) -> Outcome:
    return run(capture_pane.COMMAND, STATE, *words, live=live)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-p", CaptureRequest()),
        ("-p -S 3 -E 1", CaptureRequest(1, 3)),
        ("-p -S foo", CaptureRequest()),
        ("-peJ", CaptureRequest(escapes=True, join=True, trim=False)),
        ("-pN", CaptureRequest(trim=False)),
        ("-pC", CaptureRequest(octal=True)),
    ],
)
def test_what_is_asked_of_the_terminal(words: str, expected: CaptureRequest) -> None:
    live = FakeLive(captured={PANE: b"x\n"})
    captured(live, *words.split())
    assert live.captures == [(PANE, expected)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-pS -", CapturePane(PANE, CaptureRequest("first"), printed=True)),
        ("-p -S - -E -", CapturePane(PANE, CaptureRequest("first", "last"), printed=True)),
        ("-p -S -5 -E 3", CapturePane(PANE, CaptureRequest(-5, 3), printed=True)),
        ("-S -5", CapturePane(PANE, CaptureRequest(-5), printed=False)),
        ("-S -5 -b mine", CapturePane(PANE, CaptureRequest(-5), printed=False, name="mine")),
    ],
)
def test_history_is_read_when_others_may_have_their_turn(words: str, expected: CapturePane) -> None:
    live = FakeLive()
    assert captured(live, *words.split()).decision.effects == (expected,)
    assert live.captures == []
    with pytest.raises(Refused, match=r"^empty buffer name$"):
        captured(live, "-S", "-", "-b", "")


def test_printed_with_one_newline_at_the_end() -> None:
    assert captured(FakeLive(captured={PANE: b"a\nb\n"}), "-p").decision.reply.raw == b"a\nb\n"
    assert captured(FakeLive(captured={PANE: b"\x1b[3"}), "-pP").decision.reply.raw == b"\n"


def test_without_printing_it_is_a_paste_buffer() -> None:
    live = FakeLive(captured={PANE: b"a\n"})
    (buffer,) = captured(live).state.buffers
    assert (buffer.name, buffer.data, buffer.automatic) == ("buffer0", b"a\n", True)
    (named,) = captured(live, "-b", "mine").state.buffers
    assert (named.name, named.automatic) == ("mine", False)
    with pytest.raises(Refused, match=r"^empty buffer name$"):
        captured(live, "-b", "")


def test_the_alternate_screen_must_be_there() -> None:
    with pytest.raises(Refused, match=r"^no alternate screen$"):
        captured(FakeLive(), "-pa")
    assert captured(FakeLive(), "-paq").decision.reply.raw == b"\n"
    live = FakeLive(
        panes={PANE: PaneFacts(screen=lambda: ScreenFacts(alternate_on=True))},
        captured={PANE: b"vim\n"},
    )
    assert captured(live, "-pa").decision.reply.raw == b"vim\n"
