"""The conversation of a client that is not attached: it sends a request, and prints the answer. Part of the thin client.

Modules that start a server, find one or attach to one use this module, so it imports none of these.
"""

import _socket
import posix

from fuguemux import __version__
from fuguemux.client import arguments
from fuguemux.client.arguments import ClientOptions
from fuguemux.client.failure import Failure, GoesOn, NotBegun, ServerLost
from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder, PeerBroke, message_bytes
from fuguemux.protocol.messages import CommandMessage, Detached, Hello

RECEIVE_BYTES = 256 << 10
STDIN_CHUNK_BYTES = 64 << 10

QUIET_SECONDS_MAX = 3.0

SERVER_LOST = "server exited unexpectedly"

EXIT_FAILURE = 1

COMMAND_BYTES_MAX = 1 << 20
"""Equal to ARGUMENT_BYTES_MAX of model/limits.py; a test compares them."""

_TTY_FLAGS = (messages.STDIN_TTY, messages.STDOUT_TTY, messages.STDERR_TTY)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Attach = Callable[[_socket.socket, Decoder, "CommandRequest", bytes], int]
    """Takes over a connection once the server has sent ATTACHED. The last argument is its payload. See `attach.attach`.
    """


class CommandRequest:
    """The request of this process, which can be sent again after a reconnect, with the terminal's size at that moment."""

    __slots__ = ("_command", "options")

    def __init__(self, options: ClientOptions) -> None:
        self.options = options
        flags = sum(flag for descriptor, flag in enumerate(_TTY_FLAGS) if posix.isatty(descriptor))
        flags |= messages.UTF8 if "u" in options.flags else 0
        flags |= messages.COLORS_256 if "2" in options.flags else 0
        flags |= messages.CONTROL if "C" in options.flags else 0
        flags |= messages.CONTROL_DEVICE if "CC" in options.flags else 0
        tty = b""
        if flags & messages.STDIN_TTY:
            try:
                tty = arguments.to_octets(posix.ttyname(0))
            except OSError:
                # A terminal of another mount namespace has no name here.
                flags &= ~messages.STDIN_TTY
        self._command = CommandMessage(
            tuple(arguments.to_octets(word) for word in options.argv),
            working_directory(options.environment),
            options.environment,
            pid=posix.getpid(),
            flags=flags,
            tty=tty,
            program=arguments.to_octets(options.program),
        )

    def started(self) -> None:
        """Note that the server was started for this request: without a session it need not stay."""
        self._command.flags |= messages.STARTED

    def terminal(self) -> bytes:
        """Return the message that describes the terminal, and remember it for later servers."""
        from fuguemux.client.terminfo import described  # late: most commands do not attach

        options = self.options
        term = options.environment.get(b"TERM", b"").decode("utf-8", "surrogateescape")
        message = described(term, options.features)
        self._command.terminal = message.payload()
        return message.encode()

    @property
    def tty(self) -> bytes:
        """Path of the terminal on stdin. Empty without one."""
        return self._command.tty

    @property
    def control(self) -> bool:
        """Whether this is a control client (`-C`)."""
        return self._command.control

    @property
    def device(self) -> bool:
        """Whether its stream is wrapped for a terminal (`-CC`)."""
        return bool(self._command.flags & messages.CONTROL_DEVICE)

    def encode(self, resume: bytes = b"") -> bytes:
        """Return the greeting and the command. Raises Failure if the command is too long."""
        command = self._command
        if not self.control and (resume or command.tty):
            command.columns, command.rows = terminal_size()
        command.resume = resume
        length = sum(map(len, command.argv))
        if length > COMMAND_BYTES_MAX:
            raise Failure(f"command too long: {length} bytes, at most {COMMAND_BYTES_MAX}")
        try:
            encoded = command.encode()
        except ValueError as error:
            raise Failure(f"command and environment too long: {error}") from error
        return Hello(messages.VERSION_MIN, messages.VERSION_MAX, __version__).encode() + encoded


def terminal_size() -> tuple[int, int]:
    """Return columns and rows of the terminal on stdin, stdout or stderr; zeros without one."""
    for descriptor in (0, 1, 2):
        try:
            columns, rows = posix.get_terminal_size(descriptor)
        except OSError:
            continue
        if columns and rows:
            return columns, rows
    return 0, 0


def working_directory(environment: dict[bytes, bytes]) -> bytes:
    """Return the current directory. If it was deleted, the name it had."""
    try:
        return posix.getcwdb()
    except OSError:
        return environment.get(b"PWD") or environment.get(b"HOME") or b"/"


def connect(path: str) -> "_socket.socket":
    """Return a socket connected to the server. Raises OSError."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock


def converse(
    sock: "_socket.socket", request: CommandRequest, greeting: bytes, attach: "Attach"
) -> int:
    """Send the request, print the answer, and return the exit code. Blocks until the answer is complete.

    If the server says that the client is attached now, calls `attach`. Raises PeerBroke, and ServerLost if the server
    went away. If an answer was begun, Failure is raised instead; if there was no greeting, or if the server says that it
    has not begun, NotBegun. Raises GoesOn if the next server is to be asked for the rest.
    """
    send(sock, greeting)
    decoder = Decoder()
    progress = Progress()
    greeted = answered = False
    try:
        data = _first(sock, progress)
        while data:
            decoder.receive(data)
            while (found := decoder.next_message()) is not None:
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
                if kind == messages.TERMINAL_WANTED:
                    send(sock, request.terminal())
                    continue
                code = _take(sock, kind, payload)
                if code is not None:
                    return code
                if kind == messages.ATTACHED:
                    return attach(sock, decoder, request, payload)
            data = receive(sock)
    finally:
        progress.clear()
    if answered:
        raise Failure(SERVER_LOST)
    raise ServerLost(SERVER_LOST) if greeted else NotBegun(SERVER_LOST)


def _take(sock: "_socket.socket", kind: int, payload: bytes) -> int | None:
    """Handle one message. Returns the exit code if it is the last one."""
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
    """Raise Failure with the server's sentence if it refuses this client."""
    hello = Hello.decode(payload)
    if hello.highest == 0:
        raise Failure(hello.text or "the server refused this client")


def send(sock: "_socket.socket", data: bytes) -> None:
    """Send all of `data`. If the server is gone, that is noticed when its last messages are read."""
    try:
        sock.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        return


def receive(sock: "_socket.socket") -> bytes:
    """Return the next bytes. Empty if the server is gone."""
    try:
        return sock.recv(RECEIVE_BYTES)
    except ConnectionResetError:
        return b""


def _first(sock: "_socket.socket", progress: "Progress") -> bytes:
    """Receive the greeting, which a running server sends at once. If it does not come, tell the user."""
    sock.settimeout(QUIET_SECONDS_MAX)
    try:
        return receive(sock)
    except TimeoutError:
        # Needed only for a server that does not answer. It imports modules of the keeper.
        from fuguemux.client.unanswered import line

        progress.insist(line(sock))
    finally:
        sock.settimeout(None)
    return receive(sock)


def _send_stdin(sock: "_socket.socket") -> None:
    try:
        while data := posix.read(0, STDIN_CHUNK_BYTES):
            sock.sendall(message_bytes(messages.STDIN, data))
        sock.sendall(message_bytes(messages.STDIN))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server does not want more; its messages say why
    except OSError as error:
        raise Failure(f"cannot read standard input: {error.strerror}") from error


class Progress:
    """A line that shows what the server is busy with. Only on a terminal, and removed before other output."""

    __slots__ = ("_shown",)

    def __init__(self) -> None:
        self._shown = False

    def show(self, text: bytes) -> None:
        """Replace the line."""
        if posix.isatty(2):
            write(2, b"\r\x1b[K" + text)
            self._shown = True

    def insist(self, text: bytes) -> None:
        """Show a line, which stays if there is no terminal."""
        self.show(text)
        if not self._shown:
            complain(text.decode())

    def clear(self) -> None:
        """Remove the line, if there is one."""
        if self._shown:
            self._shown = False
            write(2, b"\r\x1b[K")


def complain(text: str) -> None:
    """Print a line on stderr, if that is possible."""
    try:
        write(2, text.encode("utf-8", "surrogateescape") + b"\n")
    except OSError:
        return  # the exit code also reports it


def write(descriptor: int, data: bytes) -> None:
    """Write all of `data`. Waits if a non-blocking file descriptor is full. Raises OSError."""
    view = memoryview(data)
    while view:
        try:
            view = view[posix.write(descriptor, view) :]
        except BlockingIOError:
            import select  # imported late: most file descriptors block

            select.select([], [descriptor], [])
