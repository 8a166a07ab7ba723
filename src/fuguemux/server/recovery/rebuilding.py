"""Rebuilds the screens of recovered panes after a start: as soon as a screen is needed, and all others in the
background.

All panes exist at once. One thread beside the loop builds one screen after the other. Two threads took half as long
again, because only the work of the terminal engine runs in parallel. If the loop needs the screen that the thread is
building, the loop waits for it.
"""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import panes_in
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
    """Belongs to the loop. Problems with a screen are added to the report, at whatever time they are found."""

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
        """`built` is called with every pane whose screen has been built. `keep` is called with last screens that were
        found on the way."""
        self._panes = panes
        self._report = report
        self._emulators = emulators
        self._tell_built = built
        self._keep = keep
        self._over = asyncio.Event()
        self._ending = False
        self.report_changed = False
        """Whether rebuilding changed the report since this was set to False."""

    @property
    def left(self) -> int:
        """The number of screens that wait to be rebuilt."""
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
        """Add a recovered pane. With `now` its screen is built at once.

        Queries in the output from the offset `unanswered_from` on were not answered. The process gets the replies
        when the screen is built. Such a screen is built early, and the pane is not read before.
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
        """Rebuild all screens that wait, those of `first` before the others. Returns when all are built, or after
        `end`."""
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
        gc.freeze()  # objects from the start stay: collecting garbage among them held the loop for 15 to 35 ms each time
        self._over.set()

    async def ahead(self, panes: Iterable[PaneId]) -> None:
        """Build the screens of these panes, which a client is about to show, without holding the loop. Returns when
        they are built."""
        for pane in list(panes):
            terminal = self._panes.get(pane)
            if terminal is not None and terminal.waiting is not None and not self._ending:
                with contextlib.suppress(
                    RuntimeError
                ):  # no thread can be started: the loop builds the screen
                    await asyncio.to_thread(terminal.waiting.build_ahead)

    def with_screens(
        self, ready: Callable[[Connection], Awaitable[None]], state: Callable[[], ServerState]
    ) -> Callable[[Connection], Awaitable[None]]:
        """A function that waits as `ready`. A client that returns to its session also waits until the screens that it
        shows are built."""

        async def wait(connection: Connection) -> None:
            await ready(connection)
            if connection.command is not None and connection.command.resume:
                await self.ahead(looked_at(state()))

        return wait

    async def wait(self) -> None:
        """Return when `run` has returned."""
        await self._over.wait()

    async def end(self) -> None:
        """The server stops: build no further screen, and return when the thread has finished the present one.

        The next server rebuilds the others from the log.
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
    """The panes of every session's current window."""
    for session in state.sessions.values():
        for link in session.links:
            if link.index == session.active:
                yield from panes_in(state.windows[link.window])


def _on_thread(waiting: WaitingScreen) -> None:
    waiting.build_ahead()
    reach("recovery.screen_rebuilt")
