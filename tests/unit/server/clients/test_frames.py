"""When frames are drawn: not more often than the rate allows, except for an expected echo."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fuguemux.server.clients.frames import Frames
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.panes.pane_terminal import PaneTerminal

HOUR_HZ = 1 / 3600


class Screen:
    """A viewer as far as frames go, that counts them."""

    def __init__(self) -> None:
        self.draws = True
        self.suspended = False
        self.dirty = True
        self.frame_timer: asyncio.Handle | None = None
        self.frame_held_by: int | None = None
        self.frame_at = -1e9
        self.drawn = 0
        self.connection = SimpleNamespace(congested=False, output=lambda _frame: None)

    def frame(self) -> bytes:
        self.drawn += 1
        return b"frame"

    @property
    def viewer(self) -> Viewer:
        return cast("Viewer", self)


def pane(number: int = 1, *, echo: bool = False, synchronized: bool = False) -> PaneTerminal:
    modes = SimpleNamespace(synchronized_output=synchronized)
    found: Any = SimpleNamespace(
        id=number, echo_awaited=echo, emulator=SimpleNamespace(modes=modes)
    )
    return cast("PaneTerminal", found)


@pytest.fixture
async def frames() -> Frames:
    return Frames(asyncio.get_running_loop(), lambda: HOUR_HZ)  # type: ignore[arg-type,return-value]  # slow on purpose


async def turn() -> None:
    """What is to happen soon has happened."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_the_first_frame_is_drawn_soon_and_the_second_when_it_is_due(frames: Frames) -> None:
    screen = Screen()
    frames.changed(screen.viewer, pane())
    frames.changed(screen.viewer, pane())
    assert screen.drawn == 0  # together with what else changes in this turn of the loop
    await turn()
    assert screen.drawn == 1
    frames.changed(screen.viewer, pane())
    await turn()
    assert screen.drawn == 1
    assert screen.frame_timer is not None
    frames.cancel(screen.viewer)


async def test_an_echo_is_drawn_now_though_a_frame_is_due_later(frames: Frames) -> None:
    screen = Screen()
    frames.changed(screen.viewer, pane())
    await turn()
    frames.changed(screen.viewer, pane())
    later = screen.frame_timer
    frames.changed(screen.viewer, pane(echo=True))
    assert screen.drawn == 2
    assert isinstance(later, asyncio.TimerHandle)
    assert later.cancelled()


async def test_nothing_is_drawn_for_a_client_that_is_stopped_or_does_not_read(
    frames: Frames,
) -> None:
    screen = Screen()
    screen.connection.congested = True
    frames.changed(screen.viewer, pane(echo=True))
    screen.connection.congested, screen.suspended = False, True
    frames.changed(screen.viewer, pane(echo=True))
    frames.schedule(screen.viewer)
    await turn()
    assert screen.drawn == 0


async def test_an_update_that_is_not_complete_waits_even_for_an_echo(frames: Frames) -> None:
    screen = Screen()
    frames.changed(screen.viewer, pane(echo=True, synchronized=True))
    await turn()
    assert screen.drawn == 0
    frames.changed(screen.viewer, pane(echo=True))  # complete
    assert screen.drawn == 1


async def test_an_update_that_is_complete_does_not_wait_for_the_time_it_had() -> None:
    frames = Frames(asyncio.get_running_loop(), lambda: 1_000_000)
    screen = Screen()
    frames.changed(screen.viewer, pane(synchronized=True))
    frames.changed(screen.viewer, pane(2))  # another pane's output does not show half of it
    await turn()
    assert screen.drawn == 0
    frames.changed(screen.viewer, pane())
    await turn()
    assert screen.drawn == 1
    assert screen.frame_timer is None
