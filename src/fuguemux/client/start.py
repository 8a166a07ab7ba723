"""Handles that no server answers: says so as tmux does, or starts the keeper, which starts the server.

Imported only in this case, so that it does not slow the thin client.
"""

import _socket
import contextlib
import errno
import os
import select
import sys
import time
from collections.abc import Callable

from fuguemux.client.arguments import NO_RESTORE, ClientOptions
from fuguemux.client.conversation import CommandRequest, complain, connect
from fuguemux.client.failure import Failure, GoesOn, NotBegun, ServerLost
from fuguemux.client.meant import meant
from fuguemux.client.seek import connected, is_no_socket, keeper_lives, kept_in, persistence, rename
from fuguemux.client.stop_mark import stopped_deliberately
from fuguemux.config import paths
from fuguemux.config.paths import PathRefused
from fuguemux.keeper.helper_record import STOPPED_FILE
from fuguemux.keeper.launch import keeper_argv, module_argv
from fuguemux.keeper.lock_file import KEEPER_LOCK

STARTING = (
    ("attach-session", "attach", 1),
    ("new-session", "new", 5),
    ("start-server", "start", 4),
    ("list-keys", "lsk", 6),
    ("list-commands", "lscm", 7),
    ("recovery", "", 3),
    ("restore-session", "", 5),
)
"""Commands that start the server: name, alias, and how many characters of the name identify it among all commands."""

REPEATABLE = frozenset(
    (
        "has-session",
        "has",
        "list-sessions",
        "ls",
        "list-windows",
        "lsw",
        "list-panes",
        "lsp",
        "list-clients",
        "lsc",
        "list-buffers",
        "lsb",
        "list-keys",
        "lsk",
        "list-commands",
        "lscm",
        "show-options",
        "show",
        "show-window-options",
        "showw",
        "show-environment",
        "showenv",
        "show-hooks",
        "show-buffer",
        "showb",
        "attach-session",
        "attach",
        "status",
        "recovery",
    )
)
"""Commands, as they may be typed, that can be sent twice."""

KEEPER_LOG = "keeper.log"
"""In the state directory: the keeper's diagnostics, and what servers wrote to standard error."""

CONNECT_SECONDS_MAX = 5.0
CONNECT_RETRY_SECONDS = 0.01
ERROR_BYTES_MAX = 4_096
PROGRESS_SECONDS = 0.01
SAY_SECONDS = 3.0
WAITING = "fugue: waiting for the server to start (C-c ends the wait)…"
PROGRESS_BYTES_MAX = 128
PROGRESS_PREFIX = "recovering: "


def connect_starting(
    options: ClientOptions, error: OSError, started: Callable[[], None] = lambda: None
) -> "_socket.socket":
    """Return a connection to a server that was started, after `error` said that there is none.

    `started` is called unless there was a server after all. Raises Failure with tmux's message if the command does not
    start a server and no saved sessions are waiting for one, and with the server's own message if it cannot start.
    """
    path = options.places.socket
    if error.errno not in (errno.ENOENT, errno.ECONNREFUSED):
        raise Failure(f"error connecting to {path} ({error.strerror or error})")
    rename(options)
    sock = connected(options)
    if sock is not None:
        return sock
    path = options.places.socket
    if "N" in options.flags or not (starts_server(options.argv) or sessions_wait(options)):
        if error.errno == errno.ECONNREFUSED:
            raise Failure(f"no server running on {path}{meant(options)}")
        raise Failure(f"error connecting to {path} ({error.strerror}){meant(options)}")
    sock = _started(options)
    started()
    return sock


def _started(options: ClientOptions) -> "_socket.socket":
    """Return a connection to a server that was started. Raises Failure.

    If the keeper says that a server serves and it does not listen, it is about to end or was just killed. Then try again,
    for the next one.
    """
    path = options.places.socket
    deadline = time.monotonic() + CONNECT_SECONDS_MAX
    while True:
        start(options)
        try:
            return connect(path)
        except OSError as error:
            sock = connected(options)
            if sock is not None:
                return sock
            if time.monotonic() > deadline:
                raise Failure(f"error connecting to {path} ({error.strerror or error})") from None
        time.sleep(CONNECT_RETRY_SECONDS)


def converse_again(
    options: ClientOptions,
    request: CommandRequest,
    greeting: bytes,
    lost: ServerLost,
    talk: "Callable[[_socket.socket, CommandRequest, bytes], int]",
) -> int:
    """Send the request to the next server, after one went away without an answer. Returns the exit code.

    A server that sent no greeting took no command: most likely it had been killed, and its socket stayed open while one
    of its threads was still waiting for the disk. A server that was told to end says that it has not begun. In both cases
    every command is sent to the next server, as often as that happens, for a while. In other cases only a command that
    changes nothing is repeated, once, so that it does not matter how far the lost server came. For other commands raises
    ServerLost, which names the keeper's log if there is one.

    If a server is restarted, clients that wait for a channel are passed on: the next server is asked for the rest.
    """
    deadline = time.monotonic() + CONNECT_SECONDS_MAX
    repeated = False
    while True:
        if isinstance(lost, GoesOn):
            deadline = time.monotonic() + CONNECT_SECONDS_MAX
            options.argv = [word.decode("utf-8", "surrogateescape") for word in lost.words]
            request = CommandRequest(options)
            greeting = request.encode()
            _await_next(options, deadline)
        elif not isinstance(lost, NotBegun):
            if repeated or not _changes_nothing(options.argv):
                raise _explained(options, lost)
            repeated = True
        elif time.monotonic() > deadline:
            raise _explained(options, lost)
        try:
            sock = connect(options.places.socket)
        except OSError as error:
            sock = connect_starting(options, error, request.started)
            greeting = request.encode()
        try:
            return talk(sock, request, greeting)
        except ServerLost as again:
            lost = again
        finally:
            sock.close()
        time.sleep(CONNECT_RETRY_SECONDS)


def _await_next(options: ClientOptions, deadline: float) -> None:
    """Give the next server time to listen. It is being started and needs no help from waiting clients."""
    while time.monotonic() < deadline:
        time.sleep(CONNECT_RETRY_SECONDS)
        with contextlib.suppress(OSError):
            connect(options.places.socket).close()
            return


def _explained(options: ClientOptions, lost: ServerLost) -> ServerLost:
    """Return the same exception, with the file that may say why."""
    with contextlib.suppress(PathRefused):
        log = f"{state_directory(options)}/{KEEPER_LOG}"
        if os.path.exists(log):
            return ServerLost(f"{lost}: {log} may say why")
    return lost


def _changes_nothing(argv: list[str]) -> bool:
    return bool(argv) and argv[0] in REPEATABLE and not any(map(_ends_command, argv))


def starts_server(argv: list[str]) -> bool:
    """Whether one of the commands in `argv` starts the server. Without a command it is new-session."""
    first = True
    for word in argv:
        if first and _means_start(word.removesuffix(";")):
            return True
        first = _ends_command(word)
    return not argv


def _ends_command(word: str) -> bool:
    return word.endswith(";") and not word.endswith("\\;")


def _means_start(word: str) -> bool:
    return any(
        (word == alias != "") or (name.startswith(word) and len(word) >= shortest)
        for name, alias, shortest in STARTING
    )


def state_directory(options: ClientOptions) -> str:
    """Return where this server keeps its state. Raises PathRefused if there is no such place."""
    return persistence(options)[0]


def sessions_wait(options: ClientOptions) -> bool:
    """Whether there is a log that was not closed by a deliberate stop: the server crashed, or the machine did."""
    try:
        state = state_directory(options)
    except PathRefused:
        return False
    kept = os.path.isdir(state + "/wal") or os.path.isdir(state + "/checkpoints")
    return kept and not stopped_deliberately(f"{state}/{STOPPED_FILE}")


def server_argv(options: ClientOptions) -> tuple[str, ...]:
    """Return the argv that starts the server of these options."""
    return (*module_argv("fuguemux.server.main"), *server_arguments(options))


def server_arguments(options: ClientOptions) -> list[str]:
    """Return the server's own arguments: which server it is, and what it reads when it starts."""
    places = options.places
    argv = ["-L", places.name] if places.private else ["-S", places.socket]
    if options.config:
        argv += ["--config", os.path.abspath(options.config)]
    for file in options.command_files:
        argv += ["-f", os.path.abspath(file)]
    argv += ["--program", "tmux" if options.program.startswith("tmux") else "fugue"]
    if NO_RESTORE in options.flags:
        argv.append(NO_RESTORE)
    return argv


def start(options: ClientOptions) -> None:
    """Start keeper and server, and wait until the server serves. Raises Failure with the reason if it cannot.

    While the server reads the log, a user at a terminal sees the progress, and the wait goes on as long as there is
    progress.
    """
    known = ""
    while (message := _wait_showing(launch(options), options)) is not None:
        line = reading_progress(options)
        if line in ("", known):
            raise Failure(message)
        known = line


def _wait_showing(starter: "Starter", options: ClientOptions) -> str | None:
    """Wait as `Starter.wait`, with the progress on stderr if that is a terminal, otherwise with one line if it takes
    long.
    """
    if not os.isatty(2):
        if not starter.wait_seconds(SAY_SECONDS):
            complain(WAITING)
        return starter.wait()
    shown = ""
    patient_until = time.monotonic() + SAY_SECONDS
    ended, message = starter.poll()
    while not ended:
        time.sleep(PROGRESS_SECONDS)
        line = reading_progress(options)
        if not (line or shown) and time.monotonic() > patient_until:
            line = WAITING
        if line not in ("", shown):
            shown = line
            sys.stderr.write(f"\r{line}\x1b[K")
            sys.stderr.flush()
        ended, message = starter.poll()
    if shown:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
    return message


def reading_progress(options: ClientOptions) -> str:
    """Return the server's progress with its log. Empty if it is not reading."""
    try:
        with open(options.places.progress, encoding="ascii") as file:
            line = file.read(PROGRESS_BYTES_MAX).strip()
    except (OSError, UnicodeDecodeError):
        return ""
    # The file may contain anything, and this is written to a terminal.
    return line if line.startswith(PROGRESS_PREFIX) and line.isprintable() else ""


def launch(options: ClientOptions) -> "Starter":
    """Start keeper and server, or let a running keeper start its server. Returns at once. Raises Failure."""
    places, uid = options.places, os.getuid()
    if places.private:  # while the runtime directory is gone, use the server that belongs there
        places = paths.server_places(paths.decoded(options.environment), uid, name=places.name)
    try:
        paths.prepare(options.places, uid)
    except PathRefused as error:
        if os.path.exists(places.directory) or not keeper_lives(options):
            raise Failure(str(error)) from None
    if is_no_socket(places.socket) and not keeper_lives(options):
        raise Failure(f"{places.socket} is not a socket: remove it, or give another path with -S")
    state = kept_in(options)
    fallbacks = paths.fallback_sockets(places, uid, state)
    argv = keeper_argv(
        places.keeper_socket,
        server_argv=server_argv(options),
        log_path=f"{state}/{KEEPER_LOG}" if state else "",
        lock_path=f"{state}/{KEEPER_LOCK}" if state else "",
        fallbacks=tuple(path + paths.KEEPER_SUFFIX for path in fallbacks),
        private=places.private,
    )
    return Starter(argv)


class Starter:
    """The short-lived process that starts keeper and server. Its stderr has the reason if it cannot."""

    def __init__(self, argv: tuple[str, ...]) -> None:
        """Start it. Its stdin and stdout are /dev/null, and it keeps no other file of this process open."""
        self._errors, write_end = os.pipe()
        os.set_blocking(self._errors, False)
        try:
            self._pid = os.posix_spawn(
                argv[0],
                argv,
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, write_end, 2),
                ],
            )
        except OSError as error:
            os.close(self._errors)
            raise Failure(f"cannot start the server: {argv[0]}: {error.strerror}") from error
        finally:
            os.close(write_end)
        self._ended = False

    def wait(self) -> str | None:
        """Wait for its exit. Returns None if the server serves, else the reason in one line."""
        return self._result(os.waitpid(self._pid, 0)[1])

    def wait_seconds(self, seconds: float) -> bool:
        """Wait at most `seconds` for its exit or for output. Returns whether there was one."""
        return bool(select.select([self._errors], [], [], seconds)[0])

    def poll(self) -> tuple[bool, str | None]:
        """Return whether it has exited, and then the same as `wait`. Does not block."""
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        return (True, self._result(status)) if pid else (False, None)

    def _result(self, status: int) -> str | None:
        try:
            said = os.read(self._errors, ERROR_BYTES_MAX)
        except BlockingIOError:
            said = b""
        os.close(self._errors)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return None
        return (
            said.decode("utf-8", "replace").strip()
            or f"the server did not start (exit code {code})"
        )


def run_in_foreground(options: ClientOptions) -> int:
    """Execute the server (`-D`). Returns only if that fails."""
    if options.argv:
        raise Failure("-D takes no command")
    argv = server_argv(options)
    try:
        paths.prepare(options.places, os.getuid())
        os.execv(argv[0], argv)
    except PathRefused as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(f"cannot start the server: {argv[0]}: {error.strerror}") from error
