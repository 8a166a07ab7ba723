"""`fugue import FILE`: what each command of a tmux configuration does in fugue. Changes nothing and needs no server.

The file is read with the parser of the server. Both branches of each %if are looked at.
"""

import argparse
import contextlib
import glob
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from fuguemux.cli.exit_codes import EXIT_FAILURE, EXIT_OK
from fuguemux.commands.table import TABLE, AllCommands
from fuguemux.language import command_lines, language, quoting
from fuguemux.language.invocation import GivenFlags, parse
from fuguemux.language.language import TextContext
from fuguemux.model.decision import Refused
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.options.without_effect import WITHOUT_EFFECT

EFFECT, DIFFERS, UNKNOWN = "effect", "differs", "unknown"
DEPTH_MAX: Final = 10
"""How deep files that source files are followed, and commands inside of commands."""
MISTAKES_MAX: Final = 100
"""After so many lines that cannot be read, the rest of a file is left alone."""

_DESCRIPTION: Final = (
    "Report line by line what a tmux configuration does in fugue. Nothing is changed."
)
_UNREAD: Final = "because of a line that cannot be read, nothing of this file has effect"
_NO_COMMAND: Final = ("unknown command", "ambiguous command")
_PLACED: Final = re.compile(r".*?:(\d+): (.*)", re.DOTALL)
_TMUX: Final = re.compile(r"(^|[\s;&|(`/])tmux\s")
_OTHER: Final = {
    "history-limit": "takes effect on panes that exist, too",
    "default-terminal": "is xterm-256color if it is not set",
}
_COMMANDS_IN: Final = {
    "if-shell": slice(1, 3),
    "confirm-before": slice(0, 1),
    "command-prompt": slice(0, 1),
}
"""Commands with arguments that are commands, and which arguments."""
_OPTION_COMMANDS: Final = ("set-option", "set-window-option", "set-hook")


class Finding(NamedTuple):
    """What one command of a file does."""

    file: str
    line: int
    command: str
    result: str
    """EFFECT, DIFFERS or UNKNOWN."""
    why: str = ""


def main(argv: Sequence[str]) -> int:
    """Run `fugue import` with the words after `import`. Prints. Returns 1 if something in the file is unknown.

    Raises SystemExit(2) for bad usage.
    """
    parser = argparse.ArgumentParser("fugue import", description=_DESCRIPTION)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("file", metavar="FILE")
    arguments = parser.parse_args(list(argv))
    path = os.path.abspath(os.path.expanduser(arguments.file))
    importer = Importer()
    try:
        findings = sorted(
            dict.fromkeys(importer.file(path, 0)), key=lambda one: (one.file, one.line)
        )
    except OSError as error:
        print(f"fugue import: {path}: {error.strerror or error}", file=sys.stderr)
        return EXIT_FAILURE
    unread = sorted(importer.unread)
    print(_as_json(findings, unread) if arguments.json else _as_text(findings, unread))
    return EXIT_FAILURE if any(one.result == UNKNOWN for one in findings) else EXIT_OK


def _as_json(findings: Sequence[Finding], unread: Sequence[str]) -> str:
    commands = [one._asdict() for one in findings]
    return json.dumps(
        {"commands": commands, "without_effect": unread, **_counts(findings)}, indent=1
    )


def _as_text(findings: Sequence[Finding], unread: Sequence[str]) -> str:
    lines = []
    for one in findings:
        why = f"  ({one.why})" if one.why else ""
        lines.append(f"{one.file}:{one.line}: {one.result:<7}  {one.command}{why}")
    counts = _counts(findings)
    lines += [f"{path}: {_UNREAD}" for path in unread]
    lines.append(
        f"commands with effect: {counts[EFFECT]}, different: {counts[DIFFERS]}, unknown: {counts[UNKNOWN]}"
    )
    return "\n".join(map(_printable, lines))


def _printable(text: str) -> str:
    """`text` without characters that a terminal would act on: a file may hold anything."""
    return "".join(char if char.isprintable() else f"\\{ord(char):03o}" for char in text)


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    found = [one.result for one in findings]
    return {result: found.count(result) for result in (EFFECT, DIFFERS, UNKNOWN)}


class Importer:
    """Looks at the commands of files. It remembers the aliases that they define."""

    def __init__(self) -> None:
        self._aliases: list[str] = list(options.get_array(ServerState(), "command-alias"))
        self.unread: set[str] = set()
        """Files with a line that cannot be read."""

    def file(self, path: str, depth: int) -> Iterator[Finding]:
        """What the commands of a file do, and those of the files that it sources. Raises OSError."""
        text = Path(path).read_text("utf-8", "replace")
        for branch in (True, False):
            yield from self._text(path, text, depth, branch=branch)

    def _text(self, path: str, text: str, depth: int, *, branch: bool) -> Iterator[Finding]:
        """With `branch` every condition is true, else false."""
        lines = text.split("\n")
        variables = {"HOME": os.path.expanduser("~"), **os.environ}
        around = TextContext(variables, lambda _text, _set: branch)
        for _ in range(MISTAKES_MAX):
            try:
                found = language.parse_file("\n".join(lines), path, around)
            except Refused as refusal:
                placed = _PLACED.fullmatch(str(refusal))
                number, why = (int(placed[1]), placed[2]) if placed else (1, str(refusal))
                self.unread.add(path)
                number = min(number, len(lines))
                while number > 1 and not lines[number - 1].strip():
                    number -= 1  # an end that is missed is noticed only behind the last line
                yield Finding(path, number, lines[number - 1].strip(), UNKNOWN, why)
                if not lines[number - 1].strip():
                    return
                lines[number - 1] = ""
                continue
            for parsed in found:
                judged = list(self._command(path, parsed.line, parsed.argv, depth))
                if judged[0].why.startswith(_NO_COMMAND):
                    self.unread.add(path)
                yield from judged
            return

    def _command(
        self, path: str, line: int, argv: tuple[str, ...], depth: int
    ) -> Iterator[Finding]:
        shown = quoting.render(argv)
        inside: list[Finding] = []
        try:
            result, why = EFFECT, ""
            for words in language.replace_alias(argv, self._aliases):
                row = TABLE.find(words[0])
                flags, arguments = parse(row, words[1:])
                better = self._judged(row.name, flags, arguments)
                result, why = better if better[0] != EFFECT else (result, why)
                inside += self._inside(path, line, row.name, arguments, depth)
        except Refused as refusal:
            result, why = UNKNOWN, str(refusal)
        yield Finding(path, line, shown, result, why)
        yield from inside

    def _judged(self, name: str, flags: GivenFlags, arguments: tuple[str, ...]) -> tuple[str, str]:
        """The result for one command and why. Raises Refused."""
        letters = [letter for letter, _ in flags]
        if name in _OPTION_COMMANDS:
            return self._option(letters, arguments)
        shell = name in ("run-shell", "if-shell") and not {"C", "F"} & set(letters)
        if shell and any(_TMUX.search(text) for text in arguments[:1]):
            return DIFFERS, "calls tmux: fugue shim install makes that fugue"
        if name == "source-file" and "F" in letters:
            return DIFFERS, "which file it is, is known only to a server: it is not looked at here"
        return EFFECT, ""

    def _option(self, letters: Sequence[str], arguments: tuple[str, ...]) -> tuple[str, str]:
        name = options.match(arguments[0])
        if name.option is None or "u" in letters:
            return EFFECT, ""
        option = name.option
        value = arguments[1] if len(arguments) > 1 else None
        if "F" not in letters:
            current = option.default if option.array is None else ""
            for part in (
                [value] if value is None or option.array is None else option.take_apart(value)
            ):
                option.value(part, current, _WithAliases(self._aliases))
        if option.name == "command-alias" and value:
            self._aliases.append(value)
        if without := WITHOUT_EFFECT.get(option.name):
            return DIFFERS, f"no effect: {without}"
        why = _OTHER.get(option.name, "")
        return (DIFFERS if why else EFFECT), why

    def _inside(
        self, path: str, line: int, name: str, arguments: tuple[str, ...], depth: int
    ) -> Iterator[Finding]:
        """What the commands in a binding or in braces do, and those of a file that is sourced. Raises Refused."""
        if depth >= DEPTH_MAX:
            return
        if name == "source-file":
            for pattern in arguments:
                where = os.path.join(os.path.dirname(path), os.path.expanduser(pattern))
                for file in sorted(glob.glob(where)):
                    with contextlib.suppress(OSError):
                        yield from self.file(file, depth + 1)
            return
        texts: Sequence[str] = arguments[_COMMANDS_IN.get(name, slice(0))]
        if name == "bind-key" and len(arguments) > 2:
            for words in command_lines.parse(arguments[1:]):
                yield from self._command(path, line, words, depth + 1)
        elif name == "bind-key":
            texts = arguments[1:]
        for text in texts:
            for parsed in language.parse_file(text):
                yield from self._command(path, line + parsed.line - 1, parsed.argv, depth + 1)


class _WithAliases(AllCommands):
    """The table with the aliases of the file."""

    def __init__(self, aliases: Sequence[str]) -> None:
        super().__init__(tuple(aliases))
