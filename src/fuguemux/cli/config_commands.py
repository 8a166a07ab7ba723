"""`fugue config check FILE | show [--origin] [--json] | schema | reload`."""

import os
import sys
from collections.abc import Callable, Sequence

import msgspec

from fuguemux.cli.exit_codes import EXIT_FAILURE, EXIT_OK
from fuguemux.cli.verbs import VerbParser
from fuguemux.config.load import ConfigError, Loaded, Problem, in_force, load
from fuguemux.config.options import OPTIONS, as_toml, value_of
from fuguemux.config.paths import PathRefused, config_file
from fuguemux.config.schema import Configuration

EXIT_NO_SERVER = 3

UNTIL_MENDED = (
    "until that is fixed, a new server starts with the values shown; a running one keeps its values"
)

Ask = Callable[[Sequence[str]], int]
"""Sends a command to the running server, prints its answer and returns its exit code."""


def main(argv: Sequence[str], ask: Ask | None = None, config: str | None = None) -> int:
    """Run `fugue config` with the words after `config`. Returns the exit code. Prints to stdout, mistakes to stderr.

    `ask` reaches the server (only `reload` needs it); `config` is the value of `--config`. Raises SystemExit(2) for bad
    usage, as argparse does.
    """
    arguments = _parser().parse(argv)
    match arguments.verb:
        case "check":
            return _check(arguments.file, config)
        case "show":
            return _show(arguments.origin, arguments.json, config)
        case "schema":
            print(_schema())
            return EXIT_OK
        case _:
            return _reload(ask)


def _parser() -> VerbParser:
    parser = VerbParser(
        "fugue config", "Show, check and reload the configuration.", "check|show|schema|reload"
    )
    check = parser.add("check", "show every mistake in a file")
    check.add_argument(
        "file", metavar="FILE", nargs="?", help="default: the file that a server would read"
    )
    show = parser.add("show", "print every option with its value, as TOML")
    show.add_argument("--origin", action="store_true", help="show where each value comes from")
    show.add_argument("--json", action="store_true", help="as JSON")
    parser.add("schema", "print the JSON Schema of the file")
    parser.add("reload", "make the running server read its file again")
    return parser


def _load(file: str | None) -> Loaded:
    path, required = config_file(os.environ, os.geteuid(), file)
    return load(path, os.environ, required=required)


def _check(file: str | None, config: str | None) -> int:
    try:
        loaded = _load(file or config)
    except (ConfigError, PathRefused) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILURE
    count = len(loaded.origins)
    print(
        f"{loaded.path}: good ({count} {'option' if count == 1 else 'options'} set)"
        if loaded.exists
        else f"{loaded.path}: no such file; the defaults apply"
    )
    return EXIT_OK


def _show(origin: bool, as_json: bool, config: str | None) -> int:
    """Print the values in use, and then the mistakes."""
    try:
        path, required = config_file(os.environ, os.geteuid(), config)
    except PathRefused as error:
        print(error, file=sys.stderr)
        return EXIT_FAILURE
    loaded, problems = in_force(path, os.environ, required=required)
    print(_as_json(loaded, problems) if as_json else _as_text(loaded, origin), flush=True)
    if not problems:
        return EXIT_OK
    for problem in problems:
        print(problem, file=sys.stderr)
    print(UNTIL_MENDED, file=sys.stderr)
    return EXIT_FAILURE


def _origin(loaded: Loaded, key: str) -> str:
    where = loaded.origins.get(key, "default")
    return f"{loaded.path} {where}" if where.startswith("line ") else where


def _as_text(loaded: Loaded, origin: bool) -> str:
    lines: list[str] = []
    section = ""
    for option in OPTIONS:
        if option.section != section:
            section = option.section
            lines += ([""] if lines else []) + [f"[{section}]"]
        text = f"{option.name} = {as_toml(value_of(loaded.configuration, option))}"
        lines.append(f"{text}  # {_origin(loaded, option.key)}" if origin else text)
    return "\n".join(lines)


def _as_json(loaded: Loaded, problems: Sequence[Problem]) -> str:
    options = {
        option.key: {
            "value": value_of(loaded.configuration, option),
            "origin": _origin(loaded, option.key),
            "default": option.default,
            "unit": option.unit,
            "live": option.live,
        }
        for option in OPTIONS
    }
    report = {
        "v": 1,
        "path": loaded.path,
        "exists": loaded.exists,
        "options": options,
        "problems": [str(problem) for problem in problems],
    }
    return msgspec.json.format(msgspec.json.encode(report)).decode()


def _schema() -> str:
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Configuration))).decode()


def _reload(ask: Ask | None) -> int:
    if ask is None:
        print("no server running", file=sys.stderr)
        return EXIT_NO_SERVER
    return ask(("reload-configuration",))
