"""What users are told about durability, and that one problem does not hide another."""

import asyncio

import pytest

from fuguemux.persistence.wal.durability import Durability
from fuguemux.server.storage.durability_status import DurabilityStatus


class World:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.status = DurabilityStatus(asyncio.get_running_loop())
        self.status.connect(self.told.append)


@pytest.fixture
async def here() -> World:
    return World()


async def test_each_change_of_the_log_is_told_once(here: World) -> None:
    for _ in range(2):
        here.status.log_changed(Durability.LOST, "No space left on device")
    await asyncio.sleep(0)
    (told,) = here.told
    assert told.startswith("fugue: durability lost: ")
    assert "No space left on device" in told
    assert here.status.alert() == "durability lost"
    assert here.status.warning() == "fugue: durability lost: No space left on device"
    here.status.log_changed(Durability.OK, "")
    await asyncio.sleep(0)
    assert here.told[1:] == ["fugue: durability restored: everything is on disk again"]
    assert (here.status.alert(), here.status.warning()) == ("", "")


async def test_failing_checkpoints_are_told_when_they_begin_and_when_it_is_over(
    here: World,
) -> None:
    for failure in ("No space left on device", "No space left on device (another file)", ""):
        here.status.checkpoints_changed(failure)
    assert here.told == [
        "fugue: checkpoints fail: No space left on device: durability degraded",
        "fugue: checkpoints are written again: durability ok",
    ]


async def test_a_log_that_nobody_would_find_is_lost_however_well_it_is_written(
    here: World,
) -> None:
    here.status.checkpoints_changed("No space left on device")
    here.status.place_changed("the state directory was moved")
    assert here.status.now == "lost"
    assert here.status.reason == "the state directory was moved"
    here.status.place_changed("")
    assert here.status.now == "degraded"
    assert here.status.reason == "checkpoints fail: No space left on device"


async def test_before_there_are_clients_nobody_is_told() -> None:
    status = DurabilityStatus(asyncio.get_running_loop())
    status.log_changed(Durability.LOST, "gone")
    status.checkpoints_changed("gone")
    await asyncio.sleep(0)
    assert status.now == "lost"
