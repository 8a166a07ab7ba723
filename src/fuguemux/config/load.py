"""Builds one checked configuration from TOML, environment and defaults. All problems are found at once, each with its
line.

Blocking: reads one small file. Nothing here changes a running server: see changes.py and the server's reload.
"""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from fuguemux.config.lines import KeyLines
from fuguemux.config.options import BY_KEY, OPTIONS, SECTIONS, ConfigOption, as_toml, with_values
from fuguemux.config.schema import Configuration

FILE_BYTES_MAX: Final = 1 << 20
GIVEN_CHARACTERS_MAX: Final = 80
"""A longer value is shortened in a message."""


class Problem(msgspec.Struct, frozen=True):
    """One mistake, described so completely that it can be fixed without looking anything up."""

    source: str
    """Path of the file, or `environment`."""
    message: str
    """What is wrong, with the given value and what is allowed."""
    key: str = ""
    """`section.option`, or the environment variable. Empty if it is the file as a whole."""
    line: int | None = None
    given: str = ""
    allowed: str = ""

    def __str__(self) -> str:
        """One line: `config.toml:3: persistence.sync: "no" is not allowed; one of …`."""
        place = self.source + (f":{self.line}" if self.line is not None else "")
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(Exception):
    """The configuration cannot be used. `problems` has every reason; str() gives one line each."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Store all `problems`, in the order of their lines."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Loaded(msgspec.Struct, frozen=True):
    """A checked configuration, and the origin of each value that is not a default."""

    configuration: Configuration
    path: str
    exists: bool
    """Whether the file exists. Without it the defaults and the environment count."""
    origins: dict[str, str]
    """Option key to `line 3` or the name of an environment variable."""


def load(path: str, environment: Mapping[str, str], *, required: bool) -> Loaded:
    """Read the file at `path`. FUGUE_<SECTION>_<OPTION> variables override it.

    A missing file is an error only if `required`. Raises ConfigError with every problem.
    """
    text, problem = _read(path)
    if text is None and problem is None and required:
        problem = Problem(path, "no such file")
    if problem is not None:
        raise ConfigError((problem, *_from_environment(environment)[1]))
    return parse(text or "", path, environment, exists=text is not None)


def in_force(
    path: str, environment: Mapping[str, str], *, required: bool
) -> tuple[Loaded, tuple[Problem, ...]]:
    """Return the configuration to use, and the problems. If the file has a mistake, the defaults are used, because a bad
    file must not keep a user from their sessions.

    Even then, valid values from the environment count, because they may keep the state off the disk.
    """
    try:
        return load(path, environment, required=required), ()
    except ConfigError as error:
        problems = error.problems
    try:
        return parse("", path, environment, exists=False), problems
    except ConfigError:
        return parse("", path, {}, exists=False), problems


def parse(text: str, path: str, environment: Mapping[str, str], *, exists: bool = True) -> Loaded:
    """Do the same as `load` for the `text` of a file. `path` only names it in messages."""
    values, origins, problems = _from_text(text, path)
    overrides, more = _from_environment(environment)
    if problems or more:
        raise ConfigError((*problems, *more))
    origins |= {key: BY_KEY[key].variable for key in overrides}
    return Loaded(with_values({**values, **overrides}), path, exists, origins)


def _read(path: str) -> tuple[str | None, Problem | None]:
    """Return the file's text. None without a file, or with the problem that prevents reading it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None, Problem(path, "is not a regular file")
            data = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return None, None
    except (OSError, ValueError) as error:
        return None, Problem(path, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(data) > FILE_BYTES_MAX:
        return None, Problem(path, f"is larger than {FILE_BYTES_MAX >> 20} MiB")
    try:
        return data.decode(), None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, Problem(path, "is not UTF-8", line=line)


_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|(end of document))\)$")


def _from_text(text: str, path: str) -> tuple[dict[str, Any], dict[str, str], list[Problem]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _POSITION.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1 if found else None
        what = _POSITION.sub("", str(error))
        return {}, {}, [Problem(path, f"not TOML: {what[:1].lower()}{what[1:]}", line=line)]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems: list[Problem] = []
    lines = KeyLines(text)
    for section, table in document.items():
        line = lines.find(section)
        if section not in SECTIONS:
            problems.append(_unknown(path, section, line, list(SECTIONS), "section"))
            continue
        if not isinstance(table, dict):
            problems.append(Problem(path, f"is a section: write [{section}]", section, line))
            continue
        for name, given in table.items():
            key, line = f"{section}.{name}", lines.find(section, name)
            option = BY_KEY.get(key)
            if option is None:
                problems.append(_unknown_option(path, section, name, line))
                continue
            value, allowed = check(option, given)
            if allowed:
                problems.append(_not_allowed(path, key, line, _shown(given), allowed))
            else:
                values[key] = value
                origins[key] = f"line {line}"
    problems.sort(key=lambda problem: problem.line or 0)
    return values, origins, problems


def check(option: ConfigOption, given: Any) -> tuple[Any, str]:
    """Return (the value for the configuration, "") or (None, what is allowed)."""
    try:
        value = msgspec.convert(given, option.type)
    except msgspec.ValidationError:
        return None, option.allowed()
    texts = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()
    if any(not text.isprintable() for text in texts):
        return None, option.allowed() + ", without control characters"
    if isinstance(value, tuple) and "" in value:
        return None, option.allowed() + ", none of them empty"
    return value, ""


def _from_environment(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    variables = {option.variable: option for option in OPTIONS}
    prefixes = tuple(f"FUGUE_{section.upper()}_" for section in SECTIONS)
    for variable, text in sorted(environment.items()):
        if not variable.startswith(prefixes):
            continue
        option = variables.get(variable)
        if option is None:
            problems.append(_unknown("environment", variable, None, list(variables), "option"))
            continue
        value, allowed = check(option, _typed(option, text))
        if allowed:
            problems.append(_not_allowed("environment", variable, None, _shown(text), allowed))
        else:
            values[option.key] = value
    return values, problems


_FLAGS: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


def _typed(option: ConfigOption, text: str) -> Any:
    """Return the text of a variable as TOML would give it, or the text itself if it has no such form."""
    match option.kind:
        case "flag":
            return _FLAGS.get(text.lower(), text)
        case "number":
            return int(text) if re.fullmatch(r"-?\d{1,18}", text, re.ASCII) else text
        case "list":
            return [part.strip() for part in text.split(",")] if text.strip() else []
        case _:
            return text


def _shown(given: Any) -> str:
    if isinstance(given, str | bool | int | list):
        shown = as_toml(given)
    elif isinstance(given, dict):
        shown = "a table"
    else:
        shown = str(given)
    return shown if len(shown) <= GIVEN_CHARACTERS_MAX else shown[: GIVEN_CHARACTERS_MAX - 1] + "…"


def _not_allowed(source: str, key: str, line: int | None, given: str, allowed: str) -> Problem:
    return Problem(source, f"{given} is not allowed; give {allowed}", key, line, given, allowed)


def _unknown(source: str, key: str, line: int | None, known: list[str], what: str) -> Problem:
    import difflib  # slow to load, and needed only for a mistake

    near = difflib.get_close_matches(key, known, n=1)
    return _no_such(source, key, line, near[0] if near else "", what)


def _unknown_option(source: str, section: str, name: str, line: int | None) -> Problem:
    import difflib

    here = {option.name: option.key for option in OPTIONS if option.section == section}
    everywhere = {option.name: option.key for option in OPTIONS}
    near = difflib.get_close_matches(name, here, n=1) or difflib.get_close_matches(
        name, everywhere, n=1
    )
    return _no_such(
        source, f"{section}.{name}", line, everywhere[near[0]] if near else "", "option"
    )


def _no_such(source: str, key: str, line: int | None, near: str, what: str) -> Problem:
    hint = f"did you mean {near}?" if near else f"`fugue config show` lists every {what}"
    return Problem(source, f"no such {what}; {hint}", key, line)
