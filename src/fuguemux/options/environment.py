"""What the process of a pane is given: its environment, and the program and words that are run. After tmux's spawn.c.

Layers, each over the one before: the server's environment, the session's, fugue's own variables, what `-e` gave.
"""

import posixpath
from collections.abc import Callable
from typing import Final, NamedTuple

from fuguemux.config.secrets import is_redacted
from fuguemux.model.state import Environment, Pane, ServerState, Session, sessions_with
from fuguemux.options import options
from fuguemux.options.options import Defaults

PATH_DEFAULT: Final = b"/usr/local/bin:/usr/bin:/bin"
SHELL_FALLBACK: Final = b"/bin/sh"
KEPT_OUT: Final = frozenset(
    (b"TMUX", b"TMUX_PANE", b"NO_COLOR", b"FUGUE", b"FUGUE_PANE", b"LINES", b"COLUMNS")
)
"""Variables of the terminal in which the server was started: in a pane they would be wrong. Asked for in the session's
environment or by `-e` they do reach the pane."""


def _any_program(_: bytes) -> bool:
    return True


class SpawnEnvironment(NamedTuple):
    """What the server knows of itself and the machine."""

    socket_path: bytes
    server_pid: int
    version: str
    home: bytes
    is_program: Callable[[bytes], bool] = _any_program
    """Whether a path names a program that can be run."""
    descriptors: int | None = None
    """The soft limit of open files that programs are given back; None: the server's own is theirs too."""


def session_of(state: ServerState, pane: Pane) -> Session | None:
    """The session whose environment and options a pane gets: the oldest that its window is in."""
    return next(iter(sessions_with(state, pane.window)), None)


def shell(
    state: ServerState, defaults: Defaults, session: Session | None, surroundings: SpawnEnvironment
) -> bytes:
    """`default-shell`, or /bin/sh if that is no program."""
    path = options.get(state, defaults, "default-shell", session=session).encode(
        "utf-8", "surrogateescape"
    )
    if posixpath.isabs(path) and surroundings.is_program(path):
        return path
    return SHELL_FALLBACK


def process_argv(
    state: ServerState, defaults: Defaults, pane: Pane, surroundings: SpawnEnvironment
) -> tuple[bytes, tuple[bytes, ...]]:
    """The program of a pane and its arguments, the first of which is the name it sees.

    No words: `default-command`, or without one a login shell. One word: a command line for the shell. More words: run
    as they are, the program looked for in PATH. Words that were stored without a secret of theirs are another command,
    which nobody asked for: they count as none, and a shell starts.
    """
    session = session_of(state, pane)
    path = shell(state, defaults, session, surroundings)
    name = posixpath.basename(path)
    if is_redacted(pane.argv):
        return path, (b"-" + name,)
    if len(pane.argv) > 1:
        return pane.argv[0], pane.argv
    line = pane.argv[0] if pane.argv else _default_command(state, defaults, session)
    if pane.argv or line:
        return path, (name, b"-c", line)
    return path, (b"-" + name,)


def _default_command(state: ServerState, defaults: Defaults, session: Session | None) -> bytes:
    text = options.get(state, defaults, "default-command", session=session)
    return text.encode("utf-8", "surrogateescape")


def process_environment(
    state: ServerState,
    defaults: Defaults,
    pane: Pane,
    surroundings: SpawnEnvironment,
    directory: bytes | None = None,
) -> dict[bytes, bytes]:
    """The whole environment of a pane's process, which starts in `directory` (None: the pane's own)."""
    session = session_of(state, pane)
    environment = {k: v for k, v in state.environment.items() if k not in KEPT_OUT}
    if session is not None:
        environment = {k: v for k, v in environment.items() if k not in session.hidden}
        environment |= session.environment
    environment |= _own(state, defaults, pane, session, surroundings)
    environment[b"PWD"] = pane.cwd if directory is None else directory
    environment |= pane.environment
    if not environment.get(b"PATH"):
        environment[b"PATH"] = PATH_DEFAULT
    return {name: value for name, value in environment.items() if value is not None}


def _own(
    state: ServerState,
    defaults: Defaults,
    pane: Pane,
    session: Session | None,
    surroundings: SpawnEnvironment,
) -> Environment:
    number = session.id if session is not None else 0
    place = f",{surroundings.server_pid},{number}".encode()
    return {
        b"TERM": options.get(state, defaults, "default-terminal").encode(
            "utf-8", "surrogateescape"
        ),
        b"COLORTERM": b"truecolor",
        b"TERM_PROGRAM": b"fugue",
        b"TERM_PROGRAM_VERSION": surroundings.version.encode(),
        b"FUGUE": surroundings.socket_path + place,
        b"FUGUE_PANE": f"%{pane.id}".encode(),
        b"SHELL": shell(state, defaults, session, surroundings),
    }
