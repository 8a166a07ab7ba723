"""Tests what customize-mode knows of options: which value is in force where, and the commands that change it."""

from fuguemux.commands import set_option
from fuguemux.language.default_keys import Binding
from fuguemux.model.ids import PaneId
from fuguemux.options.options import NO_DEFAULTS, OptionPlace
from fuguemux.server.modes.option_rows import (
    OptionRow,
    PanePlaces,
    bind_command,
    next_value,
    set_command,
    unset_command,
)
from tests.support.builders import session, state, window
from tests.support.folding import run

BARE = state(session("a", window("x")))
STATE = run(set_option.COMMAND, BARE, "-p", "-t", "%0", "remain-on-exit", "on").state
PLACES = PanePlaces(STATE, NO_DEFAULTS, PaneId(0))


def row(scope: str, name: str) -> OptionRow:
    return next(each for each in PLACES.rows(scope) if each.name == name)


def test_the_innermost_value_is_shown_with_its_place() -> None:
    found = row("window", "remain-on-exit")
    assert (found.value, found.place) == ("on", OptionPlace("pane", 0))
    assert PLACES.scope_text(found.place) == "pane #{pane_index}"
    assert PLACES.global_value(found) == "off"
    assert PLACES.global_value(row("session", "base-index")) is None


def test_hooks_are_no_options_and_units_are_words() -> None:
    names = [each.name for each in PLACES.rows("session")]
    assert names == sorted(names)
    assert "after-new-window" not in names
    assert row("server", "escape-time").unit == "milliseconds"


def test_an_array_has_a_row_for_each_value() -> None:
    entries = PLACES.entries(row("server", "command-alias"))
    assert entries[0].shown_name == "command-alias[0]"
    assert entries[0].value == "split-pane=split-window"


def test_commands_name_the_place() -> None:
    found = row("window", "remain-on-exit")
    assert unset_command(found) == "set-option -up -t %0 remain-on-exit"
    assert set_command(found, OptionPlace("global-window"), "failed") == (
        "set-option -gw remain-on-exit failed"
    )
    assert next_value(row("session", "base-index")) is None
    assert next_value(row("window", "mode-keys")) == "vi"
    key = Binding("prefix", "x", "kill-pane", True, "end it")
    assert bind_command(key).startswith("bind-key -r -N ")
    assert bind_command(key).endswith("-T prefix x { kill-pane }")
