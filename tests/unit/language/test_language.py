"""The command language: words from a shell, text from a file, and text that is made from words."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.language.command_lines import parse
from fuguemux.language.language import TextContext, parse_file, replace_alias
from fuguemux.language.quoting import CommandBlock, quote, render_all
from fuguemux.model.decision import Refused


def words(text: str, **variables: str) -> list[tuple[str, ...]]:
    return [one.argv for one in parse_file(text, "f", TextContext(variables))]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["new", "-d"], [("new", "-d")]),
        (["new", ";", "split"], [("new",), ("split",)]),
        (["new;", "split"], [("new",), ("split",)]),
        (["a", "b\\;", "c"], [("a", "b;", "c")]),
        (["a", "\\;"], [("a", ";")]),
        ([";", ";"], []),
        (["a", ""], [("a", "")]),
        ([], []),
    ],
)
def test_words_from_a_shell(argv: list[str], expected: list[tuple[str, ...]]) -> None:
    assert parse(argv) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b c", [("a", "b", "c")]),
        ("a 'b c' \"d e\"f", [("a", "b c", "d ef")]),
        ("a;b ; c", [("a",), ("b",), ("c",)]),
        ("a # comment\n#whole line\nb", [("a",), ("b",)]),
        ("a b#c", [("a", "b#c")]),
        ("a \\\n  b", [("a", "b")]),
        ("a \\; b \\# \\$X", [("a", ";", "b", "#", "$X")]),
        ('a "\\t\\e\\u00e9\\101"', [("a", "\t\x1béA")]),
        ("a $X ${X}y '$X' \"$X\"", [("a", "vx", "vxy", "$X", "vx")]),
        ("a $none|", [("a", "|")]),
        ("a ~/x x~ '~'", [("a", "/home/me/x", "x~", "~")]),
        ("a { b ; c { d } }", [("a", "b ; c { d }")]),
        ("a {\n b 'x y'\n # no\n c\n}", [("a", 'b "x y" ; c')]),
        ("Y=1 b", [("set-environment", "-g", "Y", "1"), ("b",)]),
        ("Y=1\na $Y", [("set-environment", "-g", "Y", "1"), ("a", "1")]),
        ("%hidden Y=1\na $Y", [("set-environment", "-gh", "Y", "1"), ("a", "1")]),
        ("%if 1\na\n%else\nb\n%endif\nc", [("a",), ("c",)]),
        ("%if 0\na\n%elif 1\nb\n%else\nc\n%endif", [("b",)]),
        ("%if 0\n%if 1\na\n%endif\n%else\nb\n%endif", [("b",)]),
        ("%if #{x}\na\n%endif", [("a",)]),
        ("a ; %if 1 b %endif ; c", [("a",), ("b",), ("c",)]),
        ("%if 0 a %elif 1 b ; c %else d %endif\ne", [("b",), ("c",), ("e",)]),
        ("a { b ; %if 0 c %else d %endif }", [("a", "b ; d")]),
        ("%if 1 # comment\na\n%endif", [("a",)]),
        ("bind % split", [("bind", "%", "split")]),
        ("a a%if %1", [("a", "a%if", "%1")]),
        ('"a\n   b\n  # out\n  c"', [("a\nb\n\nc",)]),
        ("\r\na\r\n", [("a",)]),
        ("", []),
    ],
)
def test_text_of_a_file(text: str, expected: list[tuple[str, ...]]) -> None:
    assert words(text, X="vx", HOME="/home/me") == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a\nb "c', 2),
        ("a }", 1),
        ("a {\nb", 2),
        ("{ a }", 1),
        ("%if 1\na\n", 3),
        ("%endif", 1),
        ("a\nb %if 1", 2),
        ("%if 1\na %endif", 2),
        ("%if 1 a\n%endif", 1),
        ("a %b", 1),
        ("a { %if 1\n b }\n%endif", 2),
        ("\n\na ${X", 3),
        ("a \\u12", 1),
        ("a \\8 \\1", 1),
        ("%hidden a", 1),
        ("a {" * 100, 1),
    ],
)
def test_errors_name_the_line(text: str, line: int) -> None:
    with pytest.raises(Refused, match=f"^f:{line}: "):
        words(text)


def test_a_condition_sees_what_the_text_has_set() -> None:
    context = TextContext(condition=lambda text, set_here: set_here.get(text) == "1")
    assert [one.argv for one in parse_file("%hidden A=1\n%if A b %endif", "", context)] == [
        ("set-environment", "-gh", "A", "1"),
        ("b",),
    ]


def test_lines_are_counted_through_continuations_and_quotes() -> None:
    found = parse_file("a \\\n b\nc 'x\ny'\nd")
    assert [one.line for one in found] == [1, 3, 5]


def test_an_alias_is_replaced_and_keeps_the_words_behind_it() -> None:
    aliases = ("x=a b ; c", "y=d", "broken")
    assert replace_alias(("x", "1"), aliases) == [("a", "b"), ("c", "1")]
    assert replace_alias(("y",), aliases) == [("d",)]
    assert replace_alias(("z", "1"), aliases) == [("z", "1")]


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("plain", "plain"),
        ("", "''"),
        ("a b", '"a b"'),
        ('a"b', "'a\"b'"),
        ("it's", '"it\'s"'),
        (";", "\\;"),
        ("~", "\\~"),
        ("~x", "\\~x"),
        ("$HOME", '"\\$HOME"'),
        ("a\tb", "a\\tb"),
        (CommandBlock("a ; b"), "{ a ; b }"),
    ],
)
def test_words_are_quoted_as_tmux_quotes_them(word: str, shown: str) -> None:
    assert quote(word) == shown


WORD = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.text("ab \"'\\#{}$~;%\n\t=", max_size=8)


@given(st.lists(st.lists(WORD, min_size=1, max_size=4), max_size=3))
def test_what_is_rendered_is_read_back(commands: list[list[str]]) -> None:
    expected = [("x", *command) for command in commands]
    for separator in (" ; ", "\n"):
        assert [one.argv for one in parse_file(render_all(expected, separator))] == expected


@given(st.text(max_size=60) | st.text("ab \"'\\#{}$~;%\n=if0", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Refused):
        parse_file(text, "f")
