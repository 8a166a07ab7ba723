"""The commands command-prompt, confirm-before, choose-tree, display-panes and refresh-client."""

from collections.abc import Iterable

import pytest

from fuguemux.commands import (
    choose_tree,
    command_prompt,
    confirm_before,
    display_panes,
    refresh_client,
)
from fuguemux.commands.command import Command
from fuguemux.commands.parts.choosing import filled
from fuguemux.model.decision import Refused
from fuguemux.model.effects import AnyEffect, EnterMode, Prompt, Refresh
from fuguemux.model.events import PaneActivated, ZoomChanged
from fuguemux.model.ids import ClientId, PaneId, WindowId
from fuguemux.model.overlay_effects import NumberPanes
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import run
from tests.support.viewers import viewer

STATE = state(session("b", window("x"), window("y", panes=2)), session("a"))
LIVE = FakeLive(attached=(viewer(),))
CLIENT = ClientId(1)


def effects(command: Command, *words: str) -> Iterable[AnyEffect]:
    return run(command, STATE, *words, live=LIVE, session=0).effects


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), Prompt(CLIENT, (":",), ("",), "%1")),
        (
            ("rename-window '%%'",),
            Prompt(CLIENT, ("(rename-window) ",), ("",), "rename-window '%%'"),
        ),
        (
            ("-I", "#W", "-p", "name", "rename-window '%%'"),
            Prompt(CLIENT, ("name ",), ("x",), "rename-window '%%'"),
        ),
        (
            ("-p", "one,two", "-I", "1", "x '%1' '%2'"),
            Prompt(CLIENT, ("one ", "two "), ("1", ""), "x '%1' '%2'"),
        ),
        (
            ("-1", "-p", "key", "x '%%'"),
            Prompt(CLIENT, ("key ",), ("",), "x '%%'", single=True),
        ),
        (("-F", "kill #S"), Prompt(CLIENT, ("(kill) ",), ("",), "kill b")),
    ],
)
def test_asking_for_words(words: tuple[str, ...], expected: Prompt) -> None:
    assert effects(command_prompt.COMMAND, *words) == (expected,)


def test_asking_for_confirmation() -> None:
    assert effects(confirm_before.COMMAND, "kill-server") == (
        Prompt(CLIENT, ("Confirm 'kill-server'? (y/n) ",), ("",), "kill-server", confirm=True),
    )
    assert effects(confirm_before.COMMAND, "-p", "kill #S?", "kill-session") == (
        Prompt(CLIENT, ("kill b? ",), ("",), "kill-session", confirm=True),
    )


@pytest.mark.parametrize(
    "command",
    [
        command_prompt.COMMAND,
        display_panes.COMMAND,
        refresh_client.COMMAND,
    ],
)
def test_without_clients_there_is_nobody_to_ask(command: Command) -> None:
    with pytest.raises(Refused, match=r"^no current client$"):
        run(command, STATE)


def test_the_tree_is_a_mode_of_a_pane_and_needs_no_client() -> None:
    (effect,) = run(choose_tree.COMMAND, STATE, "-t", "b:0").effects
    assert effect == EnterMode(PaneId(0), "tree-mode")
    (effect,) = run(
        choose_tree.COMMAND,
        STATE,
        *["-sNr", "-t", "b:0", "-O", "name", "-f", "x", "-F", "y", "-K", "z", "kill"],
    ).effects
    assert effect == EnterMode(
        PaneId(0),
        "tree-mode",
        template="kill",
        format="y",
        filter="x",
        key_format="z",
        sort="name",
        reverse=True,
        preview=False,
        start="sessions",
    )


def test_the_tree_can_zoom_its_pane() -> None:
    outcome = run(choose_tree.COMMAND, STATE, "-wZ", "-t", "b:1.1")
    events = outcome.decision.events
    assert events == (PaneActivated(WindowId(1), PaneId(2)), ZoomChanged(WindowId(1), True))
    (effect,) = outcome.effects
    assert effect == EnterMode(PaneId(2), "tree-mode", start="windows", unzoom=True)
    assert run(choose_tree.COMMAND, STATE, "-Z", "-t", "b:0").decision.events == ()


def test_the_numbers_of_panes() -> None:
    assert effects(display_panes.COMMAND) == (NumberPanes(CLIENT, 'select-pane -t "%%%"', 1000),)
    assert effects(display_panes.COMMAND, "-bN", "-d", "0", "kill-pane -t %%") == (
        NumberPanes(CLIENT, "kill-pane -t %%", 0, reads_keys=False, wait=False),
    )
    with pytest.raises(Refused, match=r"^delay too small$"):
        effects(display_panes.COMMAND, "-d", "-1")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('select-pane -t "%%%"', 'select-pane -t "%7"'),
        ("a %% %% %1 %1%", "a %7 %% %7 %7"),
        ("a 50% %2", "a 50% %2"),
    ],
)
def test_the_template_for_a_chosen_pane(template: str, expected: str) -> None:
    assert filled(template, "%7") == expected


def test_drawing_anew() -> None:
    assert effects(refresh_client.COMMAND, "-S") == (Refresh(CLIENT),)
    with pytest.raises(Refused, match=r"^not a control client$"):
        effects(refresh_client.COMMAND, "-C", "80x24")
