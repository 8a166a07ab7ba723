"""Regular expressions in formats: they match as POSIX says, in linear time, and match nothing where RE2 cannot."""

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.formats import expressions, formats
from fuguemux.formats import text as format_text
from fuguemux.formats.context import FormatContext
from fuguemux.formats.work import UNITS_MAX
from fuguemux.model.state import ServerState
from tests.support.fake_live import FakeLive

HOSTILE = ("(a+)+$", "(a|a)*b", "(a*)*b", "(.*)*x", "(a|aa)+$", "((a?){50}){10}a*$", "(a|b|ab)*c")


def test_an_expression_that_backtracks_without_end_elsewhere_is_answered() -> None:
    for pattern in HOSTILE:
        assert not format_text.matches(pattern, "a" * 40 + "!", "r") or "?" in pattern
        assert format_text.substituted("a" * 40 + "!", pattern, "", "")


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"\<foo\>", "a foo b", True),
        (r"\<foo\>", "afoob", False),
        ("[[:alpha:]_]+$", "1a_", True),
        (r"^[\]$", "\\", True),  # a backslash in a set is a character
        ("^[]a]+$", "]a", True),
        ("^[^]a]$", "]", False),
        ("^a{,2}$", "aa", True),
        ("^a{,2}$", "aaa", False),
        ("^a**$", "aaa", True),
        ("^a+?$", "", True),  # no "as few as possible": what is repeated may be missing
        ("a)", "a)", True),
        ("[[.a.]][[=b=]]", "ab", True),
        (r"\`a\'", "a", True),
        (r"^\n$", "n", True),
        (r"\.", "a", False),
        ("a.b", "a\nb", True),
        ("é", "é", True),
        ("x||y", "a", True),
    ],
)
def test_posix_expressions_mean_what_they_mean_in_tmux(
    pattern: str, text: str, matches: bool
) -> None:
    assert format_text.matches(pattern, text, "r") is matches


NONE = (
    *("(a", "[a", "*a", "a|*b", "^*", "(?i)a", "a{", "a{x}", "a{}", "a{2,1}", "a{1001}", "a\\"),
    *("a{9999999}", r"(a)\1", "[[.ab.]]", "[[:nothing:]]", "[b-a]", "(((a{99}){99}){99}){99}"),
    "a" * 2_000,
)


@pytest.mark.parametrize("pattern", NONE)
def test_what_is_no_expression_matches_and_replaces_nothing(pattern: str) -> None:
    assert not format_text.matches(pattern, "aa", "r")
    assert format_text.substituted("aa", pattern, "x", "") == "aa"


def test_the_longest_match_is_replaced() -> None:
    assert format_text.substituted("abcab", "a|ab", "X", "") == "XcX"
    assert format_text.substituted("abcd", "(a|ab)(c|bcd)(d*)", r"\1,\2,\3", "") == "a,bcd,"


def test_an_anchored_expression_replaces_once_and_loses_nothing() -> None:
    assert format_text.substituted("aab", "^a", "X", "") == "Xab"
    assert format_text.substituted("abc", "^", "X", "") == "Xabc"


def test_nothing_is_replaced_within_a_character() -> None:
    assert format_text.substituted("éa", "x*", "-", "") == "é-a-"


def test_the_work_of_one_text_is_bounded_whatever_its_expressions() -> None:
    """An expression whose automaton does not fit, at every place of a long text: its work runs out, and the rest stays."""
    ab = "".join(random.Random(1).choices("ab", k=16_384))
    left = 100_000
    searches = 0

    def spend(chars: int) -> bool:
        nonlocal left, searches
        left -= chars
        searches += 1
        assert searches < 10, "each search takes milliseconds"
        return left > 0

    found = format_text.substituted(ab, "a|(a|b)*a(a|b){200}c", "-", "", spend)
    assert left < 0
    assert found.endswith(ab[100:])


def test_an_expression_too_large_for_its_text_matches_nothing() -> None:
    large = "((((a?b?){10}){10}){9})$"
    assert format_text.matches(large, "ab", "r")
    assert not format_text.matches(large, "ab" * 8_000, "r")


def test_a_loop_over_a_hostile_expression_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one text may cost counts the work of its expressions, too."""
    searches = 0
    found = expressions.Expression._found

    def counted(self: expressions.Expression, data: bytes, spend: expressions.Spend) -> object:
        nonlocal searches
        searches += 1
        return found(self, data, spend)

    monkeypatch.setattr(expressions.Expression, "_found", counted)
    once = "#{m/r:(a|b)*a" + "(a|b)" * 100 + "c," + "ab" * 4_000 + "}"
    with pytest.raises(formats.TooExpensive):
        formats.expand(once * 200, FormatContext(ServerState(), FakeLive()))
    assert 1 < searches <= UNITS_MAX * expressions.STEPS_PER_UNIT // (300 * 8_000) + 1


PIECES = st.sampled_from(
    (
        *(
            "#{",
            "}",
            "m/r:",
            "s/",
            "/",
            ":",
            ",",
            "(a+)+",
            "a*",
            "[[:alpha:]]",
            r"\<",
            "{1,9}",
            "(",
        ),
        *(")", "[", "]", "^", "$", "|", "?", "window_name", "#{pane_id}", "E:", "T:", "P:", "W:"),
        *("é", "aaaa"),
    )
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_format_expands(text: str) -> None:
    with contextlib.suppress(formats.TooExpensive):
        assert isinstance(
            formats.expand(text, FormatContext(ServerState(), FakeLive()), time=True), str
        )


@given(
    pattern=st.lists(st.sampled_from([*"ab()[]^$*+?|.{}1,-:\\", "[:alpha:]", "é"])).map("".join),
    text=st.text("abé]1 ", max_size=30),
    replacement=st.text(r"\01x", max_size=5),
)
def test_any_expression_is_taken_or_is_none(pattern: str, text: str, replacement: str) -> None:
    format_text.matches(pattern, text, "r")
    assert isinstance(format_text.substituted(text, pattern, replacement, "i"), str)


def test_an_expression_that_is_too_long_is_none() -> None:
    length = expressions.EXPRESSION_CHARS_MAX
    text = "a" * (length + 1)
    assert format_text.matches("a" * length, text, "r")
    assert not format_text.matches(text, text, "r")
