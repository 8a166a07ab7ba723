"""Everything that commands wait for is ended in one place."""

import asyncio

import pytest

from fuguemux.server.work.waits import ServerEnds, Waits


async def test_what_comes_in_time_comes() -> None:
    assert await Waits().until_end(asyncio.sleep(0, "came"), "ended") == "came"


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("repeatable", [False, True])
async def test_all_who_wait_are_ended(restarts: bool, repeatable: bool) -> None:
    waits, left = Waits(), []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append(1)

    async def waiting() -> ServerEnds:
        with pytest.raises(ServerEnds) as ends:
            await waits.until_end(for_ever(), "ended", repeatable=repeatable)
        return ends.value

    async with asyncio.TaskGroup() as tasks:
        found = [tasks.create_task(waiting()) for _ in range(3)]
        await asyncio.sleep(0)
        waits.end(restarts=restarts)
        waits.end(restarts=not restarts)  # the first word counts
        found.append(tasks.create_task(waiting()))  # one that comes later
    assert left == [1, 1, 1]
    for task in found:
        assert str(task.result()) == ("" if repeatable else "ended")
        assert task.result().again == (repeatable and restarts)


async def test_a_time_out_of_the_work_itself_is_its_own() -> None:
    async def late() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Waits().until_end(late(), "ended")
