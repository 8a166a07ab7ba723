"""The output of panes that a sequence of commands creates waits for the end of the sequence, unless one of its
commands waits."""

import asyncio
from collections.abc import Callable

from fuguemux.server.work.sequence_gate import SequenceGate


class Order:
    """A gate and what was done, in order."""

    def __init__(self) -> None:
        self.gate = SequenceGate()
        self.done: list[str] = []

    def does(self, what: str) -> Callable[[], None]:
        return lambda: self.done.append(what)


def test_outside_of_sequences_nothing_waits() -> None:
    order = Order()
    order.gate.begin("a", order.does("begin"))
    order.gate.after("a", order.does("end"))
    with order.gate.opened():
        order.gate.begin("b", order.does("b"))
    assert order.done == ["begin", "end", "b"]


def test_a_sequence_is_waited_for_and_what_belongs_together_stays_in_order() -> None:
    order = Order()
    with order.gate.closed():
        order.gate.begin("a", order.does("begin a"))
        with order.gate.closed():
            order.gate.begin("b", order.does("begin b"))
        order.gate.after("a", order.does("end a"))
        order.gate.after("other", order.does("end other"))
        assert order.done == ["end other"]
    assert order.done == ["end other", "begin a", "end a", "begin b"]


def test_what_a_command_waits_for_is_not_kept_from_it() -> None:
    order = Order()
    with order.gate.closed():
        order.gate.begin("a", order.does("a"))
        with order.gate.opened():
            assert order.done == ["a"]
            order.gate.begin("b", order.does("b"))
            assert order.done == ["a", "b"]
        order.gate.begin("c", order.does("c"))
        assert order.done == ["a", "b"]
    assert order.done == ["a", "b", "c"]


async def test_sequences_wait_for_themselves_only() -> None:
    order, waits, goes_on = Order(), asyncio.Event(), asyncio.Event()

    async def waiting() -> None:
        with order.gate.closed():
            order.gate.begin("a", order.does("a"))
            with order.gate.opened():
                waits.set()
                await goes_on.wait()

    async def other() -> None:
        await waits.wait()
        with order.gate.closed():
            order.gate.begin("b", order.does("b"))
            assert order.done == ["a"]
            goes_on.set()
            await asyncio.sleep(0)
            order.gate.after("b", order.does("end b"))
            assert order.done == ["a"]
        assert order.done == ["a", "b", "end b"]

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(waiting())
        tasks.create_task(other())


async def test_a_task_that_outlives_its_sequence_is_a_sequence_of_its_own() -> None:
    order, late = Order(), asyncio.Event()

    async def background() -> None:
        await late.wait()
        with order.gate.closed():
            order.gate.begin("a", order.does("a"))
            assert order.done == []

    with order.gate.closed():
        task = asyncio.get_running_loop().create_task(background())
    late.set()
    await task
    assert order.done == ["a"]
