"""Replays the log behind a checkpoint: applies events to the structure, and lists for each pane what happened to it.

The structure is complete at the end of the scan. What happened to a pane's terminal is only listed, so that a server can
answer at once and rebuild screens one by one.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, assert_never

from fuguemux.model import events as ev
from fuguemux.model.apply import EventRefused, apply, apply_after_gap
from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.layout import Layout
from fuguemux.model.pane_places import STATUS, pane_sizes
from fuguemux.model.state import ServerState
from fuguemux.model.window_size import layout_sizes
from fuguemux.persistence.recovery.pane_replay import (
    Cleared,
    EndedMark,
    LostOutput,
    RecoveredPane,
    Started,
)
from fuguemux.persistence.report.parts import Damage
from fuguemux.persistence.storage.serialization import PayloadDamaged, decode_events
from fuguemux.persistence.wal.record import (
    IGNORABLE,
    OUTPUT_PREFIX,
    Record,
    RecordPayloadDamaged,
    RecordType,
)

SIZE_DEFAULT: Final = (80, 24)

_OfStructureOnly = (
    ev.SessionCreated
    | ev.SessionRenamed
    | ev.SessionDestroyed
    | ev.SessionGrouped
    | ev.LinksFollowed
    | ev.WindowLinked
    | ev.WindowUnlinked
    | ev.WindowMoved
    | ev.WindowsSwapped
    | ev.WindowSelected
    | ev.WindowRenamed
    | ev.PaneTitled
    | ev.PaneDirectoryChanged
    | ev.ForegroundChanged
    | ev.ProcessExited
    | ev.PaneRespawned
    | ev.OptionSet
    | ev.EnvironmentSet
    | ev.BufferSet
    | ev.BufferDeleted
    | ev.PipeChanged
    | ev.ChannelChanged
)
"""Events that mean nothing to the terminals of panes."""


class OlderState(NamedTuple):
    """The structure as it was after record `lsn`."""

    state: ServerState
    lsn: int


class Replay:
    """Takes the records behind a checkpoint, in order."""

    def __init__(
        self,
        state: ServerState,
        structure_lsn: int,
        panes: dict[PaneId, RecoveredPane],
        older: "OlderState | None" = None,
    ) -> None:
        """`older` is a state from before the oldest pane's LSN, for the sizes of panes up to `structure_lsn`."""
        self.state = state
        self._older = older
        self.panes = panes
        self.records = 0
        self.events_applied = 0
        self.events_skipped = 0
        self.output_bytes = 0
        self.last_ms = 0
        self.damages: list[Damage] = []
        self._structure_lsn = structure_lsn
        self._next_pane = state.next_pane
        """Panes from this number on were created after the checkpoint. If no event names such a pane, its event is lost."""

    def take(self, record: Record) -> None:
        """Replay one record. Raises VersionUnknown for an event of a newer fugue."""
        self.records += 1
        self.last_ms = record.time_ms
        try:
            if record.kind == RecordType.STRUCTURE:
                self._structure(record)
            elif record.kind == RecordType.OUTPUT:
                self._output(record)
        except (PayloadDamaged, RecordPayloadDamaged) as error:
            self.damages.append(Damage(f"log record {record.lsn}", str(error)))

    def _output(self, record: Record) -> None:
        if len(record.payload) < OUTPUT_PREFIX.size:
            raise RecordPayloadDamaged("an output record is too short")
        number: int = OUTPUT_PREFIX.unpack_from(record.payload)[0]
        pane = self.panes.get(PaneId(number))
        if pane is None:
            if number < self._next_pane and number not in self.state.panes:
                return  # the last output of a pane that was closed
            pane = self._new_pane(PaneId(number), SIZE_DEFAULT, record.lsn)
            pane.known = number in self.state.panes
        if record.lsn > pane.lsn:
            before = pane.end_offset - pane.lost_bytes
            pane.add_output(record)
            self.output_bytes += pane.end_offset - pane.lost_bytes - before

    def _new_pane(self, pane: PaneId, size: tuple[int, int], lsn: int) -> RecoveredPane:
        found = self.panes[pane] = RecoveredPane(pane, *size)
        found.hold_lsn = lsn
        return found

    def _structure(self, record: Record) -> None:
        events = decode_events(record.payload, ignorable=bool(record.flags & IGNORABLE))
        if record.lsn > self._structure_lsn:
            for event in events:
                self._apply(event)
        elif self._older is not None and record.lsn > self._older.lsn:
            state = self._older.state
            for event in events:
                state, _ = apply_after_gap(state, event)
            self._older = OlderState(state, record.lsn)
        for event in events:
            self._note(event, record.lsn)

    def _apply(self, event: ev.AnyEvent) -> None:
        try:
            self.state = apply(self.state, event)
        except EventRefused:
            self.state, _ = apply_after_gap(self.state, event)
            self.events_skipped += 1
        else:
            self.events_applied += 1

    def _note(self, event: ev.AnyEvent, lsn: int) -> None:
        """Add what the event means to the terminals of panes."""
        if isinstance(event, ev.OptionSet) and event.name == STATUS:
            self._border_status_set(event, lsn)
        if isinstance(event, _OfStructureOnly):
            return
        match event:
            case ev.HistoryCleared(pane):
                self._add(pane, Cleared(lsn))
            case ev.ProgramEnded():
                self._add(event.pane, EndedMark(lsn, event))
            case ev.OutputMissing(pane, start, stop, from_ms, to_ms):
                found = self.panes.get(pane)
                if found is not None and lsn > found.lsn:
                    found.missing(LostOutput(lsn, start, stop, from_ms, to_ms))
            case ev.ProcessStarted():
                self._add(event.pane, Started(lsn, event.generation, event.at_ms))
            case ev.LayoutChanged() | ev.PaneRemoved() | ev.PaneAdded() | ev.WindowCreated():
                self._resized(event.window, event.layout, lsn)
            case ev.PanesPlaced() | ev.FloatingPaneAdded():
                layout = event.layout if isinstance(event, ev.PanesPlaced) else None
                self._resized(event.window, layout, lsn, event.floating)
            case ev.PaneMoved():
                if event.source_layout is not None:
                    self._resized(event.source, event.source_layout, lsn)
                self._resized(event.target, event.target_layout, lsn)
            case ev.PaneBroken():
                self._resized(event.source, event.source_layout, lsn)
                self._resized(event.window, event.layout, lsn)
            case ev.ZoomChanged(window, _) | ev.PaneActivated(window, _):
                self._resized(window, None, lsn)
            case _:
                assert_never(event)

    def _border_status_set(self, event: ev.OptionSet, lsn: int) -> None:
        """Panes gave a row to the line of text at their border, or got it back."""
        state = self._state_at(lsn)
        windows = () if state is None else state.windows
        for window in windows:
            if event.scope == "global-window" or (event.scope, event.target) == ("window", window):
                self._resized(window, None, lsn)

    def _state_at(self, lsn: int) -> ServerState | None:
        """The state right after the record, if it is known."""
        if lsn > self._structure_lsn:
            return self.state
        return None if self._older is None else self._older.state

    def _resized(
        self,
        window: WindowId,
        layout: Layout | None,
        lsn: int,
        floating: Sequence[Floating] = (),
    ) -> None:
        """The sizes of the window's panes from `lsn` on. If the window is not known, they are those of the event."""
        state = self._state_at(lsn)
        found = state.windows.get(window) if state is not None else None
        if state is not None and found is not None:
            sizes = pane_sizes(state, found)
        else:
            sizes = {} if layout is None else layout_sizes(layout)
            sizes |= {each.pane: (each.columns, each.rows) for each in floating}
        for pane, size in sizes.items():
            if pane not in self.panes:
                self._new_pane(pane, size, lsn)
                continue
            self.panes[pane].known = True
            if lsn > self.panes[pane].lsn:
                self.panes[pane].resized(lsn, *size)

    def _add(self, pane: PaneId, operation: Cleared | Started | EndedMark) -> None:
        found = self.panes.get(pane)
        if found is not None and operation.lsn > found.lsn:
            found.add(operation)
