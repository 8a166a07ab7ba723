"""Watches what panes' programs change without a command: titles, working directories, the program in the foreground.

Changes become events, so that they come back after a crash. A program may change its title a thousand times a second, so
changes are collected for a moment and committed together. Without a change nothing is written.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from fuguemux.engine.engine import Engine
from fuguemux.model.decision import Decision
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Life, Pane
from fuguemux.reactions import (
    automatic_rename,
    directory_changed,
    foreground_changed,
    title_changed,
    window_named,
)
from fuguemux.reactions.foreground_changed import Programs
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.processes import process_table
from fuguemux.server.processes.foreground import Foregrounds
from fuguemux.server.processes.process_ends import ProcessEnds
from fuguemux.terminal.emulator import CwdChanged, Event, TitleChanged, WindowNamed

GATHER_SECONDS = 0.1
LOOK_SECONDS = 0.5
"""Directory and foreground program of a pane are read this long after output or input."""
SETTLE_LOOKS = 2
PANES_AT_ONCE = 5
"""How many panes are looked at in one turn of the loop."""


class Diagnose(Protocol):
    """Called with the error when a decision could not be logged."""

    def __call__(self, error: OSError) -> None: ...


class PaneWatcher:
    """Collects facts of panes and passes them to the engine. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        panes: Panes,
        failed: Diagnose,
        ending: Callable[[], bool],
    ) -> None:
        """`ending` returns whether the machine or this server is about to end."""
        self._loop = loop
        self._engine = engine
        self._panes = panes
        self._failed = failed
        self._titles: dict[PaneId, str] = {}
        self._directories: dict[PaneId, bytes] = {}
        self._names: dict[PaneId, str] = {}
        self._look_at: dict[PaneId, int] = {}
        """The panes to look at when the time has come, and how often each."""
        self._due: dict[PaneId, int] = {}
        """The panes whose time has come and that were not looked at yet."""
        self._gathering = False
        self._looking = False
        self._foregrounds = Foregrounds(process_table)
        self._ends = ProcessEnds(loop, self.look_soon)
        self._ending = ending

    def typed(self, terminal: PaneTerminal) -> None:
        """A key was typed in a pane. The program that it starts may never show output, and the machine may stop at any
        time.
        """
        self.look_soon(terminal.id)

    def shown(self, terminal: PaneTerminal, events: Sequence[Event]) -> None:
        """A pane showed output. Only notes it and commits nothing. What a pane that is not stored says of itself is not
        stored either.
        """
        for event in events if terminal.persist else ():
            if isinstance(event, TitleChanged):
                self._titles[terminal.id] = event.title
            elif isinstance(event, CwdChanged) and event.directory:
                self._directories[terminal.id] = event.directory.encode("utf-8", "surrogateescape")
            elif isinstance(event, WindowNamed):
                self._names[terminal.id] = event.name
        if (self._titles or self._directories or self._names) and not self._gathering:
            self._gathering = True
            self._loop.call_later(GATHER_SECONDS, self._tell)
        self.look_soon(terminal.id)

    def look_soon(self, pane: PaneId, looks: int = SETTLE_LOOKS) -> None:
        """Look at the pane's processes in a moment, and once more a moment later."""
        self._look_at[pane] = max(looks, self._look_at.get(pane, 0))
        if not self._looking:
            self._looking = True
            self._loop.call_later(LOOK_SECONDS, self._look)

    def _tell(self) -> None:
        self._gathering = False
        titles, self._titles = self._titles, {}
        directories, self._directories = self._directories, {}
        names, self._names = self._names, {}
        state, live = self._engine.state, self._engine.live
        decisions = [title_changed.decide(state, live, *item) for item in titles.items()]
        decisions += [directory_changed.decide(state, live, *item) for item in directories.items()]
        decisions += [window_named.decide(state, live, *item) for item in names.items()]
        self._commit(decisions)

    def _look(self) -> None:
        """Look at the panes that are due, a few per turn of the loop."""
        if not self._due:
            self._due, self._look_at = self._look_at, {}
        looked = {pane: self._due.pop(pane) for pane in list(self._due)[:PANES_AT_ONCE]}
        self.look_now(looked)
        for pane, left in looked.items():
            if left > 1:
                self._look_at.setdefault(pane, left - 1)
        if self._due:
            self._loop.call_soon(self._look)
        elif self._look_at:
            self._loop.call_later(LOOK_SECONDS, self._look)
        else:
            self._looking = False

    async def look_at_all(self) -> None:
        """Do as `look_now` for all panes, a few at a time."""
        panes = list(self._engine.state.panes)
        for first in range(0, len(panes), PANES_AT_ONCE):
            self.look_now(panes[first : first + PANES_AT_ONCE])
            await asyncio.sleep(0)

    def look_now(self, panes: Collection[PaneId] | None = None, *, last: bool = False) -> None:
        """Read directory and foreground program of `panes` (None: all) from the process table.

        With `last` there may be no other look.
        """
        state, live = self._engine.state, self._engine.live
        looked = list(state.panes if panes is None else panes)
        decisions: list[Decision] = []
        for pane_id in looked:
            pane, terminal = state.panes.get(pane_id), self._panes.get(pane_id)
            if pane is None or pane.life is not Life.RUNNING:
                self._ends.watch(pane_id, ())
            elif terminal is not None and terminal.master is not None and terminal.persist:
                group = terminal.master.foreground_group()
                decisions += self._found(pane, group, terminal.entered, last=last)
        windows = {state.panes[pane].window for pane in looked if pane in state.panes}
        decisions.append(automatic_rename.decide(state, live, windows))
        self._foregrounds.keep(list(state.panes))
        self._commit(decisions)

    def _found(self, pane: Pane, group: int, entered: int, *, last: bool) -> list[Decision]:
        state, live = self._engine.state, self._engine.live
        look = self._foregrounds.look(pane, group, entered, last=last)
        self._ends.watch(pane.id, look.watched)
        if look.again:
            self.look_soon(pane.id, looks=1)
        path = process_table.directory(look.leader) or process_table.directory(pane.pid)
        found = [directory_changed.decide(state, live, pane.id, path)] if path else []
        programs = self._still(pane, look.programs)
        return [*found, foreground_changed.decide(state, live, pane.id, programs)]

    def _still(self, pane: Pane, programs: Programs) -> Programs:
        """Return the programs that a shutdown ended a moment ago as still running: the next start has to report them."""
        gone = pane.foreground and not programs.argv
        fewer = set(programs.jobs) < set(pane.jobs)
        if not (gone or fewer) or not self._ending():
            return programs
        if gone:
            programs = Programs(pane.foreground, pane.pipeline, pane.ran, programs.jobs)
        return programs._replace(jobs=pane.jobs) if fewer else programs

    def close(self) -> None:
        """Stop looking."""
        self._ends.close()

    def _commit(self, decisions: Sequence[Decision]) -> None:
        events = tuple(event for decision in decisions for event in decision.events)
        if not events:
            return
        try:
            self._engine.tell(Decision(events))
        except OSError as error:
            self._failed(error)
