"""The server's Unix socket: private from its creation, open to its owner and root, and to at most CLIENTS_MAX clients."""

import asyncio
import os
import socket
import stat
from collections.abc import Callable
from typing import Final

from fuguemux.keeper.listener import peer_of
from fuguemux.model.ids import ClientId
from fuguemux.model.limits import CLIENTS_MAX, VIEWER_OUTBOX_BYTES_MAX
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.client_socket import ClientSocket
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.handler import Handler
from fuguemux.server.ports import CannotStart
from fuguemux.server.work import reserve

HELLO_SECONDS_MAX: Final = 10.0
"""From the connection to the end of the client's command message. A connection that takes longer is closed."""
BACKLOG: Final = 128
PROBE_SECONDS_MAX: Final = 1.0


class ListenError(CannotStart):
    """The socket cannot be opened. The message says why and what to do. The server does not start."""


def bind_private(path: str) -> socket.socket:
    """Return a socket bound to `path`, with mode 0600 whatever the umask.

    Its directory must have been prepared by `config.paths.prepare`. Call it only while the lock of the state is held:
    then a socket on which no process listens is left over from a dead server, and is removed. Raises ListenError if
    another kind of file is there, or if another process listens.
    """
    _remove_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        sock.bind(path)
    except OSError as error:
        sock.close()
        raise ListenError(f"cannot listen on {path}: {error.strerror or error}") from error
    finally:
        os.umask(mask)
    return sock


def _remove_stale(path: str) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise ListenError(f"cannot listen on {path}: {error.strerror}") from error
    if not stat.S_ISSOCK(mode):
        raise ListenError(f"{path} is not a socket: remove it, or give another path with -S")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_SECONDS_MAX)
        try:
            probe.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            pass
        except OSError as error:
            raise ListenError(f"cannot listen on {path}: {error.strerror or error}") from error
        else:
            raise ListenError(
                f"another server listens on {path}: stop it, or give another path with -S"
            )
    os.unlink(path)


def peer_uid(sock: socket.socket) -> int:
    """Return the user id of the process at the other end. Raises OSError if the system does not tell."""
    return peer_of(sock)[0]


class Listener:
    """Accepts clients on a bound socket and runs their commands as tasks of `tasks`, which the caller owns."""

    def __init__(
        self,
        sock: socket.socket,
        handler: Handler,
        tasks: asyncio.TaskGroup,
        *,
        clients_max: int = CLIENTS_MAX,
        hello_seconds_max: float = HELLO_SECONDS_MAX,
        came: Callable[[ClientId], None] = lambda _client: None,
        served: Callable[[ClientId], None] = lambda _client: None,
    ) -> None:
        """`came` is called for each new connection; `served` at least once when a client has its answer or is gone."""
        self.handler = handler
        self.hello_seconds_max = hello_seconds_max
        self.viewer_outbox_bytes_max = VIEWER_OUTBOX_BYTES_MAX
        self.reconnect_seconds: int | None = None
        self._came = came
        self._served = served
        self._socket = sock
        self._tasks = tasks
        self._clients_max = clients_max
        self._connections: dict[ClientId, Connection] = {}
        self._next_client = 1
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> tuple[Connection, ...]:
        """All open connections, oldest first."""
        return tuple(self._connections.values())

    async def start(self) -> None:
        """Begin to accept. Call it once; the listener owns the socket from then on."""
        loop = asyncio.get_running_loop()
        # Not create_unix_server: from Python 3.13 on it removes the socket's file when it closes.
        self._server = await loop.create_server(
            self._socket_of_client, sock=self._socket, backlog=BACKLOG
        )

    async def move(self, sock: socket.socket) -> None:
        """Accept on another bound socket, and no longer on the one before. Open connections stay."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._socket_of_client, sock=sock, backlog=BACKLOG)
        if self._server is not None:
            self._server.close()
        self._socket.close()
        self._server, self._socket = server, sock

    def close(self) -> None:
        """Stop accepting. Open connections stay, and so does the socket's file, as with tmux.

        A client that finds the file without a listener says `no server running on PATH`.
        """
        if self._server is not None:
            self._server.close()
        self._socket.close()

    def abort_all(self, reason: str) -> None:
        """Close every connection at once."""
        for connection in self.connections:
            connection.abort(reason)

    def _socket_of_client(self) -> ClientSocket:
        client = ClientId(self._next_client)
        self._next_client += 1
        self._came(client)
        return ClientSocket(client, self)

    def admit(self, connection: Connection, transport: asyncio.Transport) -> str:
        """Return why a new connection is refused; empty if it is accepted. The owner and root may connect."""
        sock = transport.get_extra_info("socket")
        try:
            uid = peer_uid(sock)
        except OSError as error:
            return f"access not allowed: {error.strerror}"
        if uid not in (os.getuid(), 0):
            return "access not allowed"
        if len(self._connections) >= self._clients_max:
            return f"too many clients: {self._clients_max} are connected; detach some and try again"
        if refusal := reserve.client_refusal():
            return refusal
        self._connections[connection.client] = connection
        return ""

    def run(self, connection: Connection, command: CommandMessage) -> None:
        """Carry out a command as a task."""
        task = self._tasks.create_task(
            self.handler.command(connection, command), name=f"client {connection.client}"
        )
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def cancel_tasks(self) -> None:
        """Cancel the commands that are not done. The log is closed, and no client that waits for them is connected."""
        for task in self._running:
            task.cancel()

    def answered(self, client: ClientId) -> None:
        """The client has its answer, or is attached now."""
        self._served(client)

    def forget(self, connection: Connection) -> None:
        """Remove a closed connection from the list."""
        self._served(connection.client)
        self._connections.pop(connection.client, None)
