"""The command `fugue` in its thinnest form: sends argv to the server, and prints its answer.

A command takes little longer than the bare interpreter, because only `sys`, `posix` and `_socket` are imported here. What
attaches, starts a server or works without one is imported when it is needed.
"""

import posix
import sys

from fuguemux import TMUX_VERSION, __version__
from fuguemux.client import arguments
from fuguemux.client.arguments import ClientOptions, UsageError
from fuguemux.client.conversation import (
    EXIT_FAILURE,
    CommandRequest,
    complain,
    connect,
    converse,
    write,
)
from fuguemux.client.failure import Failure, ServerLost
from fuguemux.protocol.framing import Decoder, PeerBroke

OFFLINE_WORDS = (
    "help",
    "doctor",
    "config",
    "state",
    "import",
    "completions",
    "service",
    "shim",
    "version",
)
"""Commands of fugue's own that need no server. The room `cli` carries them out."""

_EXPLAIN_THEMSELVES = ("doctor", "config", "state", "service", "shim", "import")
"""Those that have verbs, each with its own --help."""

EXIT_INTERRUPTED = 130

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable


def main(
    run_offline: "Callable[[ClientOptions], int] | None" = None, argv: "list[str] | None" = None
) -> int:
    """Run the command in `argv` (`sys.argv` if None) and return its exit code. Prints; blocks until the command ends.

    `run_offline` carries out the OFFLINE_WORDS. It is passed in because the room `cli` is above this one.
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
    """Turn `fugue COMMAND --help` into `fugue help COMMAND`. No command of tmux has the flag, so a client called as tmux
    refuses it.
    """
    words = options.argv
    if len(words) != 2 or words[1] != "--help" or words[0] in _EXPLAIN_THEMSELVES:
        return
    if not options.program.startswith("tmux"):
        options.argv = ["help", words[0]]


def carry_out(options: ClientOptions) -> int:
    """Run the command in `options` with the server and return its exit code. Prints, including a line about errors."""
    try:
        return _run(options)
    except Failure as error:
        complain(str(error))
    except PeerBroke as error:
        complain(
            f"{options.program}: the process that listens there is not a working fugue server: {error}"
        )
    except BrokenPipeError:
        silence_stdout()
    except OSError as error:  # for example, stdout is on a full disk
        complain(f"{options.program}: the answer cannot be written: {error.strerror or error}")
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return EXIT_FAILURE


def _run(options: ClientOptions) -> int:
    if "V" in options.flags:
        # Tools decide by the output of `tmux -V` what they may send.
        as_tmux = options.program.startswith("tmux")
        text = f"tmux {TMUX_VERSION}" if as_tmux else f"fugue {__version__}"
        write(1, text.encode() + b"\n")
        return 0
    if options.shell_command is not None:
        return _run_shell(options.environment, options.shell_command)
    if "D" in options.flags:
        from fuguemux.client.start import run_in_foreground  # late: few processes become the server

        return run_in_foreground(options)
    problem = arguments.unsafe_directory(options.places)
    if problem:
        raise Failure(problem)
    request = CommandRequest(options)
    greeting = request.encode()
    try:
        sock = connect(options.places.socket)
    except OSError as error:
        from fuguemux.client.start import connect_starting  # late: most commands find a server

        sock = connect_starting(options, error, request.started)
        greeting = request.encode()
    try:
        return _talk(sock, request, greeting)
    except ServerLost as lost:
        from fuguemux.client.start import converse_again  # late: a server rarely goes away

        sock.close()
        return converse_again(options, request, greeting, lost, _talk)
    finally:
        sock.close()


def _talk(sock: "_socket.socket", request: CommandRequest, greeting: bytes) -> int:
    """Hold the conversation of the request's kind on a new connection. Returns the exit code."""
    if request.control:
        from fuguemux.client.control import control  # late: few clients are control clients

        return control(sock, request, greeting)
    return converse(sock, request, greeting, _attach)


def _run_shell(environment: dict[bytes, bytes], command: str) -> int:
    """Execute the shell that runs `command` (`-c`)."""
    shell = environment.get(b"SHELL", b"")
    if not shell.startswith(b"/"):
        shell = b"/bin/sh"
    try:
        posix.execve(
            shell, [shell.rpartition(b"/")[2], b"-c", arguments.to_octets(command)], environment
        )
    except OSError as error:
        raise Failure(f"cannot run {shell.decode('utf-8', 'replace')}: {error.strerror}") from error


def _attach(
    sock: "_socket.socket", decoder: Decoder, request: CommandRequest, attached: bytes
) -> int:
    """Call `attach.attach`, which is imported here because most commands do not attach."""
    from fuguemux.client.attach import attach

    return attach(sock, decoder, request, attached)


def fill_standard_descriptors() -> None:
    """Open those of stdin, stdout and stderr that the caller has closed, so that a socket does not get their number."""
    for descriptor in (0, 1, 2):
        try:
            posix.fstat(descriptor)
        except OSError:
            posix.open("/dev/null", posix.O_RDWR)  # gets the lowest free number, which is this one


def silence_stdout() -> None:
    """stdout has no reader any more: discard what the interpreter flushes at its end."""
    nowhere = posix.open("/dev/null", posix.O_WRONLY)
    posix.dup2(nowhere, 1)
    posix.close(nowhere)
