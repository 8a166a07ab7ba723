"""A server for clients under test, in a thread: it has a real socket and real messages, and a script for each
connection."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder, message_bytes
from fuguemux.protocol.messages import CommandMessage, Hello

DEADLINE_SECONDS = 30


class Peer:
    """One client as the server sees it."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(DEADLINE_SECONDS)
        self.socket = sock
        self.decoder = Decoder()
        self.hello: Hello | None = None
        self.command = CommandMessage(())

    def next(self) -> tuple[int, bytes]:
        """The next message. Its kind is 0 at the end of the stream."""
        while (found := self.decoder.next_message()) is None:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                return 0, b""
            self.decoder.receive(data)
        return found

    def until(self, kind: int) -> bytes:
        """The payload of the next message of `kind`. Earlier messages of other kinds are skipped."""
        while True:
            found, payload = self.next()
            if found == kind:
                return payload
            assert found, f"the client left before it sent kind {kind}"

    def until_end(self) -> None:
        """Take messages until the client closes."""
        while self.next()[0]:
            pass

    def keys(self, length: int) -> bytes:
        """The next `length` bytes that were typed."""
        typed = b""
        while len(typed) < length:
            typed += self.until(messages.INPUT)
        return typed

    def greet(self) -> None:
        """Receive the greeting and the command, and send a greeting."""
        self.hello = Hello.decode(self.until(messages.HELLO))
        self.send(Hello(1, 1, "test").encode())
        self.command = CommandMessage.decode(self.until(messages.COMMAND))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def tell(self, kind: int, payload: bytes = b"") -> None:
        self.send(message_bytes(kind, payload))

    def exit(self, code: int = 0) -> None:
        self.send(messages.exit_with(code))


class FakeServer:
    """Listens on `path`. Greets each connection, and gives it to the next function in `script`."""

    def __init__(self, path: Path, script: Callable[[Peer], None], *, greet: bool = True) -> None:
        self.path = path
        self.peers: list[Peer] = []
        self.error: BaseException | None = None
        self._script = script
        self._greet = greet
        self._socket = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            peer = Peer(sock)
            self.peers.append(peer)
            try:
                if self._greet:
                    peer.greet()
                self._script(peer)
            except BaseException as error:  # noqa: BLE001  # the test that owns this thread raises it
                self.error = error
            finally:
                sock.close()

    def stop_listening(self) -> None:
        """Accept no more connections. The script that runs continues."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def close(self) -> None:
        """Stop listening, and wait for the end of the running script. Raises what a script raised."""
        self.stop_listening()
        self._thread.join(DEADLINE_SECONDS)
        if self.error is not None:
            raise self.error


@contextlib.contextmanager
def serving(
    path: Path, script: Callable[[Peer], None], *, greet: bool = True
) -> Iterator[FakeServer]:
    """A context with a fake server."""
    server = FakeServer(path, script, greet=greet)
    try:
        yield server
    finally:
        server.close()
