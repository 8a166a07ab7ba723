"""Search patterns for scrollback: a text or a regular expression, matched against many lines at once.

Regular expressions are RE2's (github.com/google/re2/wiki/Syntax). Their time is linear in the text for every expression,
so that no pattern can hold the server. RE2 has no back references and no look-around.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from fuguemux.persistence.scrollback.required_text import required_text

PATTERN_BYTES_MAX: Final = 4 << 10
COMPILED_BYTES_MAX: Final = 8 << 20
"""RE2's memory for one expression, including what it remembers while matching."""
AT_ONCE_BYTES_MAX: Final = 8 << 10
"""How much text a large expression gets in one step, so that a search can be stopped soon."""
LARGE_PROGRAM: Final = 1_000
"""The number of RE2 instructions from which on an expression is large. Matching takes at most that many steps per byte."""

STYLED_CHARACTERS_MAX: Final = 100

_LINE_MODE: Final = b"(?m)"
"""Put before an expression, so that ^ and $ match at line ends."""
_CSI: Final = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
_ESCAPES: Final = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])"
)
_LINE_BY_LINE: Final = re.compile(r"\\[Az]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
"""Expressions that refer to the ends of the text. They are matched line by line, so that the text is one line."""


class BadPattern(ValueError):
    """The expression is invalid or too large; the message says what is wrong."""


def plain(text: bytes) -> bytes:
    """`text` without escape sequences."""
    escapes = text.count(b"\x1b")
    if not escapes:
        return text
    # Usually there is only one kind of sequence. Its own expression is a quarter faster.
    usual = text.count(b"\x1b[") == escapes
    return b"".join((_CSI if usual else _ESCAPES).split(text))


class Pattern:
    """A text or an expression that is matched within lines without styles. Usable by one thread at a time."""

    def __init__(self, text: str, *, regex: bool = False, ignore_case: bool = False) -> None:
        """Raises BadPattern."""
        data = text.encode("utf-8", "surrogateescape")
        if len(data) > PATTERN_BYTES_MAX:
            raise BadPattern(f"a pattern of {len(data)} bytes; at most {PATTERN_BYTES_MAX}")
        self._regex = regex
        self._ignore_case = ignore_case
        self._source = data
        self._by_line = regex and _LINE_BY_LINE.search(text) is not None
        self._text = text
        self._required = required_text(text) if regex else text
        self._large = self._expression.programsize > LARGE_PROGRAM

    @cached_property
    def _expression(self) -> Any:
        source = self._source
        if self._regex and not self._by_line:
            source = _LINE_MODE + source
        return self._compiled(source, literal=not self._regex)

    @cached_property
    def _styled(self) -> Any:
        """An expression for the required text with styles between any of its characters. This is faster than removing the
        styles.
        """
        gap = rb"(?:\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~]))*"
        characters = [_escaped(character) for character in self._required]
        return self._compiled(gap.join(characters), literal=False)

    def _compiled(self, source: bytes, *, literal: bool) -> Any:
        import re2  # imported late: a server starts faster without it

        options = re2.Options()
        options.log_errors = False
        options.never_nl = True
        options.never_capture = True
        options.max_mem = COMPILED_BYTES_MAX
        options.case_sensitive = not self._ignore_case
        options.literal = literal
        try:
            return re2.compile(source, options)
        except re2.error as error:
            reason = error.args[0] if error.args else "invalid"
            reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
            # Added by this class, not by the user.
            reason = reason.replace(_LINE_MODE.decode(), "", 1)
            raise BadPattern(f"not a regular expression: {self._text}: {reason}") from error

    def may_match(self, text: bytes) -> bool:
        """Whether any of these lines, which may have styles, has to be examined in detail."""
        if not 0 < len(self._required) <= STYLED_CHARACTERS_MAX or b"\x1b" not in text:
            return True
        return self._styled.search(text) is not None

    def matching_lines(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Yield begin and end, as offsets, of every matching line in plain `text`."""
        if self._by_line:
            yield from self._matching_one_by_one(text)
            return
        size, at = len(text), 0
        while at <= size:
            stop = self._stop(text, at)
            found = self._expression.search(text, at, stop)
            if found is None:
                at = stop + 1
                continue
            begin = text.rfind(b"\n", 0, found.start()) + 1
            end = text.find(b"\n", found.start())
            end = size if end < 0 else end
            yield begin, end
            at = end + 1

    def _matching_one_by_one(self, text: bytes) -> Iterator[tuple[int, int]]:
        at = 0
        for line in text.split(b"\n"):
            if self._expression.search(line) is not None:
                yield at, at + len(line)
            at += len(line) + 1

    def _stop(self, text: bytes, at: int) -> int:
        """Where a search that begins at `at`, the start of a line, has to end: after a whole line."""
        if not self._large or len(text) - at <= AT_ONCE_BYTES_MAX:
            return len(text)
        end = text.find(b"\n", at + AT_ONCE_BYTES_MAX)
        return len(text) if end < 0 else end

    def spans(self, line: bytes) -> list[tuple[int, int]]:
        """The places where a plain line matches, as character offsets. Empty matches are left out."""
        found = [m.span() for m in self._expression.finditer(line) if m.start() < m.end()]
        if line.isascii():
            return found
        return [
            (
                len(line[:begin].decode("utf-8", "replace")),
                len(line[:end].decode("utf-8", "replace")),
            )
            for begin, end in found
        ]


def _escaped(character: str) -> bytes:
    """Escape a character so that it stands for itself in an expression."""
    data = character.encode("utf-8", "surrogateescape")
    return b"\\" + data if character.isascii() and not character.isalnum() else data
