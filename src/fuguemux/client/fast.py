"""The command `fugue` in its thinnest form: argv to the server, its answer to the terminal.

A command costs little more than the bare interpreter, because only `sys`, `posix` and `_socket` are imported here; what
attaches, starts a server or works without one is imported when it is needed.
"""

import _socket
import posix
import sys

from fuguemux import __version__
from fuguemux.client import arguments
from fuguemux.client.arguments import ClientOptions, UsageError
from fuguemux.client.failure import Failure, GoesOn, NotBegun, ServerLost
from fuguemux.client.request import CommandRequest
from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder, PeerBroke, frame
from fuguemux.protocol.messages import Detached, Hello

OFFLINE_WORDS = ("help", "doctor", "config", "state", "completions", "service", "version")
"""Commands of fugue's own that need no server: the room cli carries them out."""

_EXPLAIN_THEMSELVES = ("doctor", "config", "state", "service")
"""Those that have verbs, each with a --help of its own."""

RECEIVE_BYTES = 256 << 10
STDIN_CHUNK_BYTES = 64 << 10

QUIET_SECONDS_MAX = 3.0

SERVER_LOST = "server exited unexpectedly"

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def main(
    run_offline: "Callable[[ClientOptions], int] | None" = None, argv: "list[str] | None" = None
) -> int:
    """Run the command in `argv` (`sys.argv` if None) and return its exit code. Prints; blocks until the command ends.

    `run_offline` carries out the OFFLINE_WORDS; the room cli lies above this one, so the composition hands it in.
    """
    fill_standard_descriptors()
    try:
        options = arguments.parse(sys.argv if argv is None else argv, dict(posix.environ))
    except UsageError as error:
        complain(str(error))
        return EXIT_FAILURE
    _ask_for_help(options)
    if run_offline is not None and options.argv and options.argv[0] in OFFLINE_WORDS:
        return run_offline(options)
    return carry_out(options)


def _ask_for_help(options: ClientOptions) -> None:
    """`fugue COMMAND --help` is `fugue help COMMAND`. No command of tmux's takes the flag; called as tmux, all refuse it."""
    words = options.argv
    if len(words) != 2 or words[1] != "--help" or words[0] in _EXPLAIN_THEMSELVES:
        return
    if not options.program.startswith("tmux"):
        options.argv = ["help", words[0]]


def carry_out(options: ClientOptions) -> int:
    """Run the command in `options` with the server and return its exit code. Prints, and says in a line what went wrong."""
    try:
        return _run(options)
    except Failure as error:
        complain(str(error))
    except PeerBroke as error:
        complain(
            f"{options.program}: what listens there is no fugue server, or a broken one: {error}"
        )
    except BrokenPipeError:
        silence_stdout()
    except OSError as error:  # a full disk behind stdout, say
        complain(f"{options.program}: the answer cannot be written: {error.strerror or error}")
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return EXIT_FAILURE


def _run(options: ClientOptions) -> int:
    if "V" in options.flags:
        text = (
            arguments.TMUX_VERSION if options.program.startswith("tmux") else f"fugue {__version__}"
        )
        write(1, text.encode() + b"\n")
        return 0
    if options.shell_command is not None:
        return _run_shell(options.environment, options.shell_command)
    if "C" in options.flags:
        raise Failure(
            "control mode (-C) is not supported: attach without -C, or use list-* -F and capture-pane"
        )
    if "D" in options.flags:
        from fuguemux.client.start import run_in_foreground

        return run_in_foreground(options)
    problem = arguments.unsafe_directory(options.places)
    if problem:
        raise Failure(problem)
    request = CommandRequest(options)
    greeting = request.encode()
    try:
        sock = connect(options.places.socket)
    except OSError as error:
        from fuguemux.client.start import connect_starting

        sock = connect_starting(options, error, request.started)
        greeting = request.encode()
    try:
        return converse(sock, request, greeting)
    except ServerLost as lost:
        from fuguemux.client.start import converse_again

        sock.close()
        return converse_again(options, request, greeting, lost)
    finally:
        sock.close()


def _run_shell(environment: dict[bytes, bytes], command: str) -> int:
    """Become the shell that runs `command` (`-c`)."""
    shell = environment.get(b"SHELL", b"")
    if not shell.startswith(b"/"):
        shell = b"/bin/sh"
    try:
        posix.execve(
            shell, [shell.rpartition(b"/")[2], b"-c", arguments.to_octets(command)], environment
        )
    except OSError as error:
        raise Failure(f"cannot run {shell.decode('utf-8', 'replace')}: {error.strerror}") from error


def connect(path: str) -> "_socket.socket":
    """Return a socket connected to the server. Raises OSError."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock


def converse(sock: "_socket.socket", request: CommandRequest, greeting: bytes) -> int:
    """Ask and print what comes back. Returns the exit code; attaches if the server says so.

    Raises PeerBroke, and ServerLost when the server went away: with an answer begun, that is a Failure, and without its
    greeting, or if it says so, NotBegun. Raises GoesOn when the next server is to be asked for the rest.
    """
    send(sock, greeting)
    decoder = Decoder()
    progress = Progress()
    greeted = answered = False
    try:
        data = _first(sock, progress)
        while data:
            decoder.receive(data)
            while (found := decoder.next_frame()) is not None:
                kind, payload = found
                if kind == messages.PROGRESS:
                    progress.show(payload)
                    continue
                if kind == messages.NOT_BEGUN:
                    raise NotBegun(SERVER_LOST)
                if kind == messages.GO_ON:
                    raise GoesOn(messages.decode_go_on(payload))
                greeted = True
                if kind != messages.HELLO:
                    answered = True
                    progress.clear()
                code = _take(sock, kind, payload)
                if code is not None:
                    return code
                if kind == messages.ATTACHED:
                    from fuguemux.client.attach import attach

                    return attach(sock, decoder, request, messages.decode_attached(payload))
            data = receive(sock)
    finally:
        progress.clear()
    if answered:
        raise Failure(SERVER_LOST)
    raise ServerLost(SERVER_LOST) if greeted else NotBegun(SERVER_LOST)


def _take(sock: "_socket.socket", kind: int, payload: bytes) -> int | None:
    """Do what one message says; return the exit code if it is the last one."""
    if kind == messages.STDOUT:
        write(1, payload)
    elif kind == messages.STDERR:
        write(2, payload)
    elif kind == messages.EXIT:
        return payload[0] if payload else EXIT_FAILURE
    elif kind == messages.HELLO:
        check_greeting(payload)
    elif kind == messages.STDIN_WANTED:
        _send_stdin(sock)
    elif kind == messages.DETACHED:
        detached = Detached.decode(payload)
        if detached.text:
            write(2, detached.text.encode("utf-8", "surrogateescape") + b"\n")
        return detached.exit_code
    elif kind != messages.ATTACHED and kind < 0x80:
        raise PeerBroke(f"unexpected message kind {kind}")
    return None


def check_greeting(payload: bytes) -> None:
    """Raise Failure with the server's sentence when it does not want to talk to this client."""
    hello = Hello.decode(payload)
    if hello.highest == 0:
        raise Failure(hello.text or "the server refused this client")


def send(sock: "_socket.socket", data: bytes) -> None:
    """Send all of `data`. A server that is gone already is noticed when its last words are read."""
    try:
        sock.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        return


def receive(sock: "_socket.socket") -> bytes:
    """Return what comes next; empty when the server is gone."""
    try:
        return sock.recv(RECEIVE_BYTES)
    except ConnectionResetError:
        return b""


def _first(sock: "_socket.socket", progress: "Progress") -> bytes:
    """As `receive`, for the greeting, which comes at once from a server that runs: who waits for it is told so."""
    sock.settimeout(QUIET_SECONDS_MAX)
    try:
        return receive(sock)
    except TimeoutError:
        from fuguemux.client.unanswered import line

        progress.insist(line(sock))
    finally:
        sock.settimeout(None)
    return receive(sock)


def _send_stdin(sock: "_socket.socket") -> None:
    try:
        while data := posix.read(0, STDIN_CHUNK_BYTES):
            sock.sendall(frame(messages.STDIN, data))
        sock.sendall(frame(messages.STDIN))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it does not want more; why is in what it sent
    except OSError as error:
        raise Failure(f"cannot read standard input: {error.strerror}") from error


class Progress:
    """A line that says what the server is busy with: on a terminal only, and gone when something follows."""

    __slots__ = ("_shown",)

    def __init__(self) -> None:
        self._shown = False

    def show(self, text: bytes) -> None:
        """Replace the line."""
        if posix.isatty(2):
            write(2, b"\r\x1b[K" + text)
            self._shown = True

    def insist(self, text: bytes) -> None:
        """As `show`, and without a terminal a line that stays."""
        self.show(text)
        if not self._shown:
            complain(text.decode())

    def clear(self) -> None:
        """Remove the line if there is one."""
        if self._shown:
            self._shown = False
            write(2, b"\r\x1b[K")


def fill_standard_descriptors() -> None:
    """Open what the caller has closed of stdin, stdout and stderr: a socket must not take their number, and be read for one."""
    for descriptor in (0, 1, 2):
        try:
            posix.fstat(descriptor)
        except OSError:
            posix.open("/dev/null", posix.O_RDWR)  # gets the lowest number that is free: this one


def complain(text: str) -> None:
    """Print a line on stderr, if that takes it."""
    try:
        write(2, text.encode("utf-8", "surrogateescape") + b"\n")
    except OSError:
        return  # the exit code says so too


def silence_stdout() -> None:
    """Nobody reads stdout any more: what the interpreter flushes at its end goes nowhere."""
    nowhere = posix.open("/dev/null", posix.O_WRONLY)
    posix.dup2(nowhere, 1)
    posix.close(nowhere)


def write(descriptor: int, data: bytes) -> None:
    """Write all of `data`, waiting when a non-blocking descriptor is full. Raises OSError."""
    view = memoryview(data)
    while view:
        try:
            view = view[posix.write(descriptor, view) :]
        except BlockingIOError:
            import select

            select.select([], [descriptor], [])
