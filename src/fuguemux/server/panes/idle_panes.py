"""Gives back the memory of idle panes: their history moves, compressed, from the engine to the scrollback store."""

import asyncio

from fuguemux.model.ids import PaneId
from fuguemux.observe.clock import NS_PER_S, Clock
from fuguemux.persistence.scrollback.scrollback import PaneScrollback
from fuguemux.server.panes.pane_terminal import ROWS_AT_ONCE, PaneTerminal
from fuguemux.server.panes.panes import Panes

LOOK_SECONDS = 2.0
IDLE_SECONDS = 5


class IdlePanes:
    """Belongs to the loop; no step holds it for long."""

    def __init__(self, panes: Panes, clock: Clock) -> None:
        self._panes = panes
        self._clock = clock
        self._seen: dict[PaneId, tuple[int, int]] = {}
        """For each pane, the LSN of its output when it was last seen to change, and the time of that."""
        self._compact: dict[PaneId, int] = {}
        """For each pane, the LSN of its output when it was compacted."""

    async def run(self) -> None:
        """Compact idle panes until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for scrollback in self.uncounted():
                measure = scrollback.row_count.measure
                await asyncio.to_thread(measure, scrollback.blocks(), scrollback.shown)
            for pane in self.due():
                await self.compact(pane)

    def uncounted(self) -> list[PaneScrollback]:
        """Histories with rows that are not counted. Panes whose screen is not built are left out, since access to
        their scrollback would build it.
        """
        built = [terminal for terminal in self._panes if terminal.waiting is None]
        return [each.scrollback for each in built if each.scrollback.row_count.left_out]

    def due(self) -> list[PaneId]:
        """The panes that have been idle for long enough and are not compact. Unbuilt screens count as compact."""
        now = self._clock.monotonic_ns() // NS_PER_S
        found = []
        seen: dict[PaneId, tuple[int, int]] = {}
        for terminal in self._panes:
            if terminal.waiting is not None:
                continue
            before = self._seen.get(terminal.id)
            fresh = before is None or before[0] != terminal.lsn
            seen[terminal.id] = (terminal.lsn, now) if fresh or before is None else before
            idle = now - seen[terminal.id][1] >= IDLE_SECONDS
            if idle and self._compact.get(terminal.id) != terminal.lsn:
                found.append(terminal.id)
        self._seen = seen
        self._compact = {pane: lsn for pane, lsn in self._compact.items() if pane in seen}
        return found

    async def compact(self, pane: PaneId) -> None:
        """Move the engine's history to the store step by step, then free its memory. Stops if there is output
        meanwhile.
        """
        terminal = self._panes.get(pane)
        if terminal is None:
            return
        lsn = terminal.lsn
        while self._is(pane, terminal, lsn) and terminal.emulator.unarchived_rows:
            terminal.take_archive(rows_max=ROWS_AT_ONCE)
            await asyncio.sleep(0)
        if self._is(pane, terminal, lsn):
            terminal.scrollback.cool(idle=True)
        while self._is(pane, terminal, lsn):
            self._compact[pane] = lsn
            if not terminal.emulator.compact():
                break
            await asyncio.sleep(0)

    def _is(self, pane: PaneId, terminal: PaneTerminal, lsn: int) -> bool:
        """Whether the pane still exists and nothing has happened in it since."""
        return self._panes.get(pane) is terminal and terminal.lsn == lsn
