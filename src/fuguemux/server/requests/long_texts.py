"""Parses long files and texts of commands on another thread, because a MiB of them takes more than a second."""

import asyncio
import concurrent.futures
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from fuguemux.commands import source_file
from fuguemux.commands.table import TABLE
from fuguemux.engine.engine import Engine
from fuguemux.formats.formats import FormatContext
from fuguemux.language.language import Parsed, TextContext
from fuguemux.model import effects as ef
from fuguemux.model.decision import Refused, Request
from fuguemux.model.ids import NOBODY
from fuguemux.observe.failpoints import reach
from fuguemux.targets.targets import current_target

CONDITION_SECONDS_MAX: Final = 10.0
"""The time that a parser waits for the loop to evaluate a condition. The loop answers at once. If it has ended, the
condition counts as false."""


Condition = Callable[[str, Mapping[str, str]], bool]


class TakenText(NamedTuple):
    """The commands in all texts, and what is to be printed. `failed`: whether some text could not be parsed."""

    commands: list[Parsed]
    lines: list[str]
    errors: list[str]
    failed: bool


async def taken_apart(engine: Engine, effect: ef.RunLongTexts, request: Request) -> TakenText:
    """Parse the texts for the requester. A text with a mistake gives no commands."""
    state, live = engine.state, engine.live
    target = current_target(state, live, request)
    context = FormatContext(state, live)
    if target is not None:
        context = FormatContext(
            state, live, session=target.session.id, window=target.window.id, pane=target.pane.id
        )
    around = source_file.text_context(state, context)
    around = around._replace(condition=_on_loop(around.condition))
    told = TakenText([], [], [], failed=False)
    for path, text in effect.texts:
        try:
            found = await asyncio.to_thread(_parsed, engine, around, path, text)
        except Refused as refusal:
            into = told.lines if request.client != NOBODY else told.errors
            into.append(refusal.told(as_tmux=request.as_tmux))
            told = told._replace(failed=True)
            continue
        if effect.verbose and path:
            told.lines.extend(await asyncio.to_thread(source_file.described, path, found))
        told.commands.extend(found)
    return told


async def parsed_text(engine: Engine, text: str) -> list[Parsed]:
    """Parse text that comes from no file, as `source_file.parsed_text` does. A long text is parsed on another thread."""
    if len(text) <= source_file.LONG_CHARS_MIN:
        return source_file.parsed_text(engine.state, TABLE, engine.live, text)
    state = engine.state
    around = source_file.text_context(state, FormatContext(state, engine.live))
    around = around._replace(condition=_on_loop(around.condition))
    return await asyncio.to_thread(_parsed, engine, around, "", text)


def _parsed(engine: Engine, around: TextContext, path: str, text: str) -> list[Parsed]:
    reach("source.parsing")
    return source_file.parsed_in_context(engine.state, TABLE, around, path, text)


def _on_loop(condition: Condition) -> Condition:
    """Return a function that evaluates a condition on the loop. Conditions are formats, and formats read terminals,
    which belong to the loop."""
    loop = asyncio.get_running_loop()

    async def ask(text: str, set_here: Mapping[str, str]) -> bool:
        return condition(text, set_here)

    def asked(text: str, set_here: Mapping[str, str]) -> bool:
        question = ask(text, dict(set_here))
        try:
            return asyncio.run_coroutine_threadsafe(question, loop).result(CONDITION_SECONDS_MAX)
        except (RuntimeError, concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            question.close()
            return False

    return asked
