"""docs/fugue.1, the page that `man fugue` shows: `python -m fuguemux.cli.manpage > docs/fugue.1`.

Made from the table of commands and the manual, so that it cannot differ from them; in the language of man(7).
"""

import sys
from collections.abc import Iterable, Iterator

from fuguemux import __version__
from fuguemux.cli import manual
from fuguemux.client import arguments
from fuguemux.commands.table import COMMANDS

FLAGS: tuple[tuple[str, str, str], ...] = (
    ("-2", "", "The terminal shows 256 colours."),
    ("-C", "", "Control mode: refused, since there is none yet."),
    ("-D", "", "Be the server, in the foreground. Takes no command."),
    ("-L", "socket-name", "The server with this name, in place of `default`."),
    ("-N", "", "Do not start a server, whatever the command."),
    ("-S", "socket-path", "The server that listens at this path; -L is then ignored."),
    ("-T", "features", "Features of the terminal, as in tmux(1)."),
    ("-V", "", "Print the version; called as tmux, the version of tmux whose behaviour this has."),
    ("-c", "shell-command", "Run a shell command by the shell in $SHELL, without a server."),
    ("-f", "file", "Commands that a server without sessions runs at its start; may be repeated."),
    ("-h", "", "Show the first steps; so does --help."),
    ("-l", "", "Taken for tmux's sake, as are -U, -d, -q and -v."),
    ("-u", "", "The terminal shows UTF-8."),
    ("--config", "file", "The configuration file, in place of the usual one."),
    ("--no-restore", "", "A server that is started now leaves what there was alone, and begins empty."),
    ("--version", "", "Print the version."),
)  # fmt: skip
"""Letter or word, value and meaning of the flags before the command."""

FILES: tuple[tuple[str, str], ...] = (
    ("$XDG_STATE_HOME/fugue/NAME/", "State: log, checkpoints, scrollback. Without the variable below ~/.local/state."),
    ("$XDG_CONFIG_HOME/fugue/config.toml", "Configuration. Without the variable below ~/.config."),
    ("$XDG_RUNTIME_DIR/fugue/NAME", "The server's socket. Without the variable in /tmp/fugue-UID."),
)  # fmt: skip

VARIABLES: tuple[tuple[str, str], ...] = (
    ("FUGUE, FUGUE_PANE", "Set in panes: the server that holds the pane, and which pane it is."),
    ("FUGUE_CONFIG", "The configuration file."),
    ("FUGUE_SECTION_OPTION", "Overrides an option of the configuration, FUGUE_PERSISTENCE_SYNC for example."),
    ("SHELL", "What new panes run; /bin/sh without it."),
    ("HOME", "Where files above are, without their variables."),
)  # fmt: skip

STATUS: tuple[tuple[str, str], ...] = (
    ("0", "It is done."),
    ("1", "It was refused or failed; a line on standard error says why. Of run-shell: what the shell command left."),
    ("2", "fugue's own commands without a server: they were used wrongly, or what they look at cannot be read."),
)  # fmt: skip


def document() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield '.\\" Made by `python -m fuguemux.cli.manpage`; a test keeps it equal to the table of commands.'
    yield f'.TH FUGUE 1 "" "fugue {__version__}" "User commands"'
    yield from _section("NAME", "fugue \\- a terminal multiplexer whose sessions survive")
    yield ".SH SYNOPSIS"
    yield ".nh"
    yield from _synopsis()
    yield ".hy"
    yield from _section(
        "DESCRIPTION",
        _text(
            "fugue keeps sessions of windows and panes, as tmux(1) does, with tmux's commands, keys, formats and exit codes. "
            "Every change is written to a log before it is applied, so that everything comes back after a crash, kill -9, an "
            "upgrade or a reboot. Without a command it makes a session; after a crash it goes back to the one used last."
        ),
    )
    yield ".SS First steps"
    yield from _entries(manual.FIRST_STEPS)
    yield ".SS Keys"
    yield from _entries(manual.FIRST_KEYS)
    yield ".SH OPTIONS"
    for flag, value, meaning in FLAGS:
        yield ".TP"
        yield f".B {_text(flag)}" + (f" \\fI{_text(value)}\\fR" if value else "")
        yield _text(meaning)
    yield from _section("COMMANDS", "Names may be shortened to any beginning that only they have.")
    for command in COMMANDS:
        yield from _command(command.name, command.alias, command.usage, command.help)
    yield from _section("COMMANDS WITHOUT A SERVER", "These look at files, or change them.")
    for name, usage, text in manual.OWN:
        yield from _command(name, "", usage, text)
    for title, rows in (("FILES", FILES), ("ENVIRONMENT", VARIABLES), ("EXIT STATUS", STATUS)):
        yield f".SH {title}"
        yield from _entries(rows)
    yield from _section("SEE ALSO", ".BR tmux (1)")


def _section(title: str, *lines: str) -> Iterator[str]:
    yield f".SH {title}"
    yield from lines


def _synopsis() -> Iterator[str]:
    """The usage line; what is in brackets is not broken."""
    words = arguments.usage("fugue").removeprefix("usage: fugue ").split()
    yield ".B fugue"
    parts, depth, part = [], 0, ""
    for word in words:
        part = f"{part} {word}".strip()
        depth += word.count("[") - word.count("]")
        if depth == 0:
            parts.append(part)
            part = ""
    yield from (_text(part).replace(" ", "\\ ") for part in parts)


def _entries(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, text in rows:
        yield ".TP"
        yield f".B {_quoted(term)}"
        yield _text(text)


def _command(name: str, alias: str, usage: str, text: str) -> Iterator[str]:
    yield ".TP"
    called = f"\\fB{_text(name)}\\fR" + (f" (\\fB{_text(alias)}\\fR)" if alias else "")
    yield f"{called} {_text(usage)}".rstrip()
    yield _text(text)


def _quoted(text: str) -> str:
    """An argument of a request: a quote inside it is doubled."""
    return '"' + _text(text).replace('"', '""') + '"'


def _text(text: str) -> str:
    """`text` as roff takes it: no escapes, no requests, and characters that can be copied into a shell."""
    for character, written in (
        ("\\", "\\e"),
        ("-", "\\-"),
        ("`", "\\(ga"),
        ("'", "\\(aq"),
        ("^", "\\(ha"),
        ("~", "\\(ti"),
    ):
        text = text.replace(character, written)
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    sys.stdout.write(document())
