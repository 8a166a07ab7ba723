"""Complaint: "launcher kills a daemon that is still recovering". A client that connects meanwhile is told what it
waits for."""

import asyncio
from typing import Any

from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.parts import PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.server.requests.readiness import Readiness
from fuguemux.server.requests.start_files import StartFiles


class Waiting:
    """A client that wants something before the server is ready."""

    def __init__(self) -> None:
        self.is_open = True
        self.command = None
        self.told: list[str] = []
        self.something = asyncio.Event()

    def progress(self, text: str) -> None:
        self.told.append(text)
        self.something.set()


def readiness(report: RecoveryReport) -> Readiness:
    return Readiness(report, len(report.panes), StartFiles(()), lambda: False)


async def test_a_client_is_told_how_far_recovery_is_and_then_served() -> None:
    report = RecoveryReport(0)
    report.panes = [
        PaneReport(PaneId(number), "live" if number < 12 else "pending") for number in range(200)
    ]
    ready = readiness(report)
    client: Any = Waiting()
    async with asyncio.TaskGroup() as tasks:
        served = tasks.create_task(ready.wait(client))
        await client.something.wait()
        assert client.told == ["fugue: recovering 12 of 200 panes…"]
        assert not served.done()
        client.is_open = False  # it goes away, and nothing is sent to it any more
        ready.set()
    assert len(client.told) == 1


async def test_a_server_that_is_ready_says_nothing() -> None:
    ready = readiness(RecoveryReport(0))
    ready.set()
    client: Any = Waiting()
    await ready.wait(client)
    assert client.told == []
