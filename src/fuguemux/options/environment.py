"""What the process of a pane gets: its environment, its program and its arguments. After spawn.c of tmux.

The environment has four layers, and a later one wins: the global environment, that of the session, the variables that
fugue sets itself, and what `-e` gave.
"""

import posixpath
from collections.abc import Callable
from typing import Final, NamedTuple

from fuguemux import TMUX_VERSION
from fuguemux.config.secrets import is_redacted
from fuguemux.model.state import Environment, Pane, ServerState, Session, sessions_with
from fuguemux.options import options
from fuguemux.options.options import Defaults

PATH_DEFAULT: Final = b"/usr/local/bin:/usr/bin:/bin"
SHELL_FALLBACK: Final = b"/bin/sh"
KEPT_OUT: Final = frozenset(
    (b"TMUX", b"TMUX_PANE", b"NO_COLOR", b"FUGUE", b"FUGUE_PANE", b"LINES", b"COLUMNS")
)
"""Variables that describe the terminal in which the server was started. They would be wrong in a pane, so panes do not
inherit them. Set in the environment of the session or by `-e`, they do reach the pane."""


def _any_program(_: bytes) -> bool:
    return True


class SpawnEnvironment(NamedTuple):
    """Facts of the server and of the machine that a new process needs."""

    socket_path: bytes
    server_pid: int
    version: str
    home: bytes
    is_program: Callable[[bytes], bool] = _any_program
    """Whether a path names an executable file. May ask the disk."""
    as_tmux: bool = False
    """Whether the client that started the server was called tmux."""
    descriptors: int | None = None
    """The soft limit of open files that programs get; None: that of the server."""


def session_of(state: ServerState, pane: Pane) -> Session | None:
    """The session whose environment and options a pane gets: the oldest of those that have its window."""
    return next(iter(sessions_with(state, pane.window)), None)


def shell(
    state: ServerState, defaults: Defaults, session: Session | None, surroundings: SpawnEnvironment
) -> bytes:
    """The option `default-shell`, or /bin/sh if that is no executable file."""
    path = options.get(state, defaults, "default-shell", session=session).encode(
        "utf-8", "surrogateescape"
    )
    if posixpath.isabs(path) and surroundings.is_program(path):
        return path
    return SHELL_FALLBACK


def process_argv(
    state: ServerState, defaults: Defaults, pane: Pane, surroundings: SpawnEnvironment
) -> tuple[bytes, tuple[bytes, ...]]:
    """The path of the program of a pane, and its arguments with argv[0].

    A pane without words runs `default-command`, or a login shell if that is empty. One word is a command line for the
    shell. More words are run as they are, and the program is searched in PATH. Words from which a secret was removed
    before they were stored are not the command that was asked for: a login shell starts instead.
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
    """The complete environment of a pane's process, which starts in `directory` (None: the directory of the pane)."""
    session = session_of(state, pane)
    environment = {k: v for k, v in state.environment.items() if k not in KEPT_OUT}
    if session is not None:
        environment = {k: v for k, v in environment.items() if k not in session.hidden}
        environment |= session.environment
    environment |= _own(state, defaults, pane, session, surroundings)
    if shim_on(state, defaults, session):
        environment |= _as_in_tmux(environment[b"FUGUE"], b"%%%d" % pane.id)
    environment[b"PWD"] = pane.cwd if directory is None else directory
    environment |= pane.environment
    if not environment.get(b"PATH"):
        environment[b"PATH"] = PATH_DEFAULT
    return {name: value for name, value in environment.items() if value is not None}


def shim_on(state: ServerState, defaults: Defaults, session: Session | None) -> bool:
    """Whether programs of the session find what tmux gives them: TMUX and TMUX_PANE."""
    return options.get(state, defaults, "tmux-shim", session=session) == "on"


def job_environment(
    state: ServerState,
    defaults: Defaults,
    surroundings: SpawnEnvironment,
    pane: Pane | None = None,
) -> dict[bytes, bytes]:
    """The environment of a command outside of panes (run-shell, #()), which is about `pane`."""
    session = None if pane is None else session_of(state, pane)
    layers = state.environment if session is None else state.environment | session.environment
    found = {name: value for name, value in layers.items() if value is not None}
    number = 0 if session is None else session.id
    place = surroundings.socket_path + f",{surroundings.server_pid},{number}".encode()
    found[b"FUGUE"] = place
    on = shim_on(state, defaults, session)
    if session is None and surroundings.as_tmux:
        on = options.get(state, defaults, "tmux-shim") != "off"
    if on:
        found |= _as_in_tmux(place, b"" if pane is None else b"%%%d" % pane.id)
    return found


def _as_in_tmux(place: bytes | None, pane: bytes) -> dict[bytes, bytes]:
    """The variables by which programs know tmux. `pane` may be empty."""
    found = {
        b"TMUX": place or b"",
        b"TERM_PROGRAM": b"tmux",
        b"TERM_PROGRAM_VERSION": TMUX_VERSION.encode(),
    }
    return found | {b"TMUX_PANE": pane} if pane else found


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
