"""The turn: one command runs at a time. A command that waits lets others run, and says what it waits for."""

import asyncio
import errno
from collections.abc import Callable

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.server.processes.keeper_values import RequestFailed, Spawned
from fuguemux.server.processes.starts import ProcessStarts, ServerEnded, Withdrawn
from fuguemux.server.requests.turn import Turn, TurnGivenUp


class Requester:
    def __init__(self) -> None:
        self.said: asyncio.Queue[str] = asyncio.Queue()
        self.gone: Callable[[], None] | None = None

    def waits(self, text: str) -> None:
        self.said.put_nowait(text)

    def if_gone(self, give_up: Callable[[], None]) -> None:
        self.gone = give_up

    def done(self) -> None:
        self.gone = None


async def test_others_have_their_turn_while_one_is_aside_and_not_before() -> None:
    turn, order, answered = Turn(aside_seconds=0.01), [], asyncio.Event()

    async def slow() -> None:
        async with turn.of(Requester()):
            order.append("slow begins")
            await turn.aside(_wait(answered), Requester(), lambda: "a keeper", _ignore)
            order.append("slow ends")

    async def other() -> None:
        async with turn.of(Requester()):
            order.append("other")
        answered.set()

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(slow())
        tasks.create_task(other())
    assert order == ["slow begins", "other", "slow ends"]


async def test_what_is_quick_keeps_the_turn() -> None:
    turn, order = Turn(aside_seconds=30), []

    async def quick() -> None:
        async with turn.of(Requester()):
            await turn.aside(asyncio.sleep(0.01), Requester(), lambda: "", _ignore)
            order.append("quick")

    async def other() -> None:
        async with turn.of(Requester()):
            order.append("other")

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(quick())
        tasks.create_task(other())
    assert order == ["quick", "other"]


async def test_the_requester_is_told_what_it_waits_for_and_whoever_is_behind_it_too() -> None:
    turn, first, second = Turn(aside_seconds=30, say_seconds=0), Requester(), Requester()
    answered = asyncio.Event()

    async def one(requester: Requester) -> None:
        async with turn.of(requester):
            await turn.aside(_wait(answered), requester, lambda: "the keeper", _ignore)

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        tasks.create_task(one(first))
        tasks.create_task(one(second))
        assert await first.said.get() == "fugue: waiting for the keeper…"
        assert await second.said.get() == "fugue: waiting for a command before it…"
        answered.set()


async def test_a_failure_aside_leaves_the_turn_as_it_was() -> None:
    turn = Turn(aside_seconds=0)

    async def fails() -> None:
        await asyncio.sleep(0.01)
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        async with turn.of(Requester()):
            await turn.aside(fails(), Requester(), lambda: "", _ignore)
    async with asyncio.timeout(30), turn.of(Requester()):
        pass


async def test_who_is_cancelled_while_another_has_the_turn_takes_it_from_nobody() -> None:
    turn, answered, other_ends = Turn(aside_seconds=0), asyncio.Event(), asyncio.Event()
    order: list[str] = []

    async def slow() -> None:
        async with turn.of(Requester()):
            await turn.aside(_wait(answered), Requester(), lambda: "a keeper", _ignore)

    async def other() -> None:
        async with turn.of(Requester()):
            order.append("other begins")
            answered.set()
            await other_ends.wait()
            order.append("other ends")

    async def third() -> None:
        async with turn.of(Requester()):
            order.append("third")

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        first = tasks.create_task(slow())
        await asyncio.sleep(0)
        tasks.create_task(other())
        await answered.wait()
        await _a_few_turns()  # the first waits for its turn again
        first.cancel()
        await _a_few_turns()
        tasks.create_task(third())
        await _a_few_turns()
        other_ends.set()
    assert order == ["other begins", "other ends", "third"]
    assert first.cancelled()


async def _a_few_turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def _never() -> Spawned:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def _ignore() -> None:
    """Nobody leaves."""


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def test_a_start_is_withdrawn_by_a_later_one_of_its_pane_and_by_the_end() -> None:
    starts = ProcessStarts()
    pane = PaneId(1)

    async def begun() -> str:
        try:
            await starts.begin(pane, _never)
        except (Withdrawn, ServerEnded) as reason:
            return type(reason).__name__
        return ""

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        first = tasks.create_task(begun())
        await asyncio.sleep(0)
        second = tasks.create_task(begun())
        assert await first == "Withdrawn"
        starts.end()
        assert await second == "ServerEnded"
        assert await begun() == "ServerEnded", "and none is begun any more"


async def test_at_a_limit_it_is_asked_again_while_processes_are_ending() -> None:
    starts, pane = ProcessStarts(), PaneId(1)
    asked: list[int] = []
    spawned = Spawned("key", 2, 3, "/dev/pts/1", 4)

    async def spawn() -> Spawned:
        asked.append(len(asked))
        if len(asked) < 3:
            raise RequestFailed("no process", "fork", errno.EAGAIN)
        return spawned

    async with asyncio.timeout(30):
        assert await starts.begin(pane, spawn) == spawned
    assert asked == [0, 1, 2]


async def test_a_failure_of_the_program_is_told_at_once() -> None:
    async def spawn() -> Spawned:
        raise RequestFailed("cannot execute", "execute", errno.ENOENT)

    with pytest.raises(RequestFailed, match="execute"):
        await ProcessStarts().begin(PaneId(1), spawn)


async def test_who_waits_for_files_has_no_turn_and_is_not_begun_once_nobody_waits() -> None:
    turn, requester, answered = Turn(say_seconds=0), Requester(), asyncio.Event()

    async def reads() -> str:
        try:
            await turn.left(_wait(answered), requester, "files to be read", "source-file")
        except TurnGivenUp as command:
            return str(command)
        return ""

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(reads())
        assert await requester.said.get() == "fugue: waiting for files to be read…"
        async with turn.of(Requester()):
            pass
        while requester.gone is None:  # noqa: ASYNC110  # set in the next turn of the loop
            await asyncio.sleep(0)
        requester.gone()
        assert await reading == "source-file"
        second = tasks.create_task(reads())
        answered.set()
        assert await second == ""
