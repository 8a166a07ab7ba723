"""What panes' programs tell in passing: titles, working directories, the program in the foreground.

These become events, so that they come back after a crash; but a program may change its title a thousand times a
second, so changes are gathered for a moment and committed together. Where nothing changes nothing is written.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from fuguemux.engine.engine import Engine
from fuguemux.model.decision import Decision
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Life
from fuguemux.reactions import (
    automatic_rename,
    directory_changed,
    foreground_changed,
    title_changed,
)
from fuguemux.server import process_table
from fuguemux.server.pane_terminal import PaneTerminal
from fuguemux.server.panes import Panes
from fuguemux.terminal.emulator import CwdChanged, Event, TitleChanged

GATHER_SECONDS = 0.1
LOOK_SECONDS = 0.5
"""Directory and foreground program of a pane are looked at this long after it showed something."""
SETTLE_LOOKS = 2


class Diagnose(Protocol):
    """Called with a decision that could not be logged."""

    def __call__(self, error: OSError) -> None: ...


class Facts:
    """Gathers facts of panes and tells the engine. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        panes: Panes,
        failed: Diagnose,
    ) -> None:
        self._loop = loop
        self._engine = engine
        self._panes = panes
        self._failed = failed
        self._titles: dict[PaneId, str] = {}
        self._directories: dict[PaneId, bytes] = {}
        self._look_at: dict[PaneId, int] = {}
        self._gathering = False
        self._looking = False

    def shown(self, terminal: PaneTerminal, events: Sequence[Event]) -> None:
        """A pane showed output. Only notes; commits nothing. What a pane that is not kept says of itself is not kept."""
        for event in events if terminal.persist else ():
            if isinstance(event, TitleChanged):
                self._titles[terminal.id] = event.title
            elif isinstance(event, CwdChanged) and event.directory:
                self._directories[terminal.id] = event.directory.encode("utf-8", "surrogateescape")
        if (self._titles or self._directories) and not self._gathering:
            self._gathering = True
            self._loop.call_later(GATHER_SECONDS, self._tell)
        self.look_soon(terminal.id)

    def look_soon(self, pane: PaneId) -> None:
        """Look at the pane's processes in a moment, and once more a moment later."""
        self._look_at[pane] = SETTLE_LOOKS
        if not self._looking:
            self._looking = True
            self._loop.call_later(LOOK_SECONDS, self._look)

    def _tell(self) -> None:
        self._gathering = False
        titles, self._titles = self._titles, {}
        directories, self._directories = self._directories, {}
        state, live = self._engine.state, self._engine.live
        decisions = [title_changed.decide(state, live, *item) for item in titles.items()]
        decisions += [directory_changed.decide(state, live, *item) for item in directories.items()]
        self._commit(decisions)

    def _look(self) -> None:
        self._looking = False
        looked, self._look_at = self._look_at, {}
        self.look_now(looked)
        again = {pane: left - 1 for pane, left in looked.items() if left > 1}
        self._look_at = {**again, **self._look_at}
        if self._look_at and not self._looking:
            self._looking = True
            self._loop.call_later(LOOK_SECONDS, self._look)

    def look_now(self, panes: Sequence[PaneId] | dict[PaneId, int] | None = None) -> None:
        """Read directory and foreground program of `panes` (None: all) from the process table."""
        state, live = self._engine.state, self._engine.live
        decisions: list[Decision] = []
        for pane_id in state.panes if panes is None else panes:
            pane, terminal = state.panes.get(pane_id), self._panes.get(pane_id)
            if pane is None or terminal is None or terminal.master is None:
                continue
            if pane.life is not Life.RUNNING or not terminal.persist:
                continue
            group = terminal.master.foreground_group() or pane.pid
            path = process_table.directory(group) or process_table.directory(pane.pid)
            if path:
                decisions.append(directory_changed.decide(state, live, pane_id, path))
            argv = process_table.arguments(group) if group != pane.pid else ()
            decisions.append(foreground_changed.decide(state, live, pane_id, argv))
        windows = {state.panes[pane].window for pane in panes or state.panes if pane in state.panes}
        decisions.append(automatic_rename.decide(state, live, windows))
        self._commit(decisions)

    def _commit(self, decisions: Sequence[Decision]) -> None:
        events = tuple(event for decision in decisions for event in decision.events)
        if not events:
            return
        try:
            self._engine.tell(Decision(events))
        except OSError as error:
            self._failed(error)
