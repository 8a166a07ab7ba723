"""The commands send-keys, send-prefix, copy-mode and clear-history."""

import pytest

from fuguemux.commands import (
    clear_history,
    copy_mode,
    resize_pane,
    send_keys,
    send_prefix,
    set_window_option,
)
from fuguemux.model.decision import Refused
from fuguemux.model.effects import (
    AnyEffect,
    CopyModeCommand,
    LeaveModes,
    ResetTerminal,
    ScrollView,
    SendBytes,
    SendKeys,
    SendPrefixKey,
)
from fuguemux.model.events import HistoryCleared
from fuguemux.model.ids import PaneId
from fuguemux.model.live import PaneFacts
from fuguemux.model.state import ServerState
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import run

STATE = state(session("a", window(panes=2)))
PANE = PaneId(0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("ls", "Enter"), (SendKeys(PANE, ("ls", "Enter")),)),
        (("-l", "Enter"), (SendKeys(PANE, ("Enter",), literal=True),)),
        (("-N", "3", "x"), (SendKeys(PANE, ("x",), times=3),)),
        (("-H", "1b", "0x41", "zz", "100"), (SendBytes(PANE, b"\x1bA"),)),
        (("-R",), (ResetTerminal(PANE),)),
        (("-R", "q"), (ResetTerminal(PANE), SendKeys(PANE, ("q",)))),
        (("-t", ".1", "--", "-x"), (SendKeys(PaneId(1), ("-x",)),)),
        (("-F", "#{session_name}"), (SendKeys(PANE, ("a",)),)),
        ((), ()),
    ],
)
def test_what_is_sent(words: tuple[str, ...], expected: tuple[AnyEffect, ...]) -> None:
    outcome = run(send_keys.COMMAND, STATE, *words)
    assert outcome.effects == expected
    assert outcome.decision.events == ()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-N", "0", "a"), "repeat count too small"),
        (("-N", "many", "a"), "repeat count invalid"),
        (("-X", "cancel"), "not in a mode"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused) as refused:
        run(send_keys.COMMAND, STATE, *words)
    assert str(refused.value) == message


def test_a_code_is_a_character_unless_it_is_literal() -> None:
    outcome = run(send_keys.COMMAND, STATE, "-t", "%0", "0x41", "0x20ac", "0xzz", "0x110000")
    assert outcome.effects == (
        SendKeys(PaneId(0), ("A", "€", "0xzz", "0x110000"), literal=False, times=1),
    )
    outcome = run(send_keys.COMMAND, STATE, "-t", "%0", "-l", "0x41")
    assert outcome.effects == (SendKeys(PaneId(0), ("0x41",), literal=True, times=1),)


def test_keys_go_to_all_panes_that_are_synchronized() -> None:
    synchronized = run(
        set_window_option.COMMAND, STATE, "-t", "a:", "synchronize-panes", "on"
    ).state

    def receivers(on: ServerState, live: FakeLive | None = None) -> list[PaneId]:
        effects = run(send_keys.COMMAND, on, "-t", "%1", "x", live=live).effects
        return [effect.pane for effect in effects if isinstance(effect, SendKeys)]

    assert receivers(STATE) == [PaneId(1)]
    assert receivers(synchronized) == [PaneId(1), PaneId(0)]
    in_mode = FakeLive(panes={PaneId(0): PaneFacts(in_mode=True)})
    assert receivers(synchronized, in_mode) == [PaneId(1)]
    zoomed = run(resize_pane.COMMAND, synchronized, "-Z", "-t", "%1").state
    assert receivers(zoomed) == [PaneId(1)]


def test_commands_of_the_scroll_view() -> None:
    live = FakeLive(panes={PANE: PaneFacts(in_mode=True)})
    assert run(send_keys.COMMAND, STATE, "-X", "cancel", live=live).effects == (
        CopyModeCommand(PANE, "cancel"),
    )
    words = ("-X", "-N", "5", "search-forward", "some words")
    assert run(send_keys.COMMAND, STATE, *words, live=live).effects == (
        CopyModeCommand(PANE, "search-forward", ("some words",), 5),
    )
    assert run(send_keys.COMMAND, STATE, "-X", live=live).effects == ()


def test_the_scroll_view() -> None:
    assert run(copy_mode.COMMAND, STATE, "-u").effects == (ScrollView(PANE, page_up=True),)
    assert run(copy_mode.COMMAND, STATE, "-q").effects == (
        ScrollView(PANE, leave=True),
        LeaveModes(PANE),
    )
    assert run(copy_mode.COMMAND, STATE, "-e").effects == (ScrollView(PANE, ends_at_bottom=True),)


def test_the_prefix_key() -> None:
    assert run(send_prefix.COMMAND, STATE).effects == (SendPrefixKey(PANE),)
    assert run(send_prefix.COMMAND, STATE, "-2").effects == (SendPrefixKey(PANE, secondary=True),)


def test_history_is_forgotten_durably() -> None:
    outcome = run(clear_history.COMMAND, STATE, "-t", ".1")
    assert outcome.decision.events == (HistoryCleared(PaneId(1)),)
    assert outcome.effects == ()
