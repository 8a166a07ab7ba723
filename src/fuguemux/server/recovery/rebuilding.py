"""After a start: every pane is there at once, and its screen is rebuilt when somebody needs it, or by and by.

A thread beside the loop builds one screen after the other. One thread only: two took half as long again, since what is not
the engine's work takes turns anyway. If the loop needs the screen that the thread is at, it waits for that one.
"""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from fuguemux.model.ids import PaneId
from fuguemux.model.layout import panes_of
from fuguemux.model.state import ServerState
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.last_screens import LastScreen
from fuguemux.persistence.scrollback.scrollback import PaneScrollback
from fuguemux.server.clients.connection import Connection
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.rebuild import Rebuilt
from fuguemux.server.panes.waiting_screen import WaitingScreen
from fuguemux.terminal.emulator import EmulatorFactory

diagnostics = channel("recovery")


class Rebuilding:
    """Belongs to the loop. What goes wrong with a screen is told in the report, whenever that is found."""

    def __init__(
        self,
        panes: Panes,
        report: RecoveryReport,
        emulators: EmulatorFactory,
        built: Callable[[PaneTerminal], None],
        keep: Callable[[PaneTerminal, Sequence[LastScreen]], None] = lambda _terminal, _screens: (
            None
        ),
    ) -> None:
        """`built` is called with every pane whose screen is there now, `keep` with last screens found on the way."""
        self._panes = panes
        self._report = report
        self._emulators = emulators
        self._tell_built = built
        self._keep = keep
        self._over = asyncio.Event()
        self._ending = False
        self.report_changed = False
        """Whether a screen had something to be told in the report since this was set to False."""

    @property
    def left(self) -> int:
        """How many screens are still to be rebuilt."""
        return sum(terminal.waiting is not None for terminal in self._panes)

    def add(
        self,
        recovered: RecoveredPane,
        scrollback: PaneScrollback,
        *,
        unanswered_from: int | None = None,
        now: bool = False,
        persist: bool = True,
    ) -> None:
        """The pane exists from now on; with `now` its screen is built at once.

        Queries in bytes from `unanswered_from` on were not answered: the replies are owed to the pane's process once the screen
        is there. It is one of the first, and the pane is not read before.
        """
        waiting = WaitingScreen(
            recovered, scrollback, self._emulators, unanswered_from=unanswered_from
        )
        terminal = PaneTerminal(
            recovered.pane,
            waiting,
            scrollback,
            offset=recovered.end_offset,
            lsn=recovered.end_lsn,
        )
        terminal.persist = persist
        terminal.built = self._built
        self._panes.add(terminal)
        if now:
            terminal.build()

    async def run(self, first: Iterable[PaneId] = ()) -> None:
        """Rebuild every screen that waits, those of `first` before the others; returns when none does, or after `end`."""
        owing = [
            terminal.id
            for terminal in self._panes
            if terminal.waiting is not None and terminal.waiting.owes_replies
        ]
        for pane in dict.fromkeys((*owing, *first, *(terminal.id for terminal in self._panes))):
            terminal = self._panes.get(pane)
            if terminal is None or terminal.waiting is None:
                continue
            await asyncio.to_thread(_on_thread, terminal.waiting)
            if self._ending:
                break
            terminal.build()
        gc.freeze()  # what a start makes stays: looking through it again and again held the loop for 15 to 35 ms
        self._over.set()

    async def ahead(self, panes: Iterable[PaneId]) -> None:
        """Return when these have their screens, without holding the loop meanwhile: somebody is about to look at them."""
        for pane in list(panes):
            terminal = self._panes.get(pane)
            if terminal is not None and terminal.waiting is not None and not self._ending:
                with contextlib.suppress(
                    RuntimeError
                ):  # no thread is to be had: the loop builds it
                    await asyncio.to_thread(terminal.waiting.build_ahead)

    def with_screens(
        self, ready: Callable[[Connection], Awaitable[None]], state: Callable[[], ServerState]
    ) -> Callable[[Connection], Awaitable[None]]:
        """As `ready`, and a client that comes back to its session waits besides until what it sees is built."""

        async def wait(connection: Connection) -> None:
            await ready(connection)
            if connection.command is not None and connection.command.resume:
                await self.ahead(looked_at(state()))

        return wait

    async def wait(self) -> None:
        """Return when `run` has."""
        await self._over.wait()

    async def end(self) -> None:
        """The server stops: begin no other screen, and return when the thread has let go of the one it is at.

        What is not rebuilt then stays in the log for the next server.
        """
        self._ending = True
        await self._over.wait()

    def _built(self, terminal: PaneTerminal, waiting: WaitingScreen, rebuilt: Rebuilt) -> None:
        if waiting.failure is not None:
            self._failed(terminal, waiting.failure)
        if rebuilt.from_fallback:
            self._report.remark(f"%{terminal.id}: the screen came from its portable form")
            self.report_changed = True
        terminal.owe(rebuilt.answers)
        if rebuilt.last_screens:
            self._keep(terminal, rebuilt.last_screens)
        self._tell_built(terminal)

    def _failed(self, terminal: PaneTerminal, failure: Exception) -> None:
        diagnostics.failure("screen_not_rebuilt", failure, pane=terminal.id)
        report = self._report.pane_of(terminal.id)
        if report is not None:
            report.fail(f"its screen could not be rebuilt: {failure}")
            if report.status != "pending":
                report.became("failed")
                terminal.status = "failed"
        self.report_changed = True


def looked_at(state: ServerState) -> Iterator[PaneId]:
    """The panes of the window that every session shows."""
    for session in state.sessions.values():
        for link in session.links:
            if link.index == session.active:
                yield from panes_of(state.windows[link.window].layout)


def _on_thread(waiting: WaitingScreen) -> None:
    waiting.build_ahead()
    reach("recovery.screen_rebuilt")
