"""A keeper for each test, which is ended in any case, and functions that wait for a condition until a deadline."""

import asyncio
import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from fuguemux.keeper.channel import Message, MessageChannel, PeerGone
from fuguemux.keeper.protocol import PROTOCOL_VERSION, keeper_argv
from fuguemux.server.processes.keeper_client import KeeperClient, Spawned
from fuguemux.server.processes.keeper_start import start_keeper

T = TypeVar("T")
SECONDS_MAX = 30.0
PATH = b"/usr/local/bin:/usr/bin:/bin"


def eventually(condition: Callable[[], object], what: str = "") -> None:
    """Wait until `condition` is true; fail after a generous deadline."""
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what or condition}"
        select.select([], [], [], 0.005)


async def eventually_async(condition: Callable[[], object], what: str = "") -> None:
    """The same without holding up the loop."""
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what or condition}"
        await asyncio.sleep(0.005)


async def within(awaitable: Awaitable[T]) -> T:
    async with asyncio.timeout(SECONDS_MAX):
        return await awaitable


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state not in (b"Z", b"X")


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])


def read_until(master: int, wanted: bytes) -> bytes:
    """Read a terminal until `wanted` has come or it ended."""
    received = b""
    deadline = time.monotonic() + SECONDS_MAX
    while wanted not in received:
        assert time.monotonic() < deadline, received
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            received += os.read(master, 65536)
        except OSError:
            return received
    return received


class KeeperHarness:
    """Starts keepers on one socket and remembers what to end."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = str(directory / "keeper")
        self.log = directory / "log"
        self._pids: set[int] = set()
        self._descriptors: list[int] = []
        self._channels: list[MessageChannel] = []

    def argv(
        self, server_argv: Sequence[str] = (), *, adopt: bool = False, wait_seconds: int = 60
    ) -> tuple[str, ...]:
        return keeper_argv(
            self.path,
            server_argv=tuple(server_argv),
            log_path=str(self.log),
            adopt=adopt,
            wait_seconds=wait_seconds,
            python=sys.executable,
        )

    async def start(self, server_argv: Sequence[str] = ()) -> None:
        await start_keeper(self.argv(server_argv))
        self.note_pid()

    def note_pid(self) -> int:
        pid = self.status().get("keeper_pid")
        assert isinstance(pid, int)
        self._pids.add(pid)
        return pid

    async def connect(self, **options: bool) -> KeeperClient:
        client = await KeeperClient.connect(self.path, store="state", **options)
        self._pids.add(client.keeper_pid)
        self._channels.append(client._channel)
        self._descriptors += [pane.master_fd for pane in client.held]
        return client

    async def spawn(
        self, client: KeeperClient, key: str, *argv: str | bytes, cwd: bytes = b"/"
    ) -> Spawned:
        arguments = [os.fsencode(argument) for argument in argv]
        spawned = await within(client.spawn(key, arguments, cwd, {b"PATH": PATH}, 80, 24))
        self._descriptors.append(spawned.master_fd)
        return spawned

    def close(self, descriptor: int) -> None:
        """Close a master before the end of the test."""
        self._descriptors.remove(descriptor)
        os.close(descriptor)

    def raw(self) -> MessageChannel:
        """A connection that has said nothing yet."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self.path)
        except OSError:
            connection.close()
            raise
        return MessageChannel(connection)

    def control(self, kind: str) -> Message:
        """Ask something as one who is not the server."""
        channel = self.raw()
        channel.send({"type": "hello", "protocol": PROTOCOL_VERSION, "role": "control"})
        channel.send({"type": kind, "id": 1})
        try:
            received: list[Message] = []
            while len(received) < 2:
                assert select.select([channel], [], [], SECONDS_MAX)[0]
                received += [message for message, _ in channel.receive()]
            return received[1]
        finally:
            channel.close()

    def status(self) -> Message:
        return self.control("status")

    def end(self) -> None:
        """End every keeper and, by closing the last masters, their panes."""
        with contextlib.suppress(OSError, PeerGone):
            self.note_pid()
        for pid in self._pids:
            if alive(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(
                        pid, signal.SIGKILL
                    )  # SIGTERM would be passed on to the server: this process
                eventually(lambda pid=pid: not alive(pid), f"the end of keeper {pid}")  # type: ignore[misc]  # mypy does not infer a default argument
        for channel in self._channels:  # of a test that failed: its loop has gone
            channel.close()
        for descriptor in self._descriptors:
            os.close(descriptor)
