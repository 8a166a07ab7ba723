"""Alerts of windows: noted once while a pane floods, given ten times a second at most, and gone when they are seen."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from fuguemux.model.apply import apply
from fuguemux.model.events import AnyEvent, WindowSelected
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.state import ServerState
from fuguemux.server.clients.alerts import Alerts
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.running import DEADLINE_SECONDS

ONE = SessionId(0)


class Clients:
    """One client on the session, and what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []
        self.drawn = 0
        self.event = asyncio.Event()

    def shows_session(self, session: SessionId) -> bool:
        return session == ONE

    def alert(self, session: SessionId, text: str, *, rings: bool) -> None:
        self.told.append((text, rings))
        self.event.set()

    def status_changed(self, session: SessionId) -> None:
        self.drawn += 1
        self.event.set()

    async def hears(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self.event.wait()
        self.event.clear()


class World:
    """A session with three windows; the last two are monitored for activity."""

    def __init__(self) -> None:
        watched = {"monitor-activity": "on"}
        self.state: ServerState = state(
            session("one", window("a"), window("b", options=watched), window("c", options=watched))
        )
        self.clients = Clients()
        self.hooks: list[tuple[str, WindowId]] = []
        self.alerts = Alerts(
            asyncio.get_running_loop(),
            lambda: self.state,
            FakeLive(),
            self.clients,
            lambda name, _session, of: self.hooks.append((name, of)),
        )

    def publish(self, *events: AnyEvent) -> None:
        before = self.state
        for event in events:
            self.state = apply(self.state, event)
        self.alerts.published(before, self.state, events)

    def marks(self) -> list[str]:
        return [self.alerts.marks(ONE, of) for of in sorted(self.state.windows)]


def with_world(test: Callable[[World], Awaitable[None]]) -> None:
    async def run() -> None:
        await test(World())

    asyncio.run(run())


def test_activity_marks_a_window_once_and_selecting_it_clears_the_mark() -> None:
    async def test(world: World) -> None:
        for _ in range(100):
            world.alerts.output(PaneId(1), bell=False)
        await world.clients.hears()
        assert world.marks() == ["", "#", ""]
        assert world.hooks == [("alert-activity", WindowId(1))]
        assert world.clients.drawn == 1
        world.publish(WindowSelected(ONE, world.state.sessions[ONE].links[1].index))
        assert world.marks() == ["", "", ""]

    with_world(test)


def test_bells_that_come_together_ring_once() -> None:
    async def test(world: World) -> None:
        for _ in range(100):
            world.alerts.output(PaneId(0), bell=True)
        await world.clients.hears()
        assert world.clients.told == [("", True)]
        assert world.hooks == [("alert-bell", WindowId(0))]
        assert world.marks() == ["", "", ""]  # a client shows this window

    with_world(test)


def test_a_session_can_be_cleared_and_a_client_that_comes_sees_its_window() -> None:
    async def test(world: World) -> None:
        world.alerts.output(PaneId(2), bell=True)
        await world.clients.hears()
        assert world.marks() == ["", "", "#!"]
        world.alerts.cleared(ONE)
        assert world.marks() == ["", "", ""]
        world.alerts.output(PaneId(2), bell=True)
        await world.clients.hears()
        current = msgspec.structs.replace(
            world.state.sessions[ONE], active=world.state.sessions[ONE].links[2].index
        )
        world.state = msgspec.structs.replace(world.state, sessions={ONE: current})
        world.alerts.attached(ONE)
        assert world.marks() == ["", "", ""]

    with_world(test)
