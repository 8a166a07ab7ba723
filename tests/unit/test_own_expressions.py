"""Every regular expression in fugue's code takes time in proportion to its text, whatever the text is.

Each is run over hostile texts of one length and of four times that length, in the way in which the code runs it (at
one place, or at every place of a text). Four times the text may take a little more than four times as long. The test
measures processor time, takes the best of several runs, and compares only times that are long enough to measure.
"""

import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

import fuguemux

SHORT = 1_000
FACTOR_MAX = 9.0
"""Four is linear, sixteen is quadratic."""
MEASURABLE_SECONDS = 0.01
TRUSTED = {
    "fuguemux.config.lines._PART": "keys of a text that is valid TOML: what is opened is closed",
    "fuguemux.config.lines._TOKEN": "the same, whole",
}
PREFIXES = ("", '"', "\x1b]", "a=")
PARTS = (
    *("a", "a ", " ", "1", "1x1,", "\x1b", "\x1b[", "\x1b[1;", "\x1b]", "\x1b]8;", "\x1bP", '"'),
    *("\\", '\\"', "'", "#[", "#{", "&", "&a", "<", "<a", '<a href="', "[", "a.", '."a"', '"""'),
    *("://", "https://", "a:", "a@", "a=", "-", "--a", "Bearer ", "eyJaaaaaaaa.", "sk-", "{", "}"),
    *(
        "(",
        ")",
        "$",
        "~",
        "/a",
        "tee ",
        " -a",
        ">",
        "?a=",
        "\n",
        " \n",
        "0",
        "é",
        "{1,",
        "(?",
        "[:a",
    ),
    *("x1", "1,", "1x", ",1", "\t", ";", ".-", "a-", "\x1b[?1", "\x1b[M", "\x1b[<1;", '"a":', ", "),
)


def expressions() -> Iterator[tuple[str, re.Pattern[Any], bool]]:
    """Name, expression, and whether it is run at one place only (`match`, `fullmatch`)."""
    seen: set[int] = set()
    for module_info in pkgutil.walk_packages(fuguemux.__path__, "fuguemux."):
        if "__main__" in module_info.name:
            continue
        module = importlib.import_module(module_info.name)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and id(value) not in seen:
                calls = set(re.findall(rf"\b{name}\.(\w+)", inspect.getsource(module)))
                if not calls:
                    continue  # imported from where it is made, which comes by itself
                seen.add(id(value))
                if f"{module_info.name}.{name}" in TRUSTED:
                    continue
                once = calls <= {"match", "fullmatch"}
                yield f"{module_info.name}.{name}", value, once


def _everywhere(pattern: re.Pattern[Any], text: Any) -> None:
    for _ in pattern.finditer(text):
        pass


def _once(pattern: re.Pattern[Any], text: Any) -> None:
    pattern.match(text)
    pattern.fullmatch(text)


def seconds(work: Callable[[], None]) -> float:
    best = 1e9
    for _ in range(5):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
        if best > 1:
            break
    return best


@pytest.mark.parametrize(
    ("name", "pattern", "once"), [pytest.param(*each, id=each[0]) for each in expressions()]
)
def test_four_times_the_text_takes_about_four_times_as_long(
    name: str, pattern: re.Pattern[Any], once: bool
) -> None:
    run = _once if once else _everywhere
    for prefix in PREFIXES:
        for part in PARTS:
            text = prefix + part * (4 * SHORT // len(part))
            long: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
            taken = seconds(partial(run, pattern, long))
            if taken < MEASURABLE_SECONDS:
                continue
            short = seconds(partial(run, pattern, long[:SHORT]))
            assert taken / max(short, 1e-6) < FACTOR_MAX, (name, prefix, part, short, taken)


def test_a_quadratic_expression_is_noticed() -> None:
    with pytest.raises(AssertionError):
        test_four_times_the_text_takes_about_four_times_as_long(
            "quadratic", re.compile("[0-9a]+x"), False
        )
