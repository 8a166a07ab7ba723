"""`fugue help [COMMAND]`: all commands in a line each, or one of them in full. Generated from the table of commands."""

import sys
import textwrap
from collections.abc import Sequence

from fuguemux.cli.exit_codes import EXIT_FAILURE, EXIT_OK
from fuguemux.client import arguments
from fuguemux.commands import table
from fuguemux.commands.command import Command
from fuguemux.model.decision import Refused

OWN: tuple[tuple[str, str, str], ...] = (
    ("help", "[command]", "Show this list, or the usage of one command; with -h the first steps."),
    ("version", "", "Print the version."),
    (
        "doctor",
        "[--json]",
        "Check this machine and the setup of fugue; every finding comes with its fix.",
    ),
    ("config", "check | show | schema | reload", "Show, check and reload the configuration."),
    (
        "state",
        "list | save | delete | restore | export | verify | dump | salvage",
        "Inspect what is on disk, go back to earlier checkpoints, export, verify and salvage.",
    ),
    (
        "service",
        "print | install | uninstall",
        "Start fugue at boot or login, and keep it running after logout.",
    ),
    (
        "import",
        "[--json] FILE",
        "Report line by line what a tmux configuration does in fugue, without changing anything.",
    ),
    (
        "shim",
        "install | uninstall DIRECTORY",
        "Make fugue available under the name tmux in a directory, or take that back.",
    ),
    ("completions", "bash | zsh | fish", "Print the completion script of a shell."),
)
"""Name, usage and help of the commands that need no server."""

FIRST_STEPS: tuple[tuple[str, str], ...] = (
    ("fugue", "start a session; after a crash, go back to the one used last"),
    ("fugue new -s NAME", "start a session with a name"),
    ("fugue ls", "list the sessions"),
    ("fugue attach [-t NAME]", "attach to a session"),
    ("fugue recovery", "show what the last start brought back, and what it could not"),
    ("fugue kill-session -t NAME", "close a session and end its programs"),
    ("fugue restore-session NAME", "bring back a closed session"),
    ("fugue kill-server", "end everything; the next start begins without sessions"),
    ("fugue doctor", "check this machine for what could cost you sessions, with fixes"),
    ("fugue config show", "show all configuration options, and where their values come from"),
    ("fugue service install", "start fugue at login, and keep it running after logout"),
    ("fugue help [COMMAND]", "list all commands, or show the usage of one"),
)
FIRST_KEYS: tuple[tuple[str, str], ...] = (
    ("C-b d", "detach; the programs keep running"),
    ("C-b c, C-b n, C-b p", "create a window; go to the next or the previous one"),
    ('C-b %, C-b "', "split the pane: left and right, or top and bottom"),
    ("C-b and an arrow key", "go to another pane"),
    ("C-b [", "scroll, search and copy (q leaves)"),
    ("C-b R", "list the panes of the last recovery"),
    ("C-b ?", "list all keys"),
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
    """How to use one command."""
    called = f"{name} ({alias})" if alias else name
    return f"usage: fugue {called} {usage}".rstrip() + f"\n\n{text}"


def first_steps() -> str:
    """What a new user of fugue needs."""
    lines = [
        arguments.usage("fugue"),
        "",
        "fugue is a terminal multiplexer whose sessions survive crashes and reboots.",
        "It uses tmux's commands and keys.",
        "",
        *(_line(*step) for step in FIRST_STEPS),
        "",
        "In a session (C-b is the prefix key, Ctrl and b):",
        "",
        *(_line(*key) for key in FIRST_KEYS),
    ]
    return "\n".join(lines)


def overview() -> str:
    """All commands, one line each."""
    lines = [
        arguments.usage("fugue"),
        "",
        "Without a command: start a session, or after a crash go back to the one used last. Commands and their short names:",
        "",
    ]
    lines += [_line(_called(command), command.help) for command in table.COMMANDS]
    lines += ["", "Commands that need no server:", ""]
    lines += [_line(name, text) for name, _, text in OWN]
    lines += [
        "",
        "fugue help COMMAND shows the flags of a command. A name may be shortened to any unique beginning.",
    ]
    return "\n".join(lines)


def _called(command: Command) -> str:
    return f"{command.name}, {command.alias}" if command.alias else command.name


def _line(name: str, text: str) -> str:
    """A name and its meaning, in as many lines as needed."""
    indent = " " * (2 + NAME_COLUMNS)
    room = LINE_COLUMNS_MAX - len(indent)
    parts = textwrap.wrap(text, room, break_on_hyphens=False)
    return f"  {name:<{NAME_COLUMNS}}" + f"\n{indent}".join(parts)
