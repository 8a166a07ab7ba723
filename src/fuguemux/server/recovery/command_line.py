"""Parses the command line of a server process."""

from typing import NamedTuple

from fuguemux.server.ports import CannotStart

USAGE = "usage: fuguemux.server.main [-L NAME | -S PATH] [--config FILE] [-f FILE]… [--program NAME] [--no-restore]"


class ServerOptions(NamedTuple):
    """The options of the command line."""

    name: str | None = None
    socket: str | None = None
    config: str | None = None
    command_files: tuple[str, ...] = ()
    no_restore: bool = False
    program: str = ""
    """What the client that started the server is called: fugue or tmux. It says which files of commands are read
    without `-f`; empty: none."""


def parse_options(argv: list[str]) -> ServerOptions:
    """Parse the command line. Raises CannotStart."""
    name = socket = config = None
    files: list[str] = []
    no_restore = False
    program = ""
    rest = iter(argv)
    for word in rest:
        if word == "--no-restore":
            no_restore = True
            continue
        value = next(rest, None)
        if value is None:
            raise CannotStart(f"{word} needs a value; {USAGE}")
        match word:
            case "-L":
                name = value
            case "-S":
                socket = value
            case "--config":
                config = value
            case "-f":
                files.append(value)
            case "--program":
                program = value
            case _:
                raise CannotStart(f"unknown option {word}; {USAGE}")
    return ServerOptions(name, socket, config, tuple(files), no_restore, program)
