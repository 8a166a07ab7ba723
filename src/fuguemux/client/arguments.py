"""Parses the words before the command: tmux's global flags and a few of fugue's own. Also finds the server's socket.

Imports only `sys`, `posix` and config/paths: part of the thin client.
"""

import posix
import sys

from fuguemux.config import paths
from fuguemux.config.paths import PathRefused, Places

PROGRAM_DEFAULT = "fugue"

_TAKES_VALUE = "cfLST"
_PLAIN = "2CDlNquUvVd"
NO_RESTORE = "--no-restore"
"""A server that is started for this command leaves the stored state alone, and begins empty."""
_OFFLINE_FLAGS = {"--help": ("help", "-h"), "--version": ("version",)}


class UsageError(Exception):
    """The global flags make no sense; the message is for stderr."""


class ClientOptions:
    """The parsed global flags; `argv` has the words of the command."""

    __slots__ = (
        "argv",
        "command_files",
        "config",
        "environment",
        "features",
        "flags",
        "places",
        "program",
        "shell_command",
    )

    places: Places
    """The selected server, and where it listens."""

    def __init__(self, program: str, environment: dict[bytes, bytes]) -> None:
        self.program = program
        self.environment = environment
        self.argv: list[str] = []
        self.flags: set[str] = set()
        """Letters of the plain flags that were given, and `CC` if there were two of that letter."""
        self.command_files: list[str] = []
        self.config = ""
        self.features = ""
        """The features of the terminal, from `-T`."""
        self.shell_command: str | None = None


def usage(program: str) -> str:
    """Return the usage that is printed after a bad flag; for a client called as tmux, that of tmux."""
    start = f"usage: {program} "
    if program.startswith("tmux"):
        return (
            f"{start}[-2CDlNuvV] [-c shell-command] [-f file] [-L socket-name]\n"
            f"{' ' * len(start)}[-S socket-path] [-T features] [command [flags]]"
        )
    return (
        f"{start}[-2CDhlNquvV] [-c shell-command] [-f file] [-L socket-name]\n"
        f"{' ' * len(start)}[-S socket-path] [-T features] [--config file] [--no-restore] [command [flags]]"
    )


def parse(argv: list[str], environment: dict[bytes, bytes]) -> ClientOptions:
    """Return the options in the process's `argv`. Raises UsageError.

    As in tmux's getopt: flags may be joined (`-2u`), a value may be joined to its flag (`-Lname`), and the first word
    without a dash, or `--`, ends the flags.
    """
    program = argv[0].rpartition("/")[2]
    if program in ("", "__main__.py"):
        program = PROGRAM_DEFAULT
    options = ClientOptions(program, environment)
    name = path = ""
    at = 1
    while at < len(argv) and argv[at].startswith("-") and argv[at] != "-":
        word = argv[at]
        at += 1
        if word == "--":
            break
        if word.startswith("--"):
            at = _take_long(options, word, argv, at)
            continue
        while word := word[1:]:
            letter = word[0]
            if letter in _TAKES_VALUE:
                if len(word) > 1:
                    value = word[1:]
                elif at < len(argv):
                    value = argv[at]
                    at += 1
                else:
                    raise UsageError(
                        f"{program}: option requires an argument -- {letter}\n{usage(program)}"
                    )
                if letter == "L":
                    name = value
                elif letter == "S":
                    path = value
                else:
                    _take_value(options, letter, value)
                break
            if letter == "h" and not program.startswith("tmux"):
                options.argv += _OFFLINE_FLAGS["--help"]
                continue
            if letter not in _PLAIN:
                raise UsageError(f"{program}: unknown option -- {letter}\n{usage(program)}")
            twice = letter == "C" and letter in options.flags
            options.flags.add("CC" if twice else letter)
    options.argv += argv[at:]
    options.places = _locate(name, path, environment)
    return options


def _take_long(options: ClientOptions, word: str, argv: list[str], at: int) -> int:
    flag, equals, value = word.partition("=")
    if flag == "--config":
        if not equals:
            if at >= len(argv):
                raise UsageError(
                    f"{options.program}: {flag} requires the path of a file\n{usage(options.program)}"
                )
            value = argv[at]
            at += 1
        options.config = value
    elif word == NO_RESTORE:
        options.flags.add(word)
    elif word in _OFFLINE_FLAGS and not options.program.startswith("tmux"):
        options.argv += _OFFLINE_FLAGS[word]
    elif options.program.startswith("tmux"):
        raise UsageError(usage(options.program))
    else:
        raise UsageError(f"{options.program}: unknown option {flag}\n{usage(options.program)}")
    return at


def _take_value(options: ClientOptions, letter: str, value: str) -> None:
    if letter == "f":
        options.command_files.append(value)
    elif letter == "c":
        options.shell_command = value
    elif letter == "T":
        options.features = f"{options.features},{value}".strip(",")


def _locate(name: str, path: str, environment: dict[bytes, bytes]) -> Places:
    """Return the selected server: by `-S`, by `-L`, that of the surrounding pane, or the default one."""
    text = paths.decoded(environment)
    uid = posix.getuid()
    try:
        if not path and not name:
            inside = text.get("FUGUE", "").rsplit(",", 2)
            if len(inside) == 3 and inside[0].startswith("/"):
                return _of_pane(inside[0], text, uid)
            inside = text.get("TMUX", "").rsplit(",", 2)
            if len(inside) == 3 and _is_ours(inside[0], text, uid):
                return _of_pane(inside[0], text, uid)
        return paths.places(text, uid, name=name or None, socket=path or None)
    except PathRefused as error:
        raise UsageError(str(error)) from None


def _is_ours(path: str, environment: dict[str, str], uid: int) -> bool:
    """Whether `path`, from $TMUX, is a socket of fugue, not of tmux: it is in the usual directory, or a keeper has its
    socket beside it.
    """
    if path.rpartition("/")[0] == paths.runtime_directory(environment, uid)[0]:
        return True
    try:
        return path.startswith("/") and bool(posix.stat(to_octets(path + paths.KEEPER_SUFFIX)))
    except OSError:
        return False


def _of_pane(path: str, environment: dict[str, str], uid: int) -> Places:
    """The server at `path`, under the name with which it was started if the path is one of the user's usual ones."""
    directory, _, name = path.rpartition("/")
    if directory == paths.runtime_directory(environment, uid)[0]:
        return paths.places(environment, uid, name=name)
    return paths.places(environment, uid, socket=path)


def unsafe_directory(places: Places) -> str:
    """Return what is wrong with a socket's directory in /tmp, where other users could have created it. Empty if nothing
    is.
    """
    if not places.private:
        return ""
    try:
        status = posix.lstat(to_octets(places.directory))
    except OSError:
        return ""
    if status.st_mode & 0o170000 != 0o040000:
        return f"{places.directory} is not a directory"
    if status.st_uid != posix.getuid() or status.st_mode & 0o022:
        return f"directory {places.directory} has unsafe permissions"
    return ""


def to_text(value: bytes) -> str:
    """Return a path from the environment as text that the system calls turn back into the same bytes."""
    return value.decode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())


def to_octets(value: str) -> bytes:
    """Return the bytes of a word of argv or of a path."""
    return value.encode(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
