"""One command at a time, its effects in order, and no reply to the requester before the change is durable."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from fuguemux.language.language import Parsed
from fuguemux.model.decision import Decision, Refused, Reply, Request
from fuguemux.model.effects import AnyEffect, Refresh
from fuguemux.model.events import SessionCreated
from fuguemux.model.ids import SessionId
from fuguemux.model.live import AnyQuestion, LiveView, NotAtHand, StatusAsked
from fuguemux.model.state import ServerState
from fuguemux.server.ports import (
    EffectFailed,
    EffectResult,
    NotDurable,
    Requester,
    ServerEnding,
)
from fuguemux.server.requests.executor import Executor
from fuguemux.server.requests.turn import Turn
from fuguemux.server.work.sequence_gate import SequenceGate
from fuguemux.server.work.waits import ServerEnds
from tests.support.engines import ListLog, engine_of
from tests.support.fake_requester import FakeRequester

SECONDS = 30


class Effects:
    """Carries out nothing. `first` is awaited before the effects of each command, `later` is what they leave to be awaited."""

    def __init__(self, told: list[object]) -> None:
        self.turn = Turn()
        self.told = told
        self.first: Callable[[], Awaitable[object]] = _at_once
        self.later: list[Awaitable[EffectResult]] = []

    async def run(
        self, effects: Sequence[AnyEffect], requester: Requester
    ) -> Sequence[Awaitable[EffectResult]]:
        await self.first()
        self.told.extend(type(effect).__name__ for effect in effects)
        later, self.later = self.later, []
        return later


class NoHooks:
    """No hook is set."""

    async def after(self, *_of_a_command: object) -> None:
        """Nothing follows."""

    async def ran(self) -> None:
        """Nothing runs."""


class World:
    """`told` is everything that happened, in order: decisions, records, effects, fsyncs and words to the requester."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.log = ListLog(lambda: self.told.append("logged"))
        self.engine = engine_of(ServerState(), self.log, decide=self.decide)
        self.effects = Effects(self.told)
        self.durability: Callable[[], Awaitable[object]] = _at_once
        self.documents = Documents()
        self.executor = Executor(
            self.engine,
            self.effects,
            self.durable,
            SequenceGate(),
            NoHooks(),
            self.documents,
        )
        self.requester = FakeRequester(self.told)
        self.page: Callable[[], Any] = str

    async def durable(self, lsn: int) -> None:
        await self.durability()
        self.told.append(f"durable {lsn}")

    def decide(self, state: ServerState, live: LiveView, request: Request) -> Decision:
        name, *words = request.argv
        self.told.append(f"decide {name}")
        match name:
            case "refuse":
                raise Refused("no such thing", near="another thing")
            case "defect":
                raise ZeroDivisionError
            case "ask":
                number = SessionId(state.next_session)
                found = self.page()
                return Decision((SessionCreated(number, str(found), b"/", 1),))
            case "look":
                return Decision(reply=Reply((words[0],)))
            case "new":
                number = SessionId(state.next_session)
                created = SessionCreated(number, words[0], b"/", 1)
                return Decision((created,), (Refresh(),), Reply((f"made {words[0]}",)))
        raise AssertionError(name)

    def sessions(self) -> list[str]:
        return [session.name for session in self.engine.state.sessions.values()]


async def _at_once() -> None:
    pass


async def _a_few_turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def _failing(error: Exception) -> EffectResult:
    raise error


async def _result(result: EffectResult) -> EffectResult:
    return result


@pytest.fixture
def here() -> World:
    return World()


async def test_logged_carried_out_durable_and_only_then_told(here: World) -> None:
    assert await here.executor.begin([("new", "a")], here.requester) == 0
    assert here.told == ["decide new", "logged", "Refresh", "durable 1", "made a\n"]


async def test_a_refusal_ends_the_sequence(here: World) -> None:
    commands = [("new", "a"), ("refuse",), ("new", "b")]
    assert await here.executor.begin(commands, here.requester) == 1
    assert here.told[-2:] == ["decide refuse", "! no such thing; did you mean another thing?"]
    assert here.sessions() == ["a"]


async def test_in_a_text_a_refusal_ends_its_line_only(here: World) -> None:
    text = [
        Parsed(("refuse",), 1),
        Parsed(("new", "a"), 1),
        Parsed(("new", "b"), 2),
    ]
    assert await here.executor.run_parsed(text, here.requester) == 1
    assert here.sessions() == ["b"]


async def test_an_effect_that_fails_leaves_what_is_logged_and_says_nothing_else(
    here: World,
) -> None:
    here.effects.first = lambda: _failing(EffectFailed("create pane failed: no"))
    assert await here.executor.begin([("new", "a"), ("new", "b")], here.requester) == 1
    assert here.told == ["decide new", "logged", "! create pane failed: no"]
    assert here.sessions() == ["a"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("new", "a"), 1, ["made a\n", "! new: done, but not on disk yet: the disk is full"]),
        (("look", "x"), 0, ["x\n"]),
    ],
)
async def test_exit_code_0_acknowledges_and_is_not_given_for_what_is_not_durable(
    here: World, words: tuple[str, ...], code: int, said: list[str]
) -> None:
    here.durability = lambda: _failing(NotDurable("the disk is full"))
    assert await here.executor.begin([words], here.requester) == code
    assert sorted(map(str, here.told[-len(said) :]), reverse=True) == said


async def test_a_log_that_cannot_be_written_is_told_and_nothing_changed(here: World) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    here.log.before = full
    assert await here.executor.begin([("new", "a")], here.requester) == 1
    assert here.told[-1] == "! new: the log could not be written: No space left on device"
    assert here.sessions() == []


async def test_a_defect_of_a_command_ends_that_command_only(here: World) -> None:
    assert await here.executor.begin([("defect",)], here.requester) == 1
    assert here.told[-1] == "! defect: internal error, see the server's log"
    assert await here.executor.begin([("new", "a")], here.requester) == 0


async def test_what_takes_long_is_told_in_order_and_its_code_ends_no_sequence(
    here: World,
) -> None:
    here.effects.later = [
        _result(EffectResult(b"first\n", 3)),
        _result(EffectResult(b"second\n")),
    ]
    assert await here.executor.begin([("look", "x"), ("new", "a")], here.requester) == 3
    said = [word for word in here.told if isinstance(word, str) and word.endswith("\n")]
    assert said == ["x\n", "first\n", "second\n", "made a\n"]


async def test_nothing_from_outside_begins_after_the_end(here: World) -> None:
    here.executor.end()
    with pytest.raises(ServerEnding):
        await here.executor.begin([("new", "a")], here.requester)
    assert here.told == []
    assert await here.executor.run([("new", "b")], here.requester) == 0, "hooks still run"


async def test_a_sequence_that_has_begun_goes_on_after_the_end(here: World) -> None:
    async def end() -> None:
        here.executor.end()

    here.effects.first = end
    assert await here.executor.begin([("new", "a"), ("new", "b")], here.requester) == 0
    assert here.sessions() == ["a", "b"]


async def test_the_end_while_a_command_waits_says_what_is_left_of_the_sequence(
    here: World,
) -> None:
    here.effects.later = [_failing(ServerEnds("wait-for: the server ended first"))]
    commands = [("look", "x"), ("new", "a"), ("new", "b")]
    with pytest.raises(ServerEnds) as ends:
        await here.executor.begin(commands, here.requester)
    assert ends.value.left == commands
    assert here.sessions() == []


async def test_effects_keep_the_turn_and_the_disk_does_not(here: World) -> None:
    effect, disk = asyncio.Event(), asyncio.Event()
    here.effects.first, here.durability = effect.wait, disk.wait
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        tasks.create_task(here.executor.begin([("new", "a")], here.requester))
        tasks.create_task(here.executor.begin([("new", "b")], FakeRequester(here.told)))
        await _a_few_turns()
        assert here.told == ["decide new", "logged"], "the second waits for the first's effects"
        effect.set()
        await _a_few_turns()
        assert here.told.count("decide new") == 2
        assert "durable 1" not in here.told, "and not for its fsync"
        disk.set()
    assert here.sessions() == ["a", "b"]


class Documents:
    """One page, read from a slow disk."""

    def __init__(self) -> None:
        self.reads: list[AnyQuestion] = []
        self.found: Mapping[AnyQuestion, Any] = {}
        self.reading = asyncio.Event()
        self.disk = asyncio.Event()

    def at_hand(self, found: Mapping[AnyQuestion, Any]) -> AbstractContextManager[object]:
        self.found = found
        return nullcontext()

    async def read(self, question: AnyQuestion) -> Any:
        self.reads.append(question)
        self.reading.set()
        await self.disk.wait()
        return "page"

    def answer(self, question: AnyQuestion) -> Any:
        if question not in self.found:
            raise NotAtHand(question)
        return self.found[question]


async def test_what_has_to_be_read_is_read_once_while_others_have_their_turn(
    here: World,
) -> None:
    documents = here.documents
    here.page = lambda: documents.answer(StatusAsked())
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(here.executor.begin([("ask",)], here.requester))
        await documents.reading.wait()
        assert await here.executor.begin([("new", "between")], here.requester) == 0
        documents.disk.set()
        assert await asking == 0
    assert here.sessions() == ["between", "page"]
    assert documents.reads == [StatusAsked()]
