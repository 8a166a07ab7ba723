"""The command search."""

import pytest

from fuguemux.commands import search
from fuguemux.model.decision import Refused
from fuguemux.model.effects import SearchedPane, SearchPanes
from fuguemux.model.ids import PaneId
from tests.support.builders import session, state, window
from tests.support.folding import run

STATE = state(session("a", window("w", panes=2)), session("b", window("v", at=3)))


def asked(*words: str) -> SearchPanes:
    (effect,) = run(search.COMMAND, STATE, *words).effects
    assert isinstance(effect, SearchPanes)
    return effect


def pane(number: int, label: str) -> SearchedPane:
    return SearchedPane(PaneId(number), label)


def test_one_pane_by_an_expression() -> None:
    assert asked("-t", "b:3", "a+") == SearchPanes((pane(2, "b:3.0"),), "a+")


def test_all_panes_each_under_its_place() -> None:
    assert asked("-a", "x").panes == (pane(0, "a:0.0"), pane(1, "a:0.1"), pane(2, "b:3.0"))


def test_flags_may_be_joined_and_json_stands_anywhere() -> None:
    wanted = SearchPanes(
        (pane(2, "b:3.0"),), "x", regex=False, ignore_case=True, lines_max=5, as_json=True
    )
    assert asked("-iFm5", "--json", "-t%2", "x") == wanted
    assert asked("-iFm5", "-t%2", "x", "--json") == wanted
    assert asked("-c", "-E", "x").count


def test_a_pattern_may_look_like_a_flag() -> None:
    assert asked("--", "--json").pattern == "--json"
    assert asked("-F", "--", "-x").pattern == "-x"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "too few arguments"),
        (("a", "b"), "too many arguments"),
        (("",), "an empty pattern is in every line"),
        (("-EF", "a"), "-E and -F exclude each other"),
        (("-a", "-t", "a", "x"), "-a means all panes"),
        (("-z", "a"), "command search: unknown flag -z"),
        (("-m", "0", "a"), "maximum too small"),
        (("-m", "some", "a"), "maximum invalid"),
        (("-t", "nobody:", "a"), "can't find session: nobody"),
        (("-?",), "usage: search"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], reason: str) -> None:
    with pytest.raises(Refused, match=reason.replace("?", r"\?")):
        asked(*words)
