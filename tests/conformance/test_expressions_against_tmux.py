"""Compares regular expressions in formats with tmux: what matches, and how it is replaced.

The expressions and texts are values of options, so that nothing in them has to be escaped. docs/tmux-differences.md
lists the differences with their reasons.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.formats import text as format_text

TMUX = shutil.which("tmux")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]

PATTERNS = (
    *("a+b", r"\<foo", r"foo\>", r"\bfoo\b", "[[:alpha:]]+$", "^[]a]+$", r"[\]x", "a{,3}$", "a{2"),
    *("*a", "a|*b", "^*", "a)", "(a", "()", "a**", "a+?$", "(?i)x", r"\w+", r"\n", "[[.a.]]b"),
    *("[[=a=]]b", "[[.hyphen.]]", "[z-a]", "a{3,2}", "a{40000}", "x||y", "|x", r"\.", r"\/"),
    *(r"a\`", r"b\'", "[a-]", "[[:foo:]]", ".", "[^a]", "\\", "é", "[é]", "É", "{", "}", "a{}"),
    *("a{x}", "[a", "a]", r"\x41", r"\S", "[[:space:]]", "(^a)", "x$y", "a^b", "a{1}{2}", "(*a)"),
    *("(a|ab)(c|bcd)(d*)$", "(+)", "+", "?", r"\{", r"\}", r"[a\]", r"[a\]b]"),
)
TEXTS = (
    *("foo bar", "a", "ab", "aab", "b", "foo", "abcd", "a)", "a{2", "}", "é", "É", "9", "n"),
    *("aaa", "a]b", "\\x", "x41", "axb", "-", "[hyphen", ""),
)
SUBSTITUTIONS = (
    ("x*", "-", "abc"),
    ("b*", "-", "abc"),
    ("a|ab", "X", "abcab"),
    ("$", "!", "abc"),
    ("a", "\\", "aa"),
    ("a", r"\q", "aa"),
    ("a", "&", "aa"),
    ("(a|ab)(c|bcd)(d*)", r"\1|\2", "abcd"),
    (".", "é", "aé"),
    ("é", "x", "aéé"),
    ("(^a)", "X", "aab"),
    ("^a", "X", "aab"),
    ("a*", "X", "baac"),
    ("", "X", "abc"),
    ("b$", "X", "abb"),
    ("(b)(c)?", r"<\1>", "abcb"),
    ("[[:digit:]]+", r"<\0>", "a12b3"),
)


CLASS = re.compile(r"\[:|\\w")
"""Classes have ASCII characters only here, as the page of differences says."""


class Tmux:
    def __init__(self, socket: Path) -> None:
        self._base = [str(TMUX), "-u", "-S", str(socket), "-f", "/dev/null"]
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TMUX", "LC_", "LANG"))
        } | {"LC_ALL": "C.UTF-8"}

    def __call__(self, *words: str) -> str:
        done = subprocess.run(
            [*self._base, *words],
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=60,
            check=True,
        )
        return done.stdout.removesuffix("\n")

    def set(self, **options: str) -> None:
        for name, value in options.items():
            self("set-option", "-g", f"@{name}", value)


@pytest.fixture(scope="module")
def tmux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tmux]:
    server = Tmux(tmp_path_factory.mktemp("t") / "s")
    server("new-session", "-d", "sleep 1000")
    yield server
    server("kill-server")


def test_the_same_texts_match(tmux: Tmux) -> None:
    tmux.set(**{f"t{number}": text for number, text in enumerate(TEXTS)})
    wanted = "".join(f"#{{m/r:#{{@p}},#{{@t{number}}}}}" for number in range(len(TEXTS)))
    different = []
    for pattern in PATTERNS:
        tmux.set(p=pattern)
        theirs = tmux("display-message", "-p", wanted)
        ours = "".join(str(int(format_text.matches(pattern, text, "r"))) for text in TEXTS)
        different += [
            (pattern, text)
            for text, *both in zip(TEXTS, theirs, ours, strict=True)
            if both[0] != both[1] and (text.isascii() or not CLASS.search(pattern))
        ]
    assert different == []


@pytest.mark.parametrize(("pattern", "replacement", "text"), SUBSTITUTIONS)
def test_the_same_is_replaced(tmux: Tmux, pattern: str, replacement: str, text: str) -> None:
    tmux.set(p=pattern, w=replacement, t=text)
    theirs = tmux("display-message", "-p", "#{s/#{@p}/#{@w}/:@t}")
    assert format_text.substituted(text, pattern, replacement, "") == theirs
