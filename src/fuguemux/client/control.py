"""A control client (`-C`): passes lines from its standard input to the server, and prints what the server says.

The protocol is tmux's, see tmux(1), CONTROL MODE. The server interprets the lines and forms the answers. This side adds
the last line, `%exit`, and with `-CC` the end of the device control string. Nothing reconnects: a program that drives
the server must know that it has to look at everything anew.
"""

import _socket
import contextlib
import os
import select
import signal
import termios

from fuguemux.client.conversation import (
    EXIT_FAILURE,
    SERVER_LOST,
    CommandRequest,
    check_greeting,
    complain,
    send,
    write,
)
from fuguemux.client.failure import Failure, NotBegun, ServerLost
from fuguemux.client.outbox import ClientOutbox
from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder, PeerBroke, message_bytes
from fuguemux.protocol.messages import Detached

OUTPUT_BYTES_HIGH = 256 << 10
"""If this much waits for the reader of stdout, the socket is not read. The server then notices that it is slow."""
INPUT_BYTES_HIGH = 256 << 10
"""If this much waits for the server, stdin is not read."""
RECEIVE_BYTES = 256 << 10
READ_BYTES = 64 << 10
LINE_BYTES_MAX = 64 << 10

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
"""End the client, as in tmux without a reason. C-c is for the programs in panes, and is ignored."""
STRING_END = b"\x1b\\"


def control(sock: "_socket.socket", request: CommandRequest, greeting: bytes) -> int:
    """Run a control client until the server or the end of stdin ends it. Returns the exit code; prints; blocks.

    Raises NotBegun or ServerLost if the server went away before it said anything, PeerBroke, and Failure if `-CC` was
    given without a terminal.
    """
    raw = RawInput() if request.device else None
    client = ControlLoop(sock)
    try:
        send(sock, greeting)
        sock.setblocking(False)
        return client.run(raw)
    finally:
        client.close()
        if raw is not None:
            raw.restore()


class RawInput:
    """The terminal on stdin, without echo and line editing, until `restore`. Its output still gets its carriage returns."""

    def __init__(self) -> None:
        """Raises Failure without a terminal."""
        try:
            self._before = termios.tcgetattr(0)
        except termios.error as error:
            raise Failure(f"tcgetattr failed: {error.args[1]}") from error
        settings = list(self._before)
        settings[0] = termios.ICRNL | termios.IXANY
        settings[1] = termios.OPOST | termios.ONLCR
        settings[2] = termios.CREAD | termios.CS8 | termios.HUPCL
        settings[3] = 0
        settings[6] = list(self._before[6])
        settings[6][termios.VMIN], settings[6][termios.VTIME] = 1, 0
        termios.tcsetattr(0, termios.TCSANOW, settings)

    def restore(self) -> None:
        """Give the terminal its settings back. A terminal that is gone needs none."""
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, self._before)


class Over(Exception):
    """The client ends, with the reason that `%exit` names, and an exit code."""

    def __init__(
        self,
        reason: str = "",
        exit_code: int = 0,
        *,
        hang_up_parent: bool = False,
        wait: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exit_code = exit_code
        self.hang_up_parent = hang_up_parent
        self.wait = wait


class ControlLoop:
    """The loop over stdin, the socket and stdout."""

    def __init__(self, sock: "_socket.socket") -> None:
        self._socket = sock
        self._decoder = Decoder()
        self._to_stdout = bytearray()
        self._outbox = ClientOutbox()
        self._stdin_open = True
        self._greeted = self._answered = False
        self._wake_read, self._wake_write = os.pipe()
        self._handlers: dict[signal.Signals, object] = {}

    def run(self, raw: RawInput | None) -> int:
        """Run until the end. Returns the exit code."""
        self._catch_signals()
        end = self._until_over()
        self._farewell(end, raw)
        if end.hang_up_parent and os.getppid() > 1:
            os.kill(os.getppid(), signal.SIGHUP)
        return end.exit_code

    def _until_over(self) -> Over:
        try:
            while True:
                self._once()
        except Over as over:
            return over

    def close(self) -> None:
        """Undo what was changed for the process."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself gave us
        if self._handlers:
            signal.set_wakeup_fd(-1)
        self._handlers = {}
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _farewell(self, end: Over, raw: RawInput | None) -> None:
        """Print everything that was received, and the last line."""
        text = f"%exit {end.reason}" if end.reason else "%exit"
        write(1, bytes(self._to_stdout) + text.encode("utf-8", "surrogateescape") + b"\n")
        if end.wait and self._stdin_open:
            _wait_for_empty_line()
        if raw is not None:
            write(1, STRING_END)

    # One turn of the loop.

    def _once(self) -> None:
        reading: list[int] = [self._wake_read]
        writing: list[int] = [1] if self._to_stdout else []
        if self._stdin_open and self._outbox.length < INPUT_BYTES_HIGH:
            reading.append(0)
        if len(self._to_stdout) < OUTPUT_BYTES_HIGH:
            reading.append(self._socket.fileno())
        if self._outbox.length:
            writing.append(self._socket.fileno())
        readable, writable, _ = select.select(reading, writing, [])
        if self._wake_read in readable:
            raise Over
        if 1 in writable:
            self._write_stdout()
        if 0 in readable:
            self._read_stdin()
        try:
            if self._socket.fileno() in readable:
                self._read_server()
            if self._socket.fileno() in writable:
                self._outbox.send(self._socket)
        except OSError:
            self._lost()

    def _write_stdout(self) -> None:
        """Write what a pipe surely takes without blocking: select says that there is room for a page."""
        try:
            taken = os.write(1, self._to_stdout[: select.PIPE_BUF])
        except BlockingIOError:
            return
        del self._to_stdout[:taken]

    def _read_stdin(self) -> None:
        try:
            data = os.read(0, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # the terminal is gone
        self._stdin_open = bool(data)
        self._outbox.put(message_bytes(messages.INPUT, data))

    def _read_server(self) -> None:
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._lost()
        self._decoder.receive(data)
        while (found := self._decoder.next_message()) is not None:
            self._take(*found)

    def _take(self, kind: int, payload: bytes) -> None:
        self._greeted = True
        self._answered = self._answered or kind != messages.HELLO
        if kind in (messages.OUTPUT, messages.STDOUT):
            self._to_stdout += payload
        elif kind == messages.STDERR:
            complain(payload.decode("utf-8", "surrogateescape").rstrip("\n"))
        elif kind == messages.EXIT:
            raise Over(exit_code=payload[0] if payload else EXIT_FAILURE)
        elif kind == messages.DETACHED:
            said = Detached.decode(payload)
            raise Over(
                said.text, said.exit_code, hang_up_parent=said.hang_up_parent, wait=said.wait
            )
        elif kind == messages.HELLO:
            check_greeting(payload)
        elif kind == messages.NOT_BEGUN:
            raise NotBegun(SERVER_LOST)
        elif kind not in (messages.ATTACHED, messages.SUSPEND) and kind < 0x80:
            raise PeerBroke(f"unexpected message kind {kind}")

    def _lost(self) -> None:
        """The server is gone without a last message."""
        if self._answered:
            raise Over(SERVER_LOST, EXIT_FAILURE)
        raise ServerLost(SERVER_LOST) if self._greeted else NotBegun(SERVER_LOST)

    def _catch_signals(self) -> None:
        for descriptor in (self._wake_read, self._wake_write):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in _SIGNALS:
            self._handlers[number] = signal.signal(number, lambda _caught, _frame: None)
        self._handlers[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)


def _wait_for_empty_line() -> None:
    """Read stdin up to an empty line or its end, so that a program can send what it has begun (`wait-exit`)."""
    line = b""
    while data := os.read(0, READ_BYTES):
        *whole, rest = (line + data).split(b"\n")
        if b"" in whole:
            return
        line = rest[-LINE_BYTES_MAX:]
