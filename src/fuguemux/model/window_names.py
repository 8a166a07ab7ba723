"""Automatic names of windows: that of the program, as tmux takes it from a command line."""

import posixpath
from collections.abc import Sequence
from typing import Final

from fuguemux.model.limits import NAME_BYTES_MAX


def name_of_command(command: str) -> str:
    """The program's name in a command line: no path, no arguments, no leading `exec`, `-` or quote."""
    name = command.removeprefix('"').partition('"')[0]
    name = name.removeprefix("exec ").lstrip(" -").partition(" ")[0]
    while len(name) > 1 and not name[-1].isprintable():
        name = name[:-1]
    if name.startswith("/"):
        name = posixpath.basename(name.rstrip("/")) or "/"
    return bounded_title(name, NAME_BYTES_MAX)


def name_of_argv(argv: Sequence[bytes], shell: str) -> str:
    """The name of a window that runs `argv`. Empty for the default command, which is named after `shell`."""
    first = argv[0].decode("utf-8", "replace") if argv else ""
    return name_of_command(first) or name_of_command(shell)


_C_STYLE: Final = str.maketrans(
    {
        "\\": "\\\\",
        "\a": "\\a",
        "\b": "\\b",
        "\t": "\\t",
        "\n": "\\n",
        "\v": "\\v",
        "\f": "\\f",
        "\r": "\\r",
    }
)


def bounded_name(name: str) -> str:
    """The name of a window or a session, as tmux writes it: control characters as in C, each backslash doubled. It is cut
    to the limit at a character."""
    return bounded_title(name.translate(_C_STYLE), NAME_BYTES_MAX)


def bounded_title(title: str, limit_bytes: int) -> str:
    """`title` cut to the limit at a character, with control characters and lone surrogates as octal numbers."""
    shown = "".join(char if _is_shown(char) else f"\\{ord(char) & 0xFF:03o}" for char in title)
    return shown.encode()[:limit_bytes].decode("utf-8", "ignore")


def _is_shown(char: str) -> bool:
    return ord(char) >= 0x20 and ord(char) != 0x7F and not "\ud800" <= char <= "\udfff"
