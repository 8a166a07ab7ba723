"""Asks clients' users for text and for confirmation, and runs the commands made from the answers.

The module of the prompt itself is imported when the first question is asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from fuguemux.commands.parts.answers import fill
from fuguemux.commands.table import TABLE
from fuguemux.engine.engine import Engine
from fuguemux.model import effects as ef
from fuguemux.options import options
from fuguemux.options.table import BY_NAME
from fuguemux.server.clients.requesters import ViewerRequester
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.overlays.completion import Names
from fuguemux.server.overlays.prompt_history import TYPES, PromptHistory
from fuguemux.server.ports import EffectResult, Requester
from fuguemux.server.work.waits import Waits

PASTED_BYTES_MAX: Final = 64 << 10
RunFor = Callable[[Viewer, str], Coroutine[Any, Any, None]]


class ViewerWorld:
    """Implements prompt.PromptWorld for one client."""

    def __init__(self, engine: Engine, viewer: Viewer, history: PromptHistory) -> None:
        self.history = history
        self._engine = engine
        self._viewer = viewer

    def _option(self, name: str) -> str:
        state, defaults = self._engine.state, self._engine.live.option_defaults()
        return options.get(state, defaults, name, session=self._viewer.current_session())

    def separators(self) -> str:
        """The option `word-separators`."""
        return self._option("word-separators")

    def vi(self) -> bool:
        """Whether the option `status-keys` is vi."""
        return self._option("status-keys") == "vi"

    def top_buffer(self) -> str:
        """The newest automatic paste buffer."""
        newest = next((each for each in self._engine.state.buffers if each.automatic), None)
        return "" if newest is None else newest.data[:PASTED_BYTES_MAX].decode("utf-8", "replace")

    def names(self) -> Names:
        """What a word may be completed to, as of now."""
        state = self._engine.state
        commands: list[str] = []
        for row in TABLE.rows():
            commands += [name for name in (row.name, row.alias) if name]
        aliases = options.get_array(state, "command-alias")
        commands += [alias.partition("=")[0] for alias in aliases]
        sessions = sorted(state.sessions.values(), key=lambda session: session.name)
        current = self._viewer.current_session()
        return Names(
            commands,
            tuple(BY_NAME),
            [(session.name, f"${session.id}") for session in sessions],
            {
                session.name: [
                    (link.index, state.windows[link.window].name) for link in session.links
                ]
                for session in sessions
            },
            "" if current is None else current.name,
        )


class Prompts:
    """Belongs to the loop."""

    _run_for: RunFor

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        viewers: Viewers,
        waits: Waits,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._loop = loop
        self._engine = engine
        self._viewers = viewers
        self._waits = waits
        self._spawn = spawn
        self.history = PromptHistory(
            lambda: options.get_number(
                engine.state, engine.live.option_defaults(), "prompt-history-limit"
            )
        )

    def connect(self, run_for: RunFor) -> None:
        """Give what runs a command for a client; it is built after this object."""
        self._run_for = run_for

    def prompt(self, effect: ef.Prompt, requester: Requester) -> Awaitable[EffectResult] | None:
        """Ask. The result is that of the question: exit code 1 if a confirmation was not given.

        None: the requester does not wait, or the client is gone or is being asked something already, as in tmux.
        """
        viewer = self._viewers.get(effect.client)
        if viewer is None or viewer.prompt is not None:
            return None
        done: asyncio.Future[bool] = self._loop.create_future()

        def ended(answered: bool) -> None:
            if not done.done():
                done.set_result(answered)

        answered = partial(_confirmed if effect.confirm else fill, effect.template)
        self.ask(viewer, effect, answered, ended)
        if effect.incremental:
            self._spawn(self._run_for(viewer, fill(effect.template, ["="])))
        if not effect.wait or effect.incremental:
            return None
        if isinstance(requester, ViewerRequester):
            requester.step_aside()  # the keys that follow are the answer
        ends = "the server ended before the question was answered"
        return self._waits.until_end(self._result(effect, done), ends)

    async def _result(self, effect: ef.Prompt, done: "asyncio.Future[bool]") -> EffectResult:
        confirmed = await done
        return EffectResult(exit_code=0 if confirmed or not effect.confirm else 1)

    async def listed(self, effect: ef.PromptHistoryAsked) -> EffectResult:
        """The answers of before, as show-prompt-history prints them; or forget them."""
        if effect.clear:
            self.history.clear(effect.kind)
            return EffectResult()
        lines: list[str] = []
        for kind in TYPES if effect.kind is None else (effect.kind,):
            lines += [f"History for {kind}:", ""]
            lines += [f"{at}: {text}" for at, text in enumerate(self.history.listed(kind), 1)]
            lines.append("")
        return EffectResult("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))

    def ask(
        self,
        viewer: Viewer,
        effect: ef.Prompt,
        answered: Callable[[list[str]], str],
        ended: Callable[[bool], None] = lambda _answered: None,
    ) -> None:
        """Show a question to a client's user. `answered` gets the answers and returns the command to run."""
        from fuguemux.server.overlays.prompt import PromptOverlay, PromptStyle

        confirmed = [False]

        def answer(answers: list[str]) -> str:
            command = answered(answers)
            confirmed[0] = bool(command)
            return command

        viewer.prompt = PromptOverlay(
            effect.prompts,
            effect.initial,
            ViewerWorld(self._engine, viewer, self.history),
            answer,
            PromptStyle(
                effect.kind,
                effect.single or effect.confirm,
                effect.key,
                effect.numeric,
                effect.incremental,
            ),
            lambda given: ended(confirmed[0] if effect.confirm else given),
        )
        viewer.dirty = True
        self._viewers.schedule(viewer)


def _confirmed(command: str, answers: Sequence[str]) -> str:
    """The command if the answer is y."""
    return command if answers[0] in ("y", "Y") else ""
