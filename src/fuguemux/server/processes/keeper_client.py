"""The server's side of the keeper protocol: panes' processes as awaitable requests, and their exits as a queue.

Nothing here blocks the loop. PTY masters that this module returns are non-blocking and close-on-exec. They belong to the
caller, who must close them: a pane's processes get SIGHUP when the last duplicate, including the keeper's, is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Final

from fuguemux.keeper.channel import STALLED_SECONDS
from fuguemux.keeper.protocol import (
    PROTOCOL_VERSION,
    ROLE_SERVER,
    ChannelBroke,
    ExitStatus,
    Message,
    MessageChannel,
    PeerGone,
    flag,
    integer,
    key,
    optional_integer,
    text,
    to_text,
)
from fuguemux.server.processes.keeper_values import (
    HeldPane,
    KeeperGone,
    KeeperLost,
    KeeperRefused,
    KeeperUnreachable,
    PaneExited,
    RequestFailed,
    Spawned,
)
from fuguemux.server.processes.keeper_welcome import KeeperWelcome
from fuguemux.server.processes.taken_back import TakenBack

__all__ = [
    "ExitStatus",
    "HeldPane",
    "KeeperClient",
    "KeeperGone",
    "KeeperLost",
    "KeeperRefused",
    "KeeperUnreachable",
    "PaneExited",
    "RequestFailed",
    "Spawned",
]

HANDSHAKE_SECONDS_DEFAULT: Final = 5.0
REQUEST_SECONDS_DEFAULT: Final = 30.0


class KeeperClient:
    """A connection to the keeper after its handshake. Create one with `connect`; close it with `close`."""

    def __init__(self, channel: MessageChannel, loop: asyncio.AbstractEventLoop) -> None:
        self._channel = channel
        self._loop = loop
        self._answers: dict[int, asyncio.Future[tuple[Message, list[int]]]] = {}
        self._taken_back = TakenBack(self._tell)
        self._last_request = 0
        self._welcome = KeeperWelcome(loop)
        self._closed = False
        self._writing = False
        self.keeper_pid = 0
        self.held: list[HeldPane] = []
        """The panes that the keeper held at the handshake. The masters belong to the caller."""
        self.descriptors: dict[str, int] = {}
        """The named file descriptors that an earlier server stored. They belong to the caller."""
        self.events: asyncio.Queue[PaneExited | KeeperLost] = asyncio.Queue()
        """Events since the handshake, in order. KeeperLost is the last one."""

    @classmethod
    async def connect(
        cls,
        path: str,
        *,
        store: str,
        takeover: bool = False,
        timeout_seconds: float = HANDSHAKE_SECONDS_DEFAULT,
    ) -> KeeperClient:
        """Connect to the keeper listening on `path` and receive everything it holds.

        `store` names the state that the panes belong to; a keeper serves one state only. `takeover` replaces a server
        that is connected, which then gets KeeperLost. Raises KeeperUnreachable and KeeperRefused.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        return await cls.over(
            connection, path, store=store, takeover=takeover, timeout_seconds=timeout_seconds
        )

    @classmethod
    async def over(
        cls,
        connection: socket.socket,
        path: str = "",
        *,
        store: str,
        takeover: bool = False,
        timeout_seconds: float = HANDSHAKE_SECONDS_DEFAULT,
    ) -> KeeperClient:
        """Do the same over a socket, which this object then owns. Without a path the socket is already connected: see
        keeper/link.py.
        """
        loop = asyncio.get_running_loop()
        client = cls(MessageChannel(connection), loop)
        try:
            async with asyncio.timeout(timeout_seconds):
                if path:
                    await loop.sock_connect(connection, path)
                loop.add_reader(connection, client._on_readable)
                hello: Message = {
                    "type": "hello",
                    "protocol": PROTOCOL_VERSION,
                    "role": ROLE_SERVER,
                    "store": store,
                }
                client._send({**hello, "pid": os.getpid(), "takeover": takeover})
                await client._welcome.complete
        except TimeoutError as error:
            client._give_back()
            raise KeeperUnreachable(
                f"the keeper {path and 'at '}{path} did not answer within {timeout_seconds:g} s"
            ) from error
        except (OSError, PeerGone) as error:
            client._give_back()
            raise KeeperUnreachable(f"no keeper at {path or 'the other end'}: {error}") from error
        except BaseException:
            client._give_back()
            raise
        client.keeper_pid = client._welcome.keeper_pid
        client.held, client.descriptors = client._welcome.held, client._welcome.descriptors
        return client

    # Requests

    async def spawn(
        self,
        key: str,
        argv: Sequence[bytes],
        cwd: bytes,
        environment: Mapping[bytes, bytes],
        columns: int,
        rows: int,
        *,
        program: bytes | None = None,
        pixel_width: int = 0,
        pixel_height: int = 0,
    ) -> Spawned:
        """Start a pane's process. Returns once its exec succeeded, however long the keeper takes. If cancelled, takes the
        request back: a keeper that has not begun does not start the process, and a running process gets SIGHUP.

        `program` is looked up along PATH in `environment` unless it contains a slash; it defaults to argv[0]. Raises
        RequestFailed with `stage` ("change the directory", "execute", …) and `errno`, KeeperUnreachable, KeeperGone.
        """
        answer, descriptors = await self._ask(
            {
                "type": "spawn",
                "key": key,
                "program": to_text(argv[0] if program is None else program),
                "argv": [to_text(argument) for argument in argv],
                "cwd": to_text(cwd),
                "environment": [
                    to_text(name + b"=" + value) for name, value in environment.items()
                ],
                "columns": columns,
                "rows": rows,
                "pixel_width": pixel_width,
                "pixel_height": pixel_height,
            },
            seconds=None,
        )
        (master_fd,) = descriptors
        return Spawned(
            key,
            integer(answer, "pid"),
            optional_integer(answer, "start_time"),
            text(answer, "tty"),
            master_fd,
        )

    async def kill(self, key: str, signal: int, *, foreground: bool = False) -> bool:
        """Signal the process's group, or the terminal's foreground group. Returns whether any process got the signal."""
        answer, _ = await self._ask(
            {"type": "kill", "key": key, "signal": signal, "foreground": foreground}
        )
        return flag(answer, "delivered")

    async def taken(self, key: str) -> None:
        """Say that exit status and all output of an ended pane are safe: the keeper may forget the pane."""
        await self._ask({"type": "taken", "key": key})

    async def forget(self, key: str) -> None:
        """Drop a pane whether it runs or not: the keeper closes its master and reports it no more."""
        await self._ask({"type": "forget", "key": key})

    async def adopt(self, pane: HeldPane) -> None:
        """Give a pane to this keeper, which did not start it. `pane.master_fd` still belongs to the caller."""
        await self._ask(
            {
                "type": "adopt",
                "key": pane.key,
                "pid": pane.pid,
                "start_time": pane.start_time,
                "tty": pane.tty,
                "argv": [to_text(argument) for argument in pane.argv],
                "status": pane.exit_status.as_message() if pane.exit_status is not None else None,
            },
            (pane.master_fd,),
        )

    async def store(self, name: str, descriptor: int) -> None:
        """Make the keeper hold a duplicate of `descriptor` for the next server, in place of an older one called `name`."""
        await self._ask({"type": "store", "name": name}, (descriptor,))

    async def unstore(self, name: str) -> None:
        """Make the keeper close the file descriptor `name`."""
        await self._ask({"type": "unstore", "name": name})

    async def ready(self, version: str = "", panes: Sequence[str] | None = None) -> None:
        """Say that this server serves. The keeper tells clients that wait for the server to start.

        `panes` are the keys of the panes that this server carries on with. If one is missing and an earlier server is
        standing by, that server gets its place back and this one is ended: RequestFailed. A server serves even if its
        keeper dies meanwhile; KeeperLost reports that.
        """
        message: Message = {"type": "ready", "version": version}
        with contextlib.suppress(KeeperUnreachable):
            await self._ask(message if panes is None else {**message, "panes": list(panes)})

    async def listen(self, *, anew: bool = False) -> str:
        """Make the keeper create its socket and locks again if they are gone. Returns the path where it listens.

        `anew`: the state is now in another directory at the same path. Raises RequestFailed for a keeper of an earlier
        version, KeeperUnreachable.
        """
        answer, _ = await self._ask({"type": "listen", "anew": anew})
        return text(answer, "path")

    async def stop(self) -> None:
        """Say that this server ends on purpose: once it is gone, the keeper hangs all panes up and ends."""
        await self._ask({"type": "stop"})

    def close(self) -> None:
        """Close the connection; the panes go on. Requests without an answer fail with KeeperUnreachable."""
        self._lose(KeeperLost("closed by us"))

    # The connection

    async def _ask(
        self,
        message: Message,
        descriptors: Sequence[int] = (),
        *,
        seconds: float | None = REQUEST_SECONDS_DEFAULT,
    ) -> tuple[Message, list[int]]:
        if self._closed:
            raise KeeperGone("the connection to the keeper is closed")
        self._last_request += 1
        request = self._last_request
        future: asyncio.Future[tuple[Message, list[int]]] = self._loop.create_future()
        self._answers[request] = future
        try:
            self._send({**message, "id": request}, descriptors)
            async with asyncio.timeout(seconds):
                answer, received = await future
        except TimeoutError as error:
            raise KeeperUnreachable(
                f"the keeper did not answer within {REQUEST_SECONDS_DEFAULT:g} s"
            ) from error
        except PeerGone as error:
            raise KeeperGone(f"the keeper is gone: {error}") from error
        except asyncio.CancelledError:
            answered = future.done() and not future.cancelled() and future.exception() is None
            # The answer arrived in the same moment.
            for descriptor in future.result()[1] if answered else ():
                os.close(descriptor)
            self._taken_back.add(request, message, answered=answered)
            raise
        finally:
            self._answers.pop(request, None)
        if "error" in answer:
            errno = answer.get("errno")
            stage = answer.get("stage")
            raise RequestFailed(
                str(answer["error"]),
                stage if isinstance(stage, str) else "",
                errno if isinstance(errno, int) else 0,
            )
        return answer, received

    def _tell(self, message: Message) -> None:
        """Send a request without waiting for its answer."""
        if not self._closed:
            self._last_request += 1
            with contextlib.suppress(PeerGone):
                self._send({**message, "id": self._last_request})

    def _send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        self._channel.send(message, descriptors)
        self._update_writer()

    def _update_writer(self) -> None:
        if self._channel.stalled:
            self._loop.call_later(STALLED_SECONDS, self._on_writable)
        wants = self._channel.wants_to_write
        if wants and not self._writing:
            self._loop.add_writer(self._channel, self._on_writable)
        elif self._writing and not wants:
            self._loop.remove_writer(self._channel)
        self._writing = wants

    def _on_writable(self) -> None:
        if self._closed:
            return
        try:
            self._channel.flush()
        except PeerGone:
            return  # read first what the keeper sent before its end
        self._update_writer()

    def _on_readable(self) -> None:
        try:
            for message, descriptors in self._channel.receive():
                self._on_message(message, descriptors)
                for descriptor in descriptors:  # close descriptors that no request wanted
                    os.close(descriptor)
        except (PeerGone, ChannelBroke) as error:
            self._lose(KeeperLost(str(error)))

    def _on_message(self, message: Message, descriptors: list[int]) -> None:
        kind = text(message, "type")
        if kind == "answer":
            request = integer(message, "id")
            future = self._answers.get(request)
            self._taken_back.answered(request, message)
            if future is not None and not future.done():
                future.set_result((message, list(descriptors)))
                descriptors.clear()
        elif kind == "exited":
            status = ExitStatus.of_message(message.get("status"))
            if status is None:
                raise ChannelBroke("an exit without a status")
            self.events.put_nowait(PaneExited(key(message), status))
        elif kind == "superseded":
            self._lose(KeeperLost("another server took over", integer(message, "pid")))
        elif not self._welcome.complete.done():
            self._welcome.take(kind, message, descriptors)

    def _lose(self, lost: KeeperLost) -> None:
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(ValueError):
            self._loop.remove_reader(self._channel)
            self._loop.remove_writer(self._channel)
        self._channel.close()
        for future in self._answers.values():
            if not future.done():
                future.set_exception(PeerGone(lost.reason))
        self._welcome.fail(PeerGone(lost.reason))
        self.events.put_nowait(lost)

    def _give_back(self) -> None:
        """Close all file descriptors that a failed handshake received."""
        self.close()
        self._welcome.close()
