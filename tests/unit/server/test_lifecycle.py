"""Complaint: "launcher kills a daemon that is still recovering". Whoever comes meanwhile is told what it waits for."""

import asyncio
from types import SimpleNamespace
from typing import Any

from fuguemux.server.lifecycle import Lifecycle

OPTIONS = SimpleNamespace(command_files=())


class Waiting:
    """A client that wants something before the server is ready."""

    def __init__(self) -> None:
        self.is_open = True
        self.told: list[str] = []
        self.something = asyncio.Event()

    def progress(self, text: str) -> None:
        self.told.append(text)
        self.something.set()


async def test_a_client_is_told_how_far_recovery_is_and_then_served() -> None:
    recovered = SimpleNamespace(panes=dict.fromkeys(range(200)))
    server: Any = SimpleNamespace(
        loop=asyncio.get_running_loop(),
        booted=SimpleNamespace(recovered=recovered, lock=None, options=OPTIONS),
        report=SimpleNamespace(
            panes=[SimpleNamespace(status="live")] * 12 + [SimpleNamespace(status="pending")] * 188
        ),
        checkpointer=SimpleNamespace(),
        checkpoint_settings=None,
    )
    lifecycle = Lifecycle(server)
    client: Any = Waiting()
    async with asyncio.TaskGroup() as tasks:
        served = tasks.create_task(lifecycle.wait_ready(client))
        await client.something.wait()
        assert client.told == ["fugue: recovering 12 of 200 panes…"]
        assert not served.done()
        client.is_open = False  # it goes away, and nothing is sent to it any more
        lifecycle._ready.set()
    assert len(client.told) == 1


async def test_a_server_that_is_ready_says_nothing() -> None:
    server: Any = SimpleNamespace(
        loop=asyncio.get_running_loop(),
        booted=SimpleNamespace(recovered=SimpleNamespace(panes={}), lock=None, options=OPTIONS),
        checkpointer=SimpleNamespace(),
        checkpoint_settings=None,
    )
    lifecycle = Lifecycle(server)
    lifecycle._ready.set()
    client: Any = Waiting()
    await lifecycle.wait_ready(client)
    assert client.told == []
