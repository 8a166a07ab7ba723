"""Generates docs/fugue.1, the page that `man fugue` shows: `python -m fuguemux.cli.manpage > docs/fugue.1`.

Made from the table of commands and the manual, so that it cannot differ from them; in the language of man(7).
"""

import sys
from collections.abc import Iterable, Iterator

from fuguemux import __version__
from fuguemux.cli import manual
from fuguemux.client import arguments
from fuguemux.commands.table import COMMANDS

FLAGS: tuple[tuple[str, str, str], ...] = (
    ("-2", "", "The terminal supports 256 colours."),
    ("-C", "", "Control mode, for programs: see tmux(1). -CC is for a terminal that understands it."),
    ("-D", "", "Run as the server, in the foreground. Takes no command."),
    ("-L", "socket-name", "Use the server with this name instead of `default`."),
    ("-N", "", "Do not start a server, even if the command would."),
    ("-S", "socket-path", "Use the server that listens at this path; -L is then ignored."),
    ("-T", "features", "Features of the terminal, as in tmux(1)."),
    ("-V", "", "Print the version; called as tmux, print the version of tmux that fugue behaves like."),
    ("-c", "shell-command", "Run a shell command with the shell in $SHELL, without a server."),
    ("-f", "file", "A file of commands that a server without sessions runs when it starts; may be repeated."),
    ("-h", "", "Show the first steps, as --help does."),
    ("-l", "", "Accepted for compatibility with tmux, as are -U, -d, -q and -v."),
    ("-u", "", "The terminal supports UTF-8."),
    ("--config", "file", "Use this configuration file instead of the usual one."),
    ("--no-restore", "", "A server that is started now begins empty and does not change the existing state."),
    ("--version", "", "Print the version."),
)  # fmt: skip
"""Letter or word, value and meaning of the flags before the command."""

FILES: tuple[tuple[str, str], ...] = (
    ("$XDG_STATE_HOME/fugue/NAME/", "State: log, checkpoints, scrollback. If the variable is not set, in ~/.local/state."),
    (
        "$XDG_CONFIG_HOME/fugue/fugue.conf",
        "Commands that a server runs when it starts, in tmux's language. Called as tmux, the files of tmux instead.",
    ),
    ("$XDG_CONFIG_HOME/fugue/config.toml", "Configuration. If the variable is not set, in ~/.config."),
    ("$XDG_RUNTIME_DIR/fugue/NAME", "The server's socket. If the variable is not set, in /tmp/fugue-UID."),
)  # fmt: skip

VARIABLES: tuple[tuple[str, str], ...] = (
    ("FUGUE, FUGUE_PANE", "Set in panes: the server that holds the pane, and which pane it is."),
    ("TMUX, TMUX_PANE", "The same for programs that know tmux, if the session option tmux-shim is on."),
    ("FUGUE_CONFIG", "The configuration file."),
    ("FUGUE_SECTION_OPTION", "Overrides a configuration option, for example FUGUE_PERSISTENCE_SYNC."),
    ("SHELL", "The shell that new panes run; if it is not set, /bin/sh."),
    ("HOME", "Where the files above are if their variables are not set."),
)  # fmt: skip

STATUS: tuple[tuple[str, str], ...] = (
    ("0", "Success."),
    ("1", "Refused or failed; a line on standard error says why. run-shell exits with the status of the shell command."),
    ("2", "A command without a server was used incorrectly, or the files that it needs cannot be read."),
)  # fmt: skip


def document() -> str:
    """Return the whole page."""
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
            "upgrade or a reboot. Without a command it starts a session; after a crash it goes back to the one used last."
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
    yield from _section("COMMANDS", "A name may be shortened to any unique beginning.")
    for command in COMMANDS:
        yield from _command(command.name, command.alias, command.usage, command.help)
    yield from _section("COMMANDS WITHOUT A SERVER", "These commands read or change files.")
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
    """The usage line. It is not broken inside brackets."""
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
    """An argument of a request. A quote inside it is doubled."""
    return '"' + _text(text).replace('"', '""') + '"'


def _text(text: str) -> str:
    """Return `text` for roff: without escapes or requests, and with characters that can be copied into a shell."""
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
