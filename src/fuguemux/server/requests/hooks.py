"""Hooks: commands that a user has set to run after a command (`after-…`) or after an event.

Hooks of a command run at its end, for its client. Events are taken from each transaction. As in tmux, their hooks run, in order
and without a client, when the sequence of commands that caused them has ended or waits for something.
"""

import asyncio
import itertools
import os
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from typing import Any, Final

from fuguemux.commands.table import TABLE
from fuguemux.engine.engine import Engine
from fuguemux.language.target import Target
from fuguemux.model import events as ev
from fuguemux.model.decision import Refused, Request
from fuguemux.model.ids import NOBODY, PaneId, SessionId, WindowId
from fuguemux.model.state import ServerState
from fuguemux.observe.diagnostics import channel
from fuguemux.options import options
from fuguemux.options.table import BY_NAME
from fuguemux.server.clients.requesters import HookRequester, InternalRequester
from fuguemux.server.control.hook_notices import Notice, notices_of, of_client, of_link, of_pane
from fuguemux.server.ports import Requester
from fuguemux.server.requests.executor import Executor
from fuguemux.server.requests.hook_targets import (
    after_target,
    expanded_name,
    notice_target,
    still_there,
    variables_of,
)
from fuguemux.server.work.waits import ServerEnds
from fuguemux.targets.targets import current_target

diagnostics = channel("hooks")

RAN_SECONDS: Final = 1.0
"""How long the answer to a client waits for the hooks of its commands that do not wait for something themselves."""

_NOBODY: Final = Request((), b"/", {}, NOBODY)

_in_hook: ContextVar[str] = ContextVar("in_hook", default="")
"""Which kind of hook runs: `after` or `notice`. Commands of hooks have no hooks, as in tmux, because otherwise a hook that
renames would run for ever. Events that those of a command cause have."""

_fired: ContextVar[frozenset[str]] = ContextVar("fired", default=frozenset())
"""The hooks that `set-hook -R` is running."""


class Hooks:
    """Implements executor.HooksPort, and follows every transaction. Belongs to the loop's thread."""

    def __init__(
        self, engine: Engine, spawn: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        self._engine = engine
        self._spawn = spawn
        self._waiting: list[tuple[Notice, Target | None]] = []
        self._latest = 0
        """How many notices waited before those of the latest transaction."""
        self._running: asyncio.Event | None = None
        """Set when the hooks that run have ended, or wait for something."""
        self._in_text = False
        self._numbers = itertools.count()
        self._executor: Executor | None = None
        self.listener: Callable[[Notice], None] = lambda _notice: None
        """Told of each notice that is not caused by a hook, in their order, whether there is a hook for it or not."""

    def connect(self, executor: Executor) -> None:
        """Connect the executor, which is built after this object. No hook runs before that."""
        self._executor = executor

    # After commands

    async def after(
        self,
        request: Request,
        requester: Requester,
        before: ServerState,
        events: Sequence[ev.AnyEvent],
    ) -> None:
        """Run the hooks `after-…` of the command, which was asked when the state was `before`, and caused `events`. Then run
        the hook that `set-hook -R` names.
        """
        try:
            command = TABLE.find(request.argv[0])
            name = f"after-{command.name}"
            runs = name in BY_NAME and not _in_hook.get() and _is_set(self._engine.state, name)
            runs = runs and not isinstance(requester, InternalRequester)
            fires = command.name == "set-hook" and any(word[:1] == "-" for word in request.argv[1:])
            if not runs and not fires:
                return
            invocation = command.invocation(request, TABLE)
            state, live = self._engine.state, self._engine.live
            target = after_target(state, live, before, command, invocation, events)
        except Refused:
            return
        if runs:
            texts = options.get_array(state, name, session=target and target.session)
            await self._run_texts(texts, requester, target, variables_of(name, invocation))
        if fires and invocation.flags.has("R"):
            await self._fire(expanded_name(state, live, invocation, target), requester, target)

    async def _fire(self, name: str, requester: Requester, target: Target | None) -> None:
        """Run a hook at once. One that runs already is not run within itself."""
        if name not in BY_NAME or not BY_NAME[name].hook or name in _fired.get():
            return
        token = _fired.set(_fired.get() | {name})
        try:
            texts = _texts(self._engine.state, Notice(name), target)
            await self._run_texts(texts, requester, target, {"hook": name})
        finally:
            _fired.reset(token)

    async def _run_texts(
        self,
        texts: Sequence[str],
        requester: Requester,
        target: Target | None,
        variables: dict[str, str],
    ) -> None:
        """Run commands of hooks for the requester of the command before them."""
        if not texts or self._executor is None:
            return
        session = None if target is None else target.session.id
        pane = None if target is None else target.pane.id
        hook = HookRequester(requester, session, pane, variables)
        token = _in_hook.set(_in_hook.get() or "after")
        try:
            for text in texts:
                await self._executor.run_text(text, hook)
        except ServerEnds as ends:
            ends.again = False  # the command itself is done
            raise
        finally:
            _in_hook.reset(token)

    # Hooks for events

    def published(
        self, before: ServerState, after: ServerState, events: Sequence[ev.AnyEvent]
    ) -> None:
        """Follow one transaction: note each event that has a hook, and run the hooks soon."""
        self._latest = len(self._waiting)
        for notice in notices_of(before, after, events):
            self.happened(notice)

    def pane_ended(self, before: ServerState, pane: PaneId) -> None:
        """A pane's process ended. `before` is the state before that."""
        if pane not in before.panes:
            return
        stays = pane in self._engine.state.panes
        notice = of_pane(before, "pane-died" if stays else "pane-exited", pane)
        # As in tmux, this hook runs before those for the window that closed with its last pane, and for the session
        # that closed with it.
        self.happened(notice, at=self._latest)

    def client_did(self, name: str, session: SessionId, client: str) -> None:
        """A client of `session` attached, left or changed."""
        self.happened(of_client(name, session, client))

    def mode_changed(self, pane: PaneId) -> None:
        """A pane entered or left a mode."""
        if pane in self._engine.state.panes:
            self.happened(of_pane(self._engine.state, "pane-mode-changed", pane))

    def window_did(self, name: str, session: SessionId, window: WindowId) -> None:
        """Something happened in a window, as seen from one of its sessions."""
        self.happened(of_link(self._engine.state, name, session, window))

    def happened(self, notice: Notice, *, at: int | None = None) -> None:
        """Run the hooks of `notice`, if there are any, after those that wait already, or after the first `at` of
        them."""
        if self._executor is None or _in_hook.get() == "notice":
            return
        self.listener(notice)
        state = self._engine.state
        if not _is_set(state, notice.name):
            return
        target = notice_target(state, self._engine.live, notice)
        # The number makes the key one of this notice alone.
        key = f"hook {next(self._numbers)}"
        self._executor.gate.begin(key, partial(self._queue, notice, target, at))

    def _queue(self, notice: Notice, target: Target | None, at: int | None) -> None:
        self._waiting.insert(len(self._waiting) if at is None else at, (notice, target))
        if self._running is None:
            self._running = asyncio.Event()
            self._spawn(self._run(self._running))

    async def ran(self) -> None:
        """Wait until no hook of an event runs, or until one waits for something: what comes next sees what they did."""
        running = self._running
        if running is not None and not _in_hook.get():
            with suppress(TimeoutError):
                await asyncio.wait_for(running.wait(), RAN_SECONDS)

    async def _run(self, running: asyncio.Event) -> None:
        _in_hook.set("notice")  # set in this task only
        assert self._executor is not None
        gate = self._executor.gate
        try:
            while self._waiting:
                notice, target = self._waiting.pop(0)
                state = self._engine.state
                target = still_there(state, target)
                if target is None:
                    target = current_target(state, self._engine.live, _NOBODY)
                requester = _requester(notice, target)
                for text in _texts(state, notice, target):
                    with gate.closed():
                        self._in_text = True
                        gate.begin(f"hook {next(self._numbers)}", partial(self._paused, running))
                        await self._executor.run_text(text, requester)
                        self._in_text = False
                for error in requester.errors:
                    diagnostics.warning("hook_failed", hook=notice.name, error=error)
        finally:
            self._running = None
            running.set()

    def _paused(self, running: asyncio.Event) -> None:
        """The sequence of a hook has ended, or waits for something."""
        if self._in_text:
            running.set()


def _is_set(state: ServerState, name: str) -> bool:
    """Whether a hook may be set somewhere. Nearly always it is not, and then nothing else is looked up."""
    if name in state.session_options or name in state.window_options:
        return True
    if BY_NAME[name].scope == "session":
        return any(name in session.options for session in state.sessions.values())
    if any(name in window.options for window in state.windows.values()):
        return True
    return any(name in pane.options for pane in state.panes.values())


def _texts(state: ServerState, notice: Notice, target: Target | None) -> tuple[str, ...]:
    if target is None:
        return options.get_array(state, notice.name)
    session, _, window, pane = target
    return options.get_array(state, notice.name, session=session, window=window, pane=pane)


def _requester(notice: Notice, target: Target | None) -> InternalRequester:
    variables = {"hook": notice.name, **notice.variables}
    session = None if target is None else target.session.id
    pane = None if target is None else target.pane.id
    return InternalRequester(dict(os.environb), os.getcwdb(), session, pane, variables)
