"""Searching many lines at once gives the same results as examining every line."""

import re
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.persistence.scrollback.blocks import BlockLines, joined_text
from fuguemux.persistence.scrollback.pattern import (
    AT_ONCE_BYTES_MAX,
    PATTERN_BYTES_MAX,
    BadPattern,
    Pattern,
    plain,
)
from fuguemux.persistence.scrollback.required_text import required_text
from fuguemux.persistence.scrollback.scrollback_search import SearchPart, search_parts

WORDS = [
    "a",
    "b",
    "AB",
    " ",
    "漢",
    "é",
    "\x1b[31m",
    "\x1b[m",
    "\x1b]8;;u\x1b\\",
    "\x1b(B",
    "x.y",
    "12",
]
ESCAPES = re.compile(r"\x1b(?:\[[0-9]*m|\]8;;u\x1b\\|\(B)")
EXPRESSIONS = [
    r"a+b?$",
    r"^\s*b",
    r"[^b]b",
    r"^$",
    r"\d\b",
    r"(a|漢)+.(b|é)",
    r"\Aa",
    r"b\z",
    r"x*",
    r"ab|^12",
    r"ab+ ",
    r"a *b",
    r"(?i)ab",
    r"a\.?b",
    r"(?:xy|b)?AB",
    r"[]a]b ",
    r"\.y",
    r"(?:a{0,40}.?){0,20}é",
]


def part(first: int, lines: Sequence[str], pieces: frozenset[int]) -> SearchPart:
    content = BlockLines(joined_text([line.encode() for line in lines]), len(lines), pieces)
    return SearchPart(first, len(lines), lambda: content)


def stored(rng: Random, blocks: int) -> tuple[list[SearchPart], list[tuple[int, str]]]:
    """Random parts, and the logical lines in them by number, without styles."""
    parts: list[SearchPart] = []
    logical: list[tuple[int, str]] = []
    first = 7
    for _ in range(blocks):
        size = rng.randint(1, 6)
        lines = ["".join(rng.choices(WORDS, k=rng.randint(0, 6))) for _ in range(size)]
        pieces = frozenset(i for i in range(size) if rng.random() < 0.25 and (i or parts))
        parts.append(part(first, lines, pieces))
        for index, line in enumerate(lines):
            text = ESCAPES.sub("", line)
            if index in pieces:
                logical[-1] = (logical[-1][0], logical[-1][1] + text)
            else:
                logical.append((first + index, text))
        first += size
    return parts, logical


def found(
    parts: list[SearchPart], pattern: Pattern, **how: bool | int | None
) -> list[tuple[int, str]]:
    return [
        (hit.line, hit.text.decode())
        for each in search_parts(parts, pattern, **how)  # type: ignore[arg-type]  # as given
        for hit in each.hits
    ]


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.integers(1, 6),
    st.sampled_from(EXPRESSIONS),
    st.booleans(),
    st.integers(0, 40) | st.none(),
    st.booleans(),
)
def test_expressions_agree_with_looking_at_every_line(
    seed: int, blocks: int, expression: str, ignore: bool, start: int | None, backward: bool
) -> None:
    parts, logical = stored(Random(seed), blocks)
    flags = re.IGNORECASE | re.ASCII if ignore else re.ASCII
    looked_for = re.compile(expression.replace(r"\z", r"\Z"), flags)
    expected = [(number, text) for number, text in logical if looked_for.search(text)]
    if start is not None:
        expected = [
            (number, text)
            for number, text in expected
            if (number <= start if backward else number >= start)
        ]
    if backward:
        expected.reverse()
    pattern = Pattern(expression, regex=True, ignore_case=ignore)
    if start is not None and not backward:
        # A start is a line that is whole from there on; the rest of another one is none.
        numbers = {number for number, _ in logical}
        start = next((number for number in range(start, 1000) if number in numbers), 1000)
    assert found(parts, pattern, start=start, backward=backward) == expected


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1 << 30), st.text("ab漢é", min_size=1, max_size=3))
def test_places_are_those_of_characters(seed: int, needle: str) -> None:
    text = "".join(Random(seed).choices(WORDS[:6], k=20))
    expected = [match.span() for match in re.finditer(re.escape(needle), text)]
    assert Pattern(needle).spans(text.encode()) == expected


def test_a_part_that_is_gone_meanwhile_is_left_out() -> None:
    gone = SearchPart(0, 3, lambda: BlockLines(b"", 0, frozenset()))
    rest = part(3, ["", "ab"], frozenset())
    assert found([gone, rest], Pattern("^", regex=True)) == [(3, ""), (4, "ab")]


@pytest.mark.parametrize("lines", [["a" * 30 + "!"] * 50, ["a" * 20_000 + "!"]])
def test_an_expression_that_drives_others_mad_takes_no_longer_than_its_text(
    lines: list[str],
) -> None:
    """With backtracking this would not end before the sun does."""
    parts = [part(0, lines, frozenset())]
    assert found(parts, Pattern("(a+)+$", regex=True)) == []
    assert found(parts, Pattern("(a|a)*b", regex=True)) == []
    assert len(found(parts, Pattern("(a*)*!", regex=True))) == len(lines)


def test_a_large_expression_is_given_whole_lines() -> None:
    lines = [f"line {number} " + "x" * (number % 90) for number in range(2000)]
    assert sum(map(len, lines)) > 4 * AT_ONCE_BYTES_MAX
    pattern = Pattern("^line [0-9]+ (x{0,50}x{0,50}){0,2}x{40}$", regex=True)
    expected = [number for number in range(2000) if number % 90 >= 40]
    assert [number for number, _ in found([part(0, lines, frozenset())], pattern)] == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a(b", r"not a regular expression: a\(b: missing \): a\(b$"),
        (r"(a)\1", "invalid escape sequence"),
        ("(?=a)", "invalid perl operator"),
        ("((a{100}){100}){100}", "not a regular expression"),
        ("x" * (PATTERN_BYTES_MAX + 1), "4097 bytes"),
    ],
)
def test_a_bad_pattern_says_why(text: str, reason: str) -> None:
    with pytest.raises(BadPattern, match=reason):
        Pattern(text, regex=True)


@pytest.mark.parametrize(
    ("expression", "required"),
    [
        ("id=dead[0-9]+beef", "id=dead"),
        ("abc*de", "ab"),
        ("abc+d{0,3}", "ab"),
        ("ab|cd", ""),
        ("(ab|cd)efg", ""),
        ("(?i)abc", ""),
        ("(abcdef)?gh", "gh"),
        (r"\d+:\d+ WARN\b", " WARN"),
        (r"a\.b\x41c", ""),
        (r"\Qa*b\E", ""),
        ("[^]x]*abc", "abc"),
        ("[[:alpha:]]abc", "abc"),
    ],
)
def test_what_every_match_must_contain(expression: str, required: str) -> None:
    assert required_text(expression) == required


def test_a_text_is_no_expression() -> None:
    assert Pattern("a(b").spans(b"xa(b") == [(1, 4)]


def test_styles_links_and_charsets_are_no_text() -> None:
    assert (
        plain(b"\x1b[1;31mr\x1b[med\x1b]8;;http://a.b\x07 l\x1b]8;;\x1b\\\x1b(Bink") == b"red link"
    )
    assert plain(b"\x1b[38:2::1:2:3mr\x1b[0m") == b"r"
