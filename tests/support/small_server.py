"""The persistent half of a server without processes: a log, checkpoints, fake terminals, and the expected content for
comparison."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from fuguemux.model import events as ev
from fuguemux.model.apply import apply
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import NoSpace, leaf, remove, resize, split
from fuguemux.model.pane_places import pane_sizes
from fuguemux.model.state import ServerState
from fuguemux.persistence.checkpoint.checkpoint import (
    CheckpointResult,
    CheckpointRun,
    CheckpointSettings,
    PaneCapture,
    PaneMark,
    run_to_end,
)
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.recovery.pane_replay import (
    Cleared,
    LostOutput,
    Output,
    RecoveredPane,
    Resize,
    Started,
)
from fuguemux.persistence.recovery.recovery import Recovered, recover
from fuguemux.persistence.scrollback.scrollback import PaneScrollback
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.serialization import encode_events
from fuguemux.persistence.wal.jobs import SyncJob
from fuguemux.persistence.wal.record import RecordType
from fuguemux.persistence.wal.watermark import Watermark
from fuguemux.persistence.wal.writer import LogWriter, WriterOptions
from tests.support.fake_terminal import FakeTerminal, logical

STORE_ID = bytes(range(16))
ENGINE = "fake 1/1"
SMALL_LOG = WriterOptions(
    segment_bytes=64 << 10,
    first_segment_bytes=64 << 10,
    ballast_bytes=4 << 10,
    unsynced_bytes_max=1 << 20,
)


class Truth:
    """Everything that was ever given to the log, by LSN: what a recovery must find."""

    def __init__(self) -> None:
        self.events: dict[int, list[ev.AnyEvent]] = {}
        self.outputs: dict[int, tuple[PaneId, bytes]] = {}

    def forget_lost(self, events_to: int, outputs_to: Callable[[PaneId], int]) -> None:
        """A recovery found no more than this. The rest was never acknowledged.

        A checkpoint without a log after it may know of later events than its text of a pane. For example, a history
        that was cleared later is still in it.
        """
        self.events = {
            lsn: [
                event
                for event in events
                if not isinstance(event, ev.HistoryCleared) or lsn <= outputs_to(event.pane)
            ]
            for lsn, events in self.events.items()
            if lsn <= events_to
        }
        self.outputs = {
            lsn: (pane, data)
            for lsn, (pane, data) in self.outputs.items()
            if lsn <= outputs_to(pane)
        }

    def rebuilt(self) -> tuple[ServerState, dict[PaneId, tuple[list[bytes], FakeTerminal]]]:
        """The state, and every pane's history and terminal, computed from the beginning."""
        state = ServerState()
        panes: dict[PaneId, tuple[list[bytes], FakeTerminal]] = {}
        for lsn in sorted({*self.events, *self.outputs}):
            if lsn in self.outputs:
                pane, data = self.outputs[lsn]
                if pane in panes:
                    panes[pane][1].feed(data)
            for event in self.events.get(lsn, ()):
                state = apply(state, event)
                if isinstance(event, ev.HistoryCleared):
                    _drain(*panes[event.pane])
                    panes[event.pane][0].clear()
            if lsn in self.events:
                _fit(state, panes)
        for history, terminal in panes.values():
            _drain(history, terminal)
        return state, panes


def _drain(history: list[bytes], terminal: FakeTerminal) -> None:
    _, continued, lines = terminal.archive()
    if continued and history and lines:
        history[-1] += lines.pop(0)
    history.extend(lines)


def _fit(state: ServerState, panes: dict[PaneId, tuple[list[bytes], FakeTerminal]]) -> None:
    for window in state.windows.values():
        for pane, (columns, rows) in pane_sizes(state, window).items():
            if pane not in panes:
                panes[pane] = ([], FakeTerminal(columns, rows))
            terminal = panes[pane][1]
            if (terminal.columns, terminal.rows) != (columns, rows):
                terminal.resize(columns, rows)
    for pane in [pane for pane in panes if pane not in state.panes]:
        del panes[pane]


class Terminal:
    """A pane's terminal in the small server."""

    def __init__(self, terminal: FakeTerminal, scrollback: PaneScrollback, offset: int) -> None:
        self.terminal = terminal
        self.scrollback = scrollback
        self.offset = offset
        self.changes = 0

    def feed(self, data: bytes) -> None:
        self.terminal.feed(data)
        self.offset += len(data)
        self.changes += 1

    def archive(self) -> None:
        cleared, continued, lines = self.terminal.archive()
        if cleared:
            self.scrollback.clear()
        self.scrollback.append(lines, continued=continued)


class SmallServer:
    """Starts by recovering. `truth` continues after it."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        truth: Truth,
        *,
        entropy: Callable[[int], bytes],
        settings: CheckpointSettings | None = None,
        log_options: WriterOptions = SMALL_LOG,
        lazy: bool = False,
    ) -> None:
        self.storage = storage
        self.truth = truth
        self.now_ms = 1_764_000_000_000
        self._ticks = 0.0
        self._passed_ms = 0
        self.recovered = recover(
            storage,
            directory,
            now_ms=self.clock_ms,
            monotonic=self.monotonic,
            new_store_id=STORE_ID,
        )
        self.writer = LogWriter.start(
            storage,
            f"{directory}/wal",
            self.recovered.log,
            clock_ms=self.clock_ms,
            monotonic_ms=self.monotonic_ms,
            entropy=entropy,
            options=log_options,
            watermark=Watermark(storage, directory),
        )
        assert self.writer.state.next_lsn == self.recovered.next_lsn
        self.state = self.recovered.state
        self.store = self.recovered.store
        self.applied_lsn = self.recovered.next_lsn - 1
        self.waiting: dict[PaneId, RecoveredPane] = dict(self.recovered.panes)
        self.terminals: dict[PaneId, Terminal] = {}
        self.series = CheckpointSeries(
            storage,
            f"{directory}/checkpoints",
            self.store,
            store_id=self.recovered.store_id,
            now_ms=self.clock_ms,
            monotonic=self.monotonic,
            generations=self.recovered.generations,
            saves=self.recovered.saves,
            highest_number=self.recovered.highest_number,
            stored=self.recovered.stored,
            settings=settings,
        )
        if not lazy:
            self.rebuild_all()

    def clock_ms(self) -> int:
        self.now_ms += 1
        return self.now_ms

    def monotonic_ms(self) -> int:
        return self._passed_ms

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass on both clocks. `now_ms` alone is the wall clock, which can be set."""
        self.now_ms += milliseconds
        self._passed_ms += milliseconds

    def monotonic(self) -> float:
        self._ticks += 0.0007
        return self._ticks

    # -- recovery -----------------------------------------------------------------------------

    def rebuild_all(self) -> None:
        for pane in list(self.waiting):
            self.rebuild(pane)

    def rebuild(self, pane: PaneId) -> None:
        """Build the terminal of a recovered pane from its snapshot and the output after it."""
        recovered = self.waiting.pop(pane)
        if recovered.screen is not None:
            fake = FakeTerminal.restore(recovered.screen.snapshot)
        else:
            fake = FakeTerminal(recovered.columns, recovered.rows)
        terminal = Terminal(fake, self.store.pane(pane), recovered.output_offset)
        for operation in recovered.replay():
            match operation:
                case Output(_, offset, data):
                    assert offset == terminal.offset
                    terminal.feed(data)
                    terminal.archive()
                case Resize(_, columns, rows):
                    fake.resize(columns, rows)
                case Cleared():
                    fake.clear_history()
                    terminal.archive()
                case LostOutput(_, _, stop):
                    terminal.offset = stop
                case Started():
                    pass
        self.terminals[pane] = terminal
        self._fit()

    # -- what a server does -------------------------------------------------------------------

    def commit(self, *events: ev.AnyEvent) -> int:
        state = self.state
        for event in events:
            state = apply(state, event)
        lsn = self.writer.append(RecordType.STRUCTURE, encode_events(events))
        self.truth.events[lsn] = list(events)
        self.writer.write()
        self.state = state
        self.applied_lsn = lsn
        for event in events:
            if isinstance(event, ev.HistoryCleared):
                self.terminals[event.pane].terminal.clear_history()
                self.terminals[event.pane].archive()
                self.store.pane(event.pane).clear(erase=True)
        self._fit()
        return lsn

    def output(self, pane: PaneId, data: bytes) -> int | None:
        terminal = self.terminals[pane]
        lsn = self.writer.append_output(pane, terminal.offset, data)
        if lsn is None:
            return None
        self.truth.outputs[lsn] = (pane, data)
        self.writer.write()
        self.applied_lsn = lsn
        terminal.feed(data)
        return lsn

    def _fit(self) -> None:
        for window in self.state.windows.values():
            for pane, (columns, rows) in pane_sizes(self.state, window).items():
                if pane in self.waiting:
                    self.waiting[pane].resized(self.applied_lsn, columns, rows)
                    continue
                if pane not in self.terminals:
                    fake = FakeTerminal(columns, rows)
                    self.terminals[pane] = Terminal(fake, self.store.pane(pane), 0)
                fake = self.terminals[pane].terminal
                if (fake.columns, fake.rows) != (columns, rows):
                    fake.resize(columns, rows)
                    self.terminals[pane].changes += 1
        for pane in [pane for pane in self.terminals if pane not in self.state.panes]:
            del self.terminals[pane]
            self.store.drop(pane)

    def sync(self) -> int:
        """Sync the log. Returns up to which LSN it is durable."""
        job = self.writer.sync_job()
        if job is not None:
            try:
                job.run()
            except OSError as error:
                self.writer.sync_done(job, error)
            else:
                self.writer.sync_done(job, None)
                if isinstance(job, SyncJob):
                    job.afterwards()
        chore = self.writer.segments.chore()
        if chore is not None:
            try:
                chore.run()
            except OSError as error:
                self.writer.segments.chore_done(chore, error)
            else:
                self.writer.segments.chore_done(chore, None)
        return self.writer.state.durable_lsn

    def checkpoint(self, reason: str = "test", *, name: str = "") -> CheckpointResult:
        self.sync()
        result = run_to_end(CheckpointRun(self.series, self, reason, anew=bool(name)))
        if name:
            self.series.saves.append(self.series.keep(result.manifest, name))
        self.writer.segments.truncate_before(result.wal_before_lsn)
        return result

    # -- Sources ------------------------------------------------------------------------------

    def structure(self) -> tuple[ServerState, int]:
        return self.state, self.applied_lsn

    def panes(self) -> Iterable[PaneId]:
        return [*self.terminals, *self.waiting]

    def mark(self, pane: PaneId) -> PaneMark | None:
        waiting = self.waiting.get(pane)
        if waiting is not None:
            return PaneMark(None, waiting.hold_lsn)
        terminal = self.terminals.get(pane)
        if terminal is None:
            return None
        return PaneMark((terminal.offset, terminal.changes))

    def prepare(self, pane: PaneId) -> bool:
        return False

    def capture(self, pane: PaneId) -> PaneCapture | None:
        terminal = self.terminals.get(pane)
        if terminal is None:
            return None
        terminal.archive()
        fake = terminal.terminal
        return PaneCapture(
            self.applied_lsn,
            terminal.offset,
            fake.columns,
            fake.rows,
            ENGINE,
            fake.snapshot(),
            b"fallback",
        )


# -- comparing ------------------------------------------------------------------------------------


def differences(server: SmallServer, loose: Collection[PaneId] = ()) -> list[str]:
    """The differences between a server and the truth. Empty: there are none.

    The sizes that `loose` panes had in between are unknown, so a line may be on the screen or in the history.
    """
    state, panes = server.truth.rebuilt()
    found: list[str] = []
    if server.state != state:
        found.append(f"state: {server.state} instead of {state}")
    if set(server.terminals) != set(panes):
        found.append(f"panes: {sorted(server.terminals)} instead of {sorted(panes)}")
    for pane, (history, terminal) in panes.items():
        mine = server.terminals.get(pane)
        if mine is None:
            continue
        mine.archive()
        stored = logical(mine.scrollback.read(0, mine.scrollback.next_line))
        if pane in loose:
            text = b"".join([*stored, *(row.text for row in mine.terminal.screen)])
            wanted = b"".join([*history, *(row.text for row in terminal.screen)])
            if text != wanted:
                found.append(f"text of %{pane}: {text[-60:]!r} instead of {wanted[-60:]!r}")
            continue
        if stored != history:
            found.append(f"history of %{pane}: {_first_difference(stored, history)}")
        if mine.terminal.screen != terminal.screen:
            found.append(f"screen of %{pane}: {mine.terminal.screen} instead of {terminal.screen}")
    return found


def _first_difference(mine: list[bytes], wanted: list[bytes]) -> str:
    for index, (left, right) in enumerate(zip(mine, wanted, strict=False)):
        if left != right:
            return f"line {index} is {left[:60]!r} instead of {right[:60]!r}"
    return f"{len(mine)} lines instead of {len(wanted)}"


# -- events ---------------------------------------------------------------------------------------


def new_session(state: ServerState, columns: int = 20, rows: int = 6) -> tuple[ev.AnyEvent, ...]:
    session, window = SessionId(state.next_session), WindowId(state.next_window)
    pane = PaneId(state.next_pane)
    layout = leaf(pane, columns, rows)
    return (
        ev.SessionCreated(session, f"s{session}", b"/", 1),
        ev.WindowCreated(window, "sh", session, 0, pane, layout, 1),
    )


def split_window(state: ServerState, window: WindowId) -> tuple[ev.AnyEvent, ...]:
    pane = PaneId(state.next_pane)
    before = state.windows[window]
    try:
        layout = split(before.layout, before.active, "column", pane)
    except NoSpace:
        return ()
    return (ev.PaneAdded(window, pane, layout, 1),)


def remove_pane(state: ServerState, pane: PaneId) -> tuple[ev.AnyEvent, ...]:
    window = state.panes[pane].window
    layout = remove(state.windows[window].layout, pane)
    if layout is None:
        return ()
    return (ev.PaneRemoved(window, pane, layout),)


def resize_window(
    state: ServerState, window: WindowId, columns: int, rows: int
) -> tuple[ev.AnyEvent, ...]:
    return (ev.LayoutChanged(window, resize(state.windows[window].layout, columns, rows)),)


def checked(recovered: Recovered) -> Any:
    """The report as plain data, for messages of failed tests."""
    return recovered.report
