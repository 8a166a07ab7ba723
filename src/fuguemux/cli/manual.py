"""`fugue help [COMMAND]`: all commands in a line each, or one of them in full. Made from the table of commands."""

import sys
import textwrap
from collections.abc import Sequence

from fuguemux.client import arguments
from fuguemux.commands import table
from fuguemux.commands.command import Command
from fuguemux.model.decision import Refused

EXIT_OK = 0
EXIT_FAILURE = 1

OWN: tuple[tuple[str, str, str], ...] = (
    ("help", "[command]", "Show this list, or how one command is used; with -h the first steps."),
    ("version", "", "Print the version."),
    (
        "doctor",
        "[--json]",
        "Check this machine and the set-up of fugue; every finding comes with its fix.",
    ),
    ("config", "check | show | schema | reload", "Look at, check and reload the configuration."),
    (
        "state",
        "list | save | delete | restore | export | verify | dump | salvage",
        "Look at what is on disk, go back to earlier moments, export, check and rescue.",
    ),
    ("service", "print | install | uninstall", "Start at boot or log-in, and stay at log-out."),
    ("completions", "bash | zsh | fish", "Print the completion script of a shell."),
)
"""Name, usage and help of the commands that need no server."""

FIRST_STEPS: tuple[tuple[str, str], ...] = (
    ("fugue", "a new session; after a crash or a reboot, back to the one used last"),
    ("fugue new -s NAME", "a new session with a name"),
    ("fugue ls", "which sessions there are"),
    ("fugue attach [-t NAME]", "back to a session"),
    ("fugue recovery", "what the last start brought back, and what it could not"),
    ("fugue kill-session -t NAME", "end a session"),
    ("fugue restore-session NAME", "bring a session back that was ended"),
    ("fugue kill-server", "end everything; the next start begins anew"),
    ("fugue doctor", "what on this machine could cost you sessions, each with its fix"),
    ("fugue config show", "all options, and where their values come from"),
    ("fugue service install", "start at log-in, and stay at log-out"),
    ("fugue help [COMMAND]", "all commands, or how one is used"),
)
FIRST_KEYS: tuple[tuple[str, str], ...] = (
    ("C-b d", "leave; programs run on"),
    ("C-b c, C-b n, C-b p", "a new window; the next, the previous one"),
    ('C-b %, C-b "', "split the pane: beside it, below it"),
    ("C-b and an arrow key", "to another pane"),
    ("C-b [", "scroll, search and copy (q leaves)"),
    ("C-b R", "the panes of the last recovery"),
    ("C-b ?", "all keys"),
)

NAME_COLUMNS = 31
LINE_COLUMNS_MAX = 120


def main(argv: Sequence[str]) -> int:
    """Print the list, or the page of the command in `argv`."""
    if not argv:
        print(overview())
        return EXIT_OK
    if argv[0] in ("-h", "--help"):
        if argv[1:]:
            return main(argv[1:])
        print(first_steps())
        return EXIT_OK
    for name, usage, text in OWN:
        if name == argv[0]:
            print(page(name, "", usage, text))
            return EXIT_OK
    try:
        command = table.find(argv[0])
    except Refused as error:
        print(error.told(), file=sys.stderr)
        return EXIT_FAILURE
    print(page(command.name, command.alias, command.usage, command.help))
    return EXIT_OK


def page(name: str, alias: str, usage: str, text: str) -> str:
    """How one command is used."""
    called = f"{name} ({alias})" if alias else name
    return f"usage: fugue {called} {usage}".rstrip() + f"\n\n{text}"


def first_steps() -> str:
    """What somebody needs who has just installed fugue."""
    lines = [
        arguments.usage("fugue"),
        "",
        "fugue is a terminal multiplexer whose sessions survive. It takes tmux's commands and keys.",
        "",
        *(_line(*step) for step in FIRST_STEPS),
        "",
        "In a session (C-b is the prefix key, Ctrl and b):",
        "",
        *(_line(*key) for key in FIRST_KEYS),
    ]
    return "\n".join(lines)


def overview() -> str:
    """All commands, a line each."""
    lines = [
        arguments.usage("fugue"),
        "",
        "Without a command: a new session, or after a crash the one used last. Commands and their short names:",
        "",
    ]
    lines += [_line(_called(command), command.help) for command in table.COMMANDS]
    lines += ["", "Without a server:", ""]
    lines += [_line(name, text) for name, _, text in OWN]
    lines += [
        "",
        "fugue help COMMAND shows the flags of one. A unique beginning of a name is enough.",
    ]
    return "\n".join(lines)


def _called(command: Command) -> str:
    return f"{command.name}, {command.alias}" if command.alias else command.name


def _line(name: str, text: str) -> str:
    """A name and what it means, in as many lines as that needs."""
    indent = " " * (2 + NAME_COLUMNS)
    room = LINE_COLUMNS_MAX - len(indent)
    parts = textwrap.wrap(text, room, break_on_hyphens=False)
    return f"  {name:<{NAME_COLUMNS}}" + f"\n{indent}".join(parts)
