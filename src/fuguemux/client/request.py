"""What a client process asks: its words, directory, environment and terminal. Part of the thin client."""

import posix

from fuguemux import __version__
from fuguemux.client import arguments
from fuguemux.client.arguments import ClientOptions
from fuguemux.client.failure import Failure
from fuguemux.protocol import messages
from fuguemux.protocol.messages import CommandMessage, Hello

COMMAND_BYTES_MAX = 1 << 20
"""Equal to ARGUMENT_BYTES_MAX of model/limits.py; a test holds them together."""

_TTY_FLAGS = (messages.STDIN_TTY, messages.STDOUT_TTY, messages.STDERR_TTY)


class CommandRequest:
    """What this process asks, ready to be asked again after a reconnect with the size of that moment."""

    __slots__ = ("_command", "options")

    def __init__(self, options: ClientOptions) -> None:
        self.options = options
        flags = sum(flag for descriptor, flag in enumerate(_TTY_FLAGS) if posix.isatty(descriptor))
        flags |= messages.UTF8 if "u" in options.flags else 0
        flags |= messages.COLORS_256 if "2" in options.flags else 0
        tty = b""
        if flags & messages.STDIN_TTY:
            try:
                tty = arguments.to_octets(posix.ttyname(0))
            except OSError:
                flags &= (
                    ~messages.STDIN_TTY
                )  # a terminal of another mount namespace: it has no name here
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

    @property
    def tty(self) -> bytes:
        """Path of the terminal on stdin; empty without one."""
        return self._command.tty

    def encode(self, resume: bytes = b"") -> bytes:
        """Return the greeting and the command. Raises Failure when the command is too long."""
        command = self._command
        if resume or command.tty:
            command.columns, command.rows = terminal_size()
        command.resume = resume
        length = sum(map(len, command.argv))
        if length > COMMAND_BYTES_MAX:
            raise Failure(f"command too long: {length} bytes, at most {COMMAND_BYTES_MAX}")
        try:
            frames = command.encode()
        except ValueError as error:
            raise Failure(f"command and environment too long: {error}") from error
        return Hello(messages.VERSION_MIN, messages.VERSION_MAX, __version__).encode() + frames


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
    """Return the current directory; if it was deleted, the name it had."""
    try:
        return posix.getcwdb()
    except OSError:
        return environment.get(b"PWD") or environment.get(b"HOME") or b"/"
