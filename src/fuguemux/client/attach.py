"""An attached client: sends keys to the server and writes the server's bytes to the terminal. Reconnects after a restart
of the server.

One loop over the terminal, the socket and a pipe that signals write to. Nothing blocks. While the terminal takes no
output, the socket is not read; while the server takes no input, the keys are not read.
"""

import _socket
import contextlib
import os
import select
import signal
import time

from fuguemux.client.conversation import CommandRequest, check_greeting
from fuguemux.client.ends import End, become, run_here
from fuguemux.client.failure import Failure
from fuguemux.client.outbox import ClientOutbox
from fuguemux.client.reconnect import GIVE_UP_SECONDS, Reconnect
from fuguemux.client.tty import Tty, TtyGone
from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder, PeerBroke, message_bytes
from fuguemux.protocol.messages import Detached

OUTPUT_BYTES_HIGH = 256 << 10
"""If this much is waiting for the terminal, the socket is not read."""
INPUT_BYTES_HIGH = 256 << 10
"""If this much is waiting for the server, the keys are not read."""
HELD_BYTES_MAX = 64 << 10
"""Keys that are kept while the server is away. Later ones are dropped."""
RECEIVE_BYTES = 256 << 10
INTERRUPT = b"\x03"
BLANK = b"\x1b\\\x1b[?2026l\x1b[m\x1b[?25h\x1b[H\x1b[2J"
"""Clears the screen, in whatever state the last server left it."""

EXIT_LOST = 1
_SIGNALS = (
    signal.SIGWINCH,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGTSTP,
    signal.SIGCONT,
    signal.SIGINT,
)


def attach(
    sock: "_socket.socket", decoder: Decoder, request: CommandRequest, attached: bytes
) -> int:
    """Connect the terminal to the server until one of the two ends it. Returns the exit code.

    `attached` is the payload of ATTACHED. `decoder` may contain messages that came after it. The socket then belongs to
    this function. Raises Failure if the terminal cannot be used, and PeerBroke if the server breaks the protocol; the
    terminal is restored then.
    """
    resume, enter, leave = messages.decode_attached(attached)
    try:
        tty = Tty(request.tty)
    except OSError as error:
        sock.close()
        raise Failure(f"open terminal failed: {error.strerror}") from error
    tty.use(enter, leave)
    client = AttachedClient(sock, decoder, request, resume, tty)
    try:
        end = client.run()
    finally:
        client.close()
    if end.command:
        become(end.shell, end.command)
    return end.exit_code


class AttachedClient:
    """The loop and its state."""

    def __init__(
        self,
        sock: "_socket.socket",
        decoder: Decoder,
        request: CommandRequest,
        resume: bytes,
        tty: Tty,
    ) -> None:
        self._tty = tty
        self._request = request
        self._resume = resume
        self._patience_s = GIVE_UP_SECONDS
        self._socket: _socket.socket | None = sock
        self._decoder = decoder
        self._to_terminal = bytearray()
        self._outbox = ClientOutbox()
        self._greeting = bytearray()
        self._reconnect: Reconnect | None = None
        self._signals: list[int] = []
        self._wake_read, self._wake_write = os.pipe()
        self._handlers: dict[signal.Signals, object] = {}

    def run(self) -> End:
        """Run until the end. Returns how the client ends."""
        end = End("")
        try:
            self._catch_signals()
            if self._socket is not None:
                self._socket.setblocking(False)
            self._tty.enter()
            self._tell(messages.resize(*self._tty.size()))
            self._take_messages()
            while True:
                self._once()
        except End as reached:
            end = reached
        except TtyGone:
            end = self._leaving("lost tty")
        finally:
            self._finish()
        if end.text and not end.command:
            self._tty.say(end.text)
        if end.hang_up_parent and os.getppid() > 1:
            os.kill(os.getppid(), signal.SIGHUP)
        return end

    def close(self) -> None:
        """Restore what was changed. May be called more than once."""
        self._finish()
        self._tty.close()
        if self._wake_read >= 0:
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_read = -1

    def _finish(self) -> None:
        """Restore the terminal first, then the signals, and close the socket."""
        self._tty.leave()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself gave us
        if self._handlers:
            signal.set_wakeup_fd(-1)
        self._handlers = {}
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # One turn of the loop.

    def _once(self) -> None:
        tty, server = self._tty.fileno(), self._socket
        reading: list[int] = [self._wake_read]
        writing: list[int] = [tty] if self._to_terminal else []
        if self._outbox.length < INPUT_BYTES_HIGH or self._reconnect is not None:
            reading.append(tty)
        timeout_s = None
        if server is not None:
            if len(self._to_terminal) < OUTPUT_BYTES_HIGH:
                reading.append(server.fileno())
            if self._greeting or (self._outbox.length and self._reconnect is None):
                writing.append(server.fileno())
        elif self._reconnect is not None:
            timeout_s = self._reconnect.wait_s(time.monotonic())
        readable, writable, _ = select.select(reading, writing, [], timeout_s)
        if self._wake_read in readable:
            self._take_signals()
        if tty in writable:
            self._write_terminal()
        if server is not None and server is self._socket:
            self._serve(server.fileno() in readable, server.fileno() in writable)
        if tty in readable:
            self._take_keys()
        if self._reconnect is not None and self._socket is None:
            self._try_again(self._reconnect)

    def _serve(self, readable: bool, writable: bool) -> None:
        try:
            if readable:
                self._read_server()
            if writable and self._socket is not None:
                self._write_server()
        except OSError:
            self._lost()

    def _read_server(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._lost()
            return
        self._decoder.receive(data)
        self._take_messages()

    def _write_server(self) -> None:
        assert self._socket is not None
        if not self._greeting:
            self._outbox.send(self._socket)
            return
        with contextlib.suppress(BlockingIOError):
            del self._greeting[: self._socket.send(self._greeting)]

    def _write_terminal(self) -> None:
        taken = self._tty.write(bytes(self._to_terminal[:OUTPUT_BYTES_HIGH]))
        del self._to_terminal[:taken]

    def _take_keys(self) -> None:
        data = self._tty.read()
        if not data:
            return
        if self._reconnect is not None and self._reconnect.announced and INTERRUPT in data:
            raise End("[server exited unexpectedly]", EXIT_LOST)
        self._tell(message_bytes(messages.INPUT, data))

    def _tell(self, data: bytes) -> None:
        """Send a message, or keep it until there is a server again."""
        if self._reconnect is None or self._outbox.length + len(data) <= HELD_BYTES_MAX:
            self._outbox.put(data)

    # What the server says.

    def _take_messages(self) -> None:
        while (found := self._decoder.next_message()) is not None:
            self._take(*found)

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == messages.OUTPUT:
            self._to_terminal += payload
            if len(self._to_terminal) <= OUTPUT_BYTES_HIGH:
                self._write_terminal()
        elif kind == messages.DETACHED:
            detached = Detached.decode(payload)
            raise End(
                detached.text,
                detached.exit_code,
                hang_up_parent=detached.hang_up_parent,
                shell=detached.shell,
                command=detached.command,
            )
        elif kind == messages.EXIT:
            raise End("", payload[0] if payload else EXIT_LOST)
        elif kind == messages.RESUME:
            self._resume = payload
        elif kind == messages.PATIENCE:
            self._patience_s = float(messages.decode_patience(payload))
        elif kind in (messages.SUSPEND, messages.LOCK):
            self._lend(payload)
        elif kind == messages.ATTACHED:
            self._resumed(*messages.decode_attached(payload))
        elif kind == messages.PROGRESS:
            self._show_line(payload)
        elif kind == messages.HELLO:
            try:
                check_greeting(payload)
            except Failure as error:
                raise End(str(error), EXIT_LOST) from None
        elif kind == messages.STDERR:
            raise End(payload.decode("utf-8", "surrogateescape").rstrip("\n"), EXIT_LOST)
        elif kind < 0x80:
            raise PeerBroke(f"unexpected message kind {kind}")

    # The server goes away and comes back.

    def _lost(self) -> None:
        """The server is gone without a message: keep the terminal, and wait for the next one."""
        assert self._socket is not None
        self._socket.close()
        self._socket = None
        self._outbox.start_over()
        del self._greeting[:]
        if self._reconnect is None:
            self._reconnect = Reconnect(self._request, time.monotonic(), give_up_s=self._patience_s)
        else:
            self._reconnect.failed(time.monotonic())

    def _try_again(self, reconnect: Reconnect) -> None:
        try:
            line = reconnect.step(time.monotonic())
        except Failure as error:
            raise End(f"[server exited unexpectedly]\n{error}", EXIT_LOST) from None
        if line:
            self._show_line(line.encode())
        if reconnect.socket is None:
            return
        self._socket, reconnect.socket = reconnect.socket, None
        self._socket.setblocking(False)
        self._decoder = Decoder()
        self._greeting += self._request.encode(self._resume)

    def _resumed(self, resume: bytes, enter: bytes, leave: bytes) -> None:
        """The new server draws: clear the screen for it, then send the keys that were typed meanwhile."""
        self._tty.use(enter, leave)
        self._resume = resume
        self._reconnect = None
        self._to_terminal += BLANK
        self._outbox.put_first(messages.resize(*self._tty.size()))

    def _show_line(self, text: bytes) -> None:
        """Show a line at the bottom, over the last frame."""
        if line := self._tty.last_line(text):
            self._to_terminal += line
            self._write_terminal()

    # Signals.

    def _catch_signals(self) -> None:
        for descriptor in (self._wake_read, self._wake_write):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in _SIGNALS:
            self._handlers[number] = signal.signal(
                number, lambda caught, _: self._signals.append(caught)
            )

    def _take_signals(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4_096)
        caught, self._signals = set(self._signals), []
        if signal.SIGHUP in caught:
            raise self._leaving("lost tty")
        if caught & {signal.SIGTERM, signal.SIGINT}:
            raise self._leaving("terminated")
        if signal.SIGTSTP in caught:
            self._stop()
        elif signal.SIGCONT in caught:
            self._wake()
        elif signal.SIGWINCH in caught:
            self._tell(messages.resize(*self._tty.size()))

    def _leaving(self, why: str) -> End:
        """Tell the server why, if it listens. Returns how this client ends."""
        self._tell_now(message_bytes(messages.DETACH, why.encode()))
        return End(f"[{why}]", EXIT_LOST)

    def _stop(self) -> None:
        """Restore the terminal, stop this process, and take the terminal again when the process is continued."""
        self._tell_now(message_bytes(messages.SUSPENDED))
        self._tty.leave()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self._wake()

    def _lend(self, command: bytes) -> None:
        """Give the terminal to a command that locks it, without one to a shell, and take it again afterwards."""
        if not command:
            self._stop()
            return
        self._tell_now(message_bytes(messages.SUSPENDED))
        self._tty.leave()
        run_here(command)
        # Keys that end or stop a program were for the command.
        ignored = (signal.SIGINT, signal.SIGTSTP)
        self._signals = [caught for caught in self._signals if caught not in ignored]
        self._wake()

    def _wake(self) -> None:
        """Take the terminal as it is now, and have everything drawn."""
        self._signals = [caught for caught in self._signals if caught != signal.SIGCONT]
        self._tty.enter()
        self._tell(messages.resize(*self._tty.size(), messages.WOKEN))

    def _tell_now(self, data: bytes) -> None:
        """Send a message before something else happens to this process. Without a server, or with one that does not read,
        send nothing.
        """
        if self._socket is None or self._reconnect is not None:
            return
        self._tell(data)
        try:
            self._write_server()
        except OSError:
            return  # the next read notices it
