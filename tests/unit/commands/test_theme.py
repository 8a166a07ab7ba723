"""The command theme."""

import pytest

from fuguemux.commands import set_option, theme
from fuguemux.commands.table import TABLE
from fuguemux.model.decision import Refused
from fuguemux.options.table import BY_NAME
from fuguemux.options.themes import THEMES, place
from tests.support.builders import session, state
from tests.support.folding import run

STATE = state(session("a"))


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_has_valid_styles_without_anything_that_costs_a_redraw(name: str) -> None:
    assert THEMES[name].keys() == THEMES["dark"].keys()
    for option, value in THEMES[name].items():
        assert BY_NAME[option].value(value, "", TABLE) == value
        assert BY_NAME[option].kind in ("style", "colour")
        assert "#(" not in value
        assert "%" not in value


@pytest.mark.parametrize("name", THEMES)
def test_it_sets_the_styles_of_all_sessions_and_windows_once(name: str) -> None:
    outcome = run(theme.COMMAND, STATE, name)
    for option, value in THEMES[name].items():
        at = place(option).scope
        local = outcome.state.session_options if "session" in at else outcome.state.window_options
        assert local[option] == value
    assert f"* {name}" in run(theme.COMMAND, outcome.state).decision.reply.lines
    assert run(theme.COMMAND, outcome.state, name).decision.events == ()


def test_one_follows_another_and_none_takes_it_away() -> None:
    dark = run(theme.COMMAND, STATE, "dark").state
    light = run(theme.COMMAND, dark, "light").state
    assert light.session_options["status-style"] == THEMES["light"]["status-style"]
    gone = run(theme.COMMAND, light, "none").state
    assert (gone.session_options, gone.window_options) == ({}, {})
    assert run(theme.COMMAND, gone).decision.reply.lines[-1] == "* none"


def test_what_the_user_set_stays_and_is_named() -> None:
    mine = run(set_option.COMMAND, STATE, "-g", "status-style", "bg=red").state
    outcome = run(theme.COMMAND, mine, "dark")
    assert outcome.state.session_options["status-style"] == "bg=red"
    assert outcome.decision.reply.lines == ("kept what you set (-f replaces it): status-style",)
    forced = run(theme.COMMAND, mine, "-f", "dark")
    assert forced.state.session_options["status-style"] == THEMES["dark"]["status-style"]


def test_there_is_no_such_theme() -> None:
    with pytest.raises(Refused, match="no theme dork: there are dark, light, plain and none"):
        run(theme.COMMAND, STATE, "dork")
