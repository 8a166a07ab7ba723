"""The format language: `#{session_name}`, `#{?condition,then,else}`, `#S`, … After tmux(1), FORMATS, 3.3a.

Every expansion ends soon: the nesting, the work and the length of the result are limited (formats/work.py).
`#(command)` expands to the last line that the command printed, as far as LiveView.shell_line knows it. That line may
have formats, but no commands. `#[style]` stays as it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from fuguemux.formats import text as format_text
from fuguemux.formats.context import FormatContext, View, shell_asked
from fuguemux.formats.loops import SPECIAL, whole
from fuguemux.formats.syntax import Modifier, choices, modifiers, skip, unescaped
from fuguemux.formats.text import flag
from fuguemux.formats.time import pretty, strftime
from fuguemux.formats.variables import find
from fuguemux.formats.work import (
    CONVERSION,
    COPIED_CHARS,
    FORMAT,
    JOB,
    LEVEL,
    MODIFIER,
    MOMENT,
    PART,
    RESULT_CHARS_MAX,
    SIGN,
    WALKED,
    TooExpensive,
    Work,
    text_cost,
    variable_cost,
)

__all__ = ["FormatContext", "TooExpensive", "Work", "expand", "is_true", "shown"]

DEPTH_MAX: Final = 100
"""The maximum nesting. Deeper formats expand to nothing, as in tmux."""
WIDTH_COLUMNS_MAX: Final = 10_000
"""The maximum width of padding."""
PLACES_MAX: Final = 100

_BRACKETS: Final = re.compile(r"[()]")
_SIGNS: Final = re.compile("#+")
_UPPER: Final = {
    "D": "pane_id",
    "F": "window_flags",
    "H": "host",
    "I": "window_index",
    "P": "pane_index",
    "S": "session_name",
    "T": "pane_title",
    "W": "window_name",
    "h": "host_short",
}
_COMPARISONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
    "||": lambda left, right: is_true(left) or is_true(right),
    "&&": lambda left, right: is_true(left) and is_true(right),
}


def expand(
    text: str,
    context: FormatContext,
    *,
    time: bool = False,
    work: Work | None = None,
) -> str:
    """`text` with its formats expanded. An unknown variable expands to nothing. Raises TooExpensive.

    `time`: conversions of strftime (`%H:%M`) are replaced too, as in the status line. `work`: the
    work that is left, if several texts share it.
    """
    if "#" not in text and not (time and "%" in text):
        return text
    return _Expander(View(context), work or Work(), time=time, depth=0).expand(text)


def shown(text: str, context: FormatContext) -> str:
    """As `expand`, but never raises: the message of TooExpensive is the result instead. For output after a decision is made."""
    try:
        return expand(text, context)
    except TooExpensive as stopped:
        return str(stopped)


def is_true(text: str) -> bool:
    """Whether a condition that expanded to `text` is true."""
    return text not in ("", "0")


class _Expander:
    """Expands texts for one view. Nested formats are expanded by an expander of the next depth."""

    def __init__(
        self,
        view: View,
        work: Work,
        *,
        time: bool,
        depth: int,
        jobs: bool = True,
    ) -> None:
        """`jobs`: whether `#(command)` is looked up."""
        self.view = view
        self.work = work
        self.spend = work.spend
        self.jobs = jobs
        self.time = time
        self.depth = depth

    def deeper(
        self, view: View | None = None, *, time: bool | None = None, jobs: bool = True
    ) -> "_Expander":
        return _Expander(
            self.view if view is None else view,
            self.work,
            time=self.time if time is None else time,
            depth=self.depth + 1,
            jobs=self.jobs and jobs,
        )

    def nested(self, text: str) -> str:
        return self.deeper().expand(text)

    def within(self, view: View, text: str) -> str:
        return self.deeper(view).expand(text)

    def expand(self, text: str) -> str:
        if self.depth > DEPTH_MAX:
            return ""
        self.spend(text_cost(text) + LEVEL * self.depth)
        if self.time:
            self.spend(CONVERSION * text.count("%"))
            text = strftime(text, self.view.live, self.view.live.now_ms() // 1000)
        parts: list[str] = []
        size = 0
        for part in self.parts(text):
            parts.append(part)
            size += len(part)
            self.spend(PART + len(part) // COPIED_CHARS)
            if size > RESULT_CHARS_MAX:
                raise TooExpensive("format stopped: it gives more than 1 MiB of text")
        return "".join(parts)

    def parts(self, text: str) -> Iterator[str]:
        """The pieces of the result. They end early at a format that is not closed and at a choice without alternatives."""
        at = 0
        while at < len(text):
            sign = text.find("#", at)
            if sign < 0 or sign + 1 == len(text):
                yield text[at:]
                return
            if sign > at:
                yield text[at:sign]
            char = text[sign + 1]
            at = sign + 2
            if char == "{":
                end = skip(text, sign, "}") if text[sign + 2 : sign + 3] != "}" else sign + 2
                value = None if end < 0 else self.replace(text[sign + 2 : end])
                if value is None:
                    return
                yield value
                at = end + 1
            elif char == "(":
                self.spend(SIGN * (text.count("(", at) + text.count(")", at)))
                end = _closing(text, at)
                if end < 0:
                    return
                if self.jobs:
                    yield self.shell_line(text[at:end])
                at = end + 1
            elif char in "#[":
                at = _after_signs(text, sign)
                if text[at - 1] == "[":
                    yield text[sign:at]
                else:
                    pairs = (at - sign) // 2
                    yield "#" * pairs
                    at = sign + 2 * pairs
            elif char in "},":
                yield char
            elif char in _UPPER:
                yield self.replace(_UPPER[char]) or ""
            else:
                yield "#" + char

    def shell_line(self, command: str) -> str:
        """The output of `#(command)`. Neither the command nor its output may run another one."""
        self.spend(JOB)
        inner = self.deeper(time=False, jobs=False)
        asked = shell_asked(self.view.context, command, inner.expand(command))
        return inner.expand(self.view.live.shell_line(asked))

    # One format.

    def replace(self, inside: str) -> str | None:
        """The value of `#{inside}`; None if it is malformed. Then the rest of the text is dropped, as in tmux."""
        self.spend(FORMAT + MODIFIER * inside.count(";") if ":" in inside else FORMAT)
        mods, rest = modifiers(inside, self.nested)
        value = self.value(mods, rest)
        if value is None:
            return None
        named = {modifier.name: modifier for modifier in mods}
        if "E" in named:
            value = self.nested(value)
        elif "T" in named:
            value = self.deeper(time=True).expand(value)
        return self.finished(mods, value)

    def value(self, mods: tuple[Modifier, ...], rest: str) -> str | None:
        for modifier in mods:
            if modifier.name == "l":
                return rest
            special = SPECIAL.get(modifier.name)
            if special is not None:
                return special(self, modifier, rest)
        for modifier in mods:
            if modifier.name in _COMPARISONS or modifier.name == "m":
                return self.compare(modifier, rest)
        if rest.startswith("?"):
            return self.choose(mods, rest[1:])
        for modifier in mods:
            if modifier.name == "e":
                return self.calculate(modifier, rest)
        if "#{" in rest:
            return self.nested(rest)
        return self.variable(mods, rest) or ""

    def variable(self, mods: tuple[Modifier, ...], name: str) -> str | None:
        self.spend(variable_cost(name, self.view))
        value = find(name, self.view)
        if value is None:
            return None
        self.spend(len(value) // COPIED_CHARS)
        for modifier in mods:
            match modifier.name:
                case "t":
                    return self.moment(modifier, value)
                case "b":
                    value = format_text.base_name(value)
                case "d":
                    value = format_text.directory_name(value)
                case "q" if modifier.argument(0) in ("e", "h"):
                    value = format_text.style_quoted(value)
                case "q" if not modifier.argument(0):
                    self.spend(len(value))
                    value = format_text.shell_quoted(value)
                case _:
                    pass
        return value

    def moment(self, modifier: Modifier, value: str) -> str:
        if not (value.isascii() and value.isdigit()) or len(value) > 11 or int(value) == 0:
            return ""
        live = self.view.live
        self.spend(MOMENT)
        if "p" in modifier.argument(0):
            return pretty(live, int(value))
        if "f" in modifier.argument(0) and len(modifier.arguments) > 1:
            wanted = modifier.arguments[1]
            self.spend(3 * len(wanted) + CONVERSION * wanted.count("%"))
            return strftime(unescaped(wanted), live, int(value))
        return strftime("%c", live, int(value))

    def compare(self, modifier: Modifier, rest: str) -> str | None:
        pair = choices(rest)
        if pair is None:
            return None
        left, right = self.nested(pair[0]), self.nested(pair[1])
        if modifier.name == "m":
            return flag(format_text.matches(left, right, modifier.argument(0), self.spend))
        return flag(_COMPARISONS[modifier.name](left, right))

    def choose(self, mods: tuple[Modifier, ...], rest: str) -> str | None:
        parts = choices(rest)
        alternatives = None if parts is None else choices(parts[1])
        if parts is None or alternatives is None:
            return None
        condition = self.variable(mods, parts[0])
        if condition is None:
            condition = self.nested(parts[0])
            if condition == parts[0]:
                condition = ""
        return self.nested(alternatives[0 if is_true(condition) else 1])

    def calculate(self, modifier: Modifier, rest: str) -> str:
        pair = choices(rest)
        if pair is None:
            return ""
        left = format_text.number(self.nested(pair[0]))
        right = format_text.number(self.nested(pair[1]))
        if left is None or right is None:
            return ""
        places: int | None = None
        if "f" in modifier.argument(1):
            asked = whole(modifier.argument(2))
            places = 2 if asked is None else min(max(asked, 0), PLACES_MAX)
        return format_text.arithmetic(modifier.argument(0), left, right, places=places)

    def finished(self, mods: tuple[Modifier, ...], value: str) -> str:
        """Apply the modifiers to the value: substitute, then cut, pad and count."""
        named: dict[str, Modifier] = {}
        for modifier in mods:
            named[modifier.name] = modifier
            if modifier.name == "s" and len(modifier.arguments) >= 2:
                left, right = (self.nested(argument) for argument in modifier.arguments[:2])
                self.spend(MOMENT + len(value) // COPIED_CHARS)
                flags = modifier.argument(2)
                value = format_text.substituted(value, left, right, flags, self.spend)
        if "=" in named:
            self.measure(value)
            limit = whole(named["="].argument(0)) or 0
            value = format_text.limited(value, limit, named["="].argument(1))
        if "p" in named:
            self.measure(value)
            size = whole(named["p"].argument(0)) or 0
            size = min(max(size, -WIDTH_COLUMNS_MAX), WIDTH_COLUMNS_MAX)
            value = format_text.padded(value, size) if size else value
        if "n" in named:
            self.spend(len(value) // COPIED_CHARS)
            value = str(len(value.encode("utf-8", "surrogateescape")))
        if "w" in named:
            self.measure(value)
            value = str(format_text.columns(value))
        return value

    def measure(self, text: str) -> None:
        """Charge for counting the columns of `text`."""
        self.spend(len(text) // COPIED_CHARS)
        if not format_text.is_plain(text):
            self.spend(WALKED * len(text))


def _closing(text: str, at: int) -> int:
    """The position of the bracket that closes the one before `at`; -1 if there is none."""
    level = 1
    for found in _BRACKETS.finditer(text, at):
        level += 1 if found[0] == "(" else -1
        if level == 0:
            return found.start()
    return -1


def _after_signs(text: str, sign: int) -> int:
    """The position behind `##…[` if a bracket follows the run of `#` at `sign`, else the position behind the run."""
    signs = _SIGNS.match(text, sign)
    at = signs.end() if signs else sign
    return at + 1 if text[at : at + 1] == "[" else at
