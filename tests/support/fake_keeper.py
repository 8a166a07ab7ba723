"""A keeper that starts no process: the test is the program of each pane, and holds the other end of the terminal."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence

from fuguemux.keeper.protocol import MessageChannel
from fuguemux.server.processes.keeper_client import KeeperClient, Spawned


async def _at_once() -> None:
    pass


class FakeKeeper(KeeperClient):
    """`told` lists the requests in order. `before_spawn` is awaited in each start, and may raise."""

    def __init__(self, told: list[tuple[object, ...]], pid: int = 50) -> None:
        ours, self._other = socket.socketpair()
        super().__init__(MessageChannel(ours), asyncio.get_running_loop())
        self.keeper_pid = pid
        self.told = told
        self.before_spawn: Callable[[], Awaitable[object]] = _at_once
        self.programs: dict[str, int] = {}
        """For each key the program's end of the terminal."""

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
        self.told.append(("spawn", key, (columns, rows)))
        await self.before_spawn()
        master, slave = os.openpty()
        os.set_blocking(master, False)
        self.programs[key] = slave
        return Spawned(key, 1_000 + len(self.programs), 7, os.ttyname(slave), master)

    async def kill(self, key: str, signal: int, *, foreground: bool = False) -> bool:
        self.told.append(("kill", key, signal))
        return True

    async def taken(self, key: str) -> None:
        self.told.append(("taken", key))

    async def forget(self, key: str) -> None:
        self.told.append(("forget", key))

    def write(self, key: str, data: bytes) -> None:
        """The program prints something."""
        os.write(self.programs[key], data)

    def hang_up(self, key: str) -> None:
        """The program closes its terminal."""
        os.close(self.programs.pop(key))

    def end(self) -> None:
        """Close everything at the end of the test."""
        for key in list(self.programs):
            self.hang_up(key)
        self._other.close()
        self._give_back()
