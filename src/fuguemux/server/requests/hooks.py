"""Hooks: commands that a user has set to run after a command (`after-…`) or after an event.

Events are taken from each transaction. The hooks run a moment later, in order, without a client.
"""

import os
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from fuguemux.commands.table import TABLE
from fuguemux.engine.engine import Engine
from fuguemux.model import events as ev
from fuguemux.model.decision import Refused, Request
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.state import ServerState, Session, current_link
from fuguemux.observe.diagnostics import channel
from fuguemux.options import options
from fuguemux.options.table import BY_NAME
from fuguemux.server.clients.requesters import HookRequester, InternalRequester
from fuguemux.server.control.hook_notices import Notice, notices_of, of_window
from fuguemux.server.ports import Requester
from fuguemux.server.requests.executor import Executor
from fuguemux.server.work.waits import ServerEnds
from fuguemux.targets.targets import current_target, pane_target

diagnostics = channel("hooks")

_in_hook: ContextVar[bool] = ContextVar("in_hook", default=False)
"""Whether a hook runs. Commands of hooks have no hooks, as in tmux, because otherwise a hook that renames would run
for ever."""


class Hooks:
    """Implements executor.HooksPort, and follows every transaction. Belongs to the loop's thread."""

    def __init__(
        self, engine: Engine, spawn: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        self._engine = engine
        self._spawn = spawn
        self._waiting: list[tuple[Notice, tuple[str, ...]]] = []
        self._latest = 0
        """How many notices waited before those of the latest transaction."""
        self._running = False
        self._executor: Executor | None = None
        self.listener: Callable[[Notice], None] = lambda _notice: None
        """Told of each notice that is not caused by a hook, in their order, whether there is a hook for it or not."""

    def connect(self, executor: Executor) -> None:
        """Connect the executor, which is built after this object. No hook runs before that."""
        self._executor = executor

    # After commands

    async def after(self, request: Request, requester: Requester) -> None:
        """Run the hooks `after-…` of the command. Commands of hooks have no hooks."""
        if _in_hook.get() or isinstance(requester, InternalRequester) or self._executor is None:
            return
        try:
            command = TABLE.find(request.argv[0])
            name = f"after-{command.name}"
            if name not in BY_NAME:
                return
            invocation = command.invocation(request, TABLE)
        except Refused:
            return
        state, live = self._engine.state, self._engine.live
        target = current_target(state, live, request)
        with suppress(Refused):
            target = pane_target(state, live, request, invocation.flags.value("t"))
        session = None if target is None else state.sessions.get(target.session.id)
        texts = options.get_array(state, name, session=session)
        if not texts:
            return
        variables = {"hook": name, "hook_arguments": " ".join(request.argv[1:])}
        for number, argument in enumerate(invocation.arguments):
            variables[f"hook_argument_{number}"] = argument
        for letter, value in invocation.flags.given:
            variables[f"hook_flag_{letter}"] = "1" if value is None else value
        number_of = None if session is None else session.id
        pane = None if session is None else _pane_now(state, session)
        token = _in_hook.set(True)
        try:
            for text in texts:
                await self._executor.run_text(
                    text, HookRequester(requester, number_of, pane, variables)
                )
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
        known = before.panes.get(pane)
        if known is None:
            return
        state = self._engine.state
        stays = pane in state.panes
        notice = of_window(before, "pane-died" if stays else "pane-exited", known.window)
        # As in tmux, this hook runs before those for the window that closed with its last pane, and for the session
        # that closed with it.
        self.happened(notice._replace(pane=pane), at=self._latest)

    def client_did(self, name: str, session: SessionId) -> None:
        """A client of `session` attached, left or changed."""
        self.happened(Notice(name, session if session in self._engine.state.sessions else None))

    def mode_changed(self, pane: PaneId) -> None:
        """A pane entered or left a mode."""
        known = self._engine.state.panes.get(pane)
        if known is not None:
            notice = of_window(self._engine.state, "pane-mode-changed", known.window)
            self.happened(notice._replace(pane=pane))

    def window_did(self, name: str, session: SessionId, window: WindowId) -> None:
        """Something happened in a window, as seen from one of its sessions."""
        self.happened(Notice(name, session, window))

    def happened(self, notice: Notice, *, at: int | None = None) -> None:
        """Run the hooks of `notice`, if there are any, after those that wait already, or after the first `at` of
        them."""
        if self._executor is None or _in_hook.get():
            return
        self.listener(notice)
        texts = self._texts(notice)
        if not texts:
            return
        self._waiting.insert(len(self._waiting) if at is None else at, (notice, texts))
        if not self._running:
            self._running = True
            self._spawn(self._run())

    def _texts(self, notice: Notice) -> tuple[str, ...]:
        state = self._engine.state
        session = None if notice.session is None else state.sessions.get(notice.session)
        window = None if notice.window is None else state.windows.get(notice.window)
        pane = None if notice.pane is None else state.panes.get(notice.pane)
        return options.get_array(state, notice.name, session=session, window=window, pane=pane)

    async def _run(self) -> None:
        _in_hook.set(True)  # set in this task only
        try:
            while self._waiting:
                notice, texts = self._waiting.pop(0)
                requester = self._requester(notice)
                assert self._executor is not None
                for text in texts:
                    await self._executor.run_text(text, requester)
                for error in requester.errors:
                    diagnostics.warning("hook_failed", hook=notice.name, error=error)
        finally:
            self._running = False

    def _requester(self, notice: Notice) -> InternalRequester:
        state = self._engine.state
        session = None if notice.session is None else state.sessions.get(notice.session)
        window = None if notice.window is None else state.windows.get(notice.window)
        pane = notice.pane if notice.pane in state.panes else None
        if pane is None and window is not None:
            pane = window.active
        if pane is None and session is not None:
            pane = _pane_now(state, session)
        variables = {"hook": notice.name, **notice.variables}
        if notice.session is not None:
            variables["hook_session"] = f"${notice.session}"
            if session is not None:
                variables["hook_session_name"] = session.name
        if notice.window is not None:
            variables["hook_window"] = f"@{notice.window}"
            if window is not None:
                variables["hook_window_name"] = window.name
        if notice.pane is not None:
            variables["hook_pane"] = f"%{notice.pane}"
        session_id = None if session is None else session.id
        return InternalRequester(dict(os.environb), os.getcwdb(), session_id, pane, variables)


def _pane_now(state: ServerState, session: Session) -> PaneId | None:
    with suppress(ValueError):
        return state.windows[current_link(session).window].active
    return None
