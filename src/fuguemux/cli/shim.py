"""`fugue shim install | uninstall DIRECTORY`: a link called `tmux` to fugue, for programs that call tmux.

What is called tmux and is no such link is never touched.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from fuguemux.cli.exit_codes import EXIT_FAILURE, EXIT_OK
from fuguemux.cli.verbs import VerbParser

NAME = "tmux"
PROGRAM = "fugue"


def main(argv: Sequence[str], program: str | None = None) -> int:
    """Run `fugue shim` with the words after `shim`. `program` is the path of fugue; None: that of this process.

    Returns the exit code. Prints. Raises SystemExit(2) for bad usage.
    """
    arguments = _parser().parse(argv)
    directory = Path(os.path.abspath(os.path.expanduser(arguments.directory)))
    try:
        if arguments.verb == "install":
            return _install(directory, program or _program())
        return _uninstall(directory)
    except OSError as error:
        where = error.filename or directory
        print(f"fugue shim: {where}: {error.strerror or error}", file=sys.stderr)
        return EXIT_FAILURE


def _parser() -> VerbParser:
    parser = VerbParser(
        "fugue shim", "Let programs that call tmux find fugue.", "install|uninstall"
    )
    for verb, explanation in (
        ("install", "make the link DIRECTORY/tmux"),
        ("uninstall", "remove the link DIRECTORY/tmux"),
    ):
        parser.add(verb, explanation).add_argument("directory", metavar="DIRECTORY")
    return parser


def _program() -> str:
    """The path of fugue: the program of this process, or the one in PATH if it runs as `python -m`."""
    called = os.path.abspath(sys.argv[0])
    if os.path.basename(called) == PROGRAM and os.access(called, os.X_OK):
        return called
    return shutil.which(PROGRAM) or os.path.join(os.path.dirname(sys.executable), PROGRAM)


def _is_ours(link: Path) -> bool:
    return link.is_symlink() and os.path.basename(os.readlink(link)) == PROGRAM


def _install(directory: Path, program: str) -> int:
    if not os.access(program, os.X_OK):
        print(f"fugue shim: {program} cannot be executed: install fugue first", file=sys.stderr)
        return EXIT_FAILURE
    link = directory / NAME
    if os.path.lexists(link) and not _is_ours(link):
        print(
            f"fugue shim: {link} exists and is not from fugue: choose another directory",
            file=sys.stderr,
        )
        return EXIT_FAILURE
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_ours(link):
        link.unlink()
    link.symlink_to(program)
    print(f"{link} is fugue now.")
    found = shutil.which(NAME)
    if found is None or os.path.abspath(found) != str(link):
        print(f"Put {directory} first in PATH, so that programs find it: PATH={directory}:$PATH")
    return EXIT_OK


def _uninstall(directory: Path) -> int:
    link = directory / NAME
    if not os.path.lexists(link):
        print(f"fugue shim: there is no {link}", file=sys.stderr)
        return EXIT_FAILURE
    if not _is_ours(link):
        print(f"fugue shim: {link} is not from fugue: it stays", file=sys.stderr)
        return EXIT_FAILURE
    link.unlink()
    print(f"{link} is removed.")
    return EXIT_OK
