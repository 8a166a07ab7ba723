"""All panes the server holds, kept in step with the state: sizes follow layouts, removed panes are closed."""

from collections.abc import Callable, Iterator, Sequence

from fuguemux.model.events import AnyEvent, HistoryCleared, OptionSet, ProcessStarted, ProgramEnded
from fuguemux.model.ids import PaneId
from fuguemux.model.live import MarkedPane
from fuguemux.model.pane_places import STATUS, pane_sizes
from fuguemux.model.state import ServerState, Window
from fuguemux.model.window_size import bounded
from fuguemux.options import options
from fuguemux.options.environment import session_of
from fuguemux.persistence.scrollback.last_screens import LastScreen
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.terminal.emulator import EmulatorFactory

KeepScreens = Callable[[PaneTerminal, Sequence[LastScreen]], None]


def history_limit(state: ServerState, defaults: options.Defaults, pane: PaneId) -> int:
    """Lines of scrollback that the pane keeps, from the option `history-limit` of its session."""
    session = session_of(state, state.panes[pane])
    return options.get_number(state, defaults, "history-limit", session=session)


def kept_on_disk(state: ServerState, defaults: options.Defaults, pane: PaneId) -> bool:
    """Whether the pane's content may be stored on disk, by its option `persist`."""
    return options.get_flag(state, defaults, "persist", pane=state.panes[pane])


class Panes:
    """One PaneTerminal for every pane of the state, from creation to removal."""

    def __init__(
        self,
        emulators: EmulatorFactory,
        scrollback: ScrollbackStore,
        on_removed: Callable[[PaneTerminal], None],
        history_limit: Callable[[ServerState, PaneId], int],
    ) -> None:
        self._emulators = emulators
        self._scrollback = scrollback
        self._on_removed = on_removed
        self._history_limit = history_limit
        self._keep: KeepScreens = lambda _pane, _found: None
        self._typed: Callable[[PaneTerminal], None] = lambda _pane: None
        self._terminals: dict[PaneId, PaneTerminal] = {}
        self.mark: MarkedPane | None = None
        """The marked pane. It is not stored: a new server has none."""

    def connect(self, keep: KeepScreens, typed: Callable[[PaneTerminal], None]) -> None:
        """Connect the parts that are built after this one.

        `keep` is called with the last screen of a program that has ended, if the screen is built. `typed` is called
        whenever a key was typed in a pane.
        """
        self._keep = keep
        self._typed = typed

    def typed(self, terminal: PaneTerminal) -> None:
        """A key was typed in a pane."""
        self._typed(terminal)

    def __iter__(self) -> Iterator[PaneTerminal]:
        return iter(list(self._terminals.values()))

    def __len__(self) -> int:
        return len(self._terminals)

    def get(self, pane: PaneId) -> PaneTerminal | None:
        """The pane's terminal, or None if there is no such pane."""
        return self._terminals.get(pane)

    def add(self, terminal: PaneTerminal) -> None:
        """Take over a terminal from recovery, built or not."""
        self._terminals[terminal.id] = terminal

    def published(
        self, before: ServerState, after: ServerState, events: Sequence[AnyEvent], lsn: int
    ) -> None:
        """Follow one transaction. The committer calls it after the transaction is logged and before anything else
        happens.
        """
        if before.panes is not after.panes:
            for pane in after.panes:
                if pane not in self._terminals:
                    self._open(after, pane, lsn)
            for pane in [pane for pane in self._terminals if pane not in after.panes]:
                self._on_removed(self._terminals.pop(pane))
                self._scrollback.drop(pane)
        everywhere = before.window_options.get(STATUS) != after.window_options.get(STATUS)
        if everywhere or before.windows is not after.windows:
            self._resize_changed(before, after, lsn, everywhere=everywhere)
        for event in events:
            if isinstance(event, HistoryCleared):
                self.clear_history(event.pane, lsn)
            elif isinstance(event, ProcessStarted) and event.generation > 1:
                terminal = self._terminals.get(event.pane)
                if terminal is not None:
                    terminal.started_again(event.generation, lsn)
            elif isinstance(event, ProgramEnded):
                self._program_ended(event, lsn)
            elif isinstance(event, OptionSet) and event.name == "history-limit":
                self.limit_history(after)

    def _program_ended(self, event: ProgramEnded, lsn: int) -> None:
        terminal = self._terminals.get(event.pane)
        screen = None if terminal is None else terminal.program_ended(event, lsn)
        if terminal is not None and screen is not None:
            self._keep(terminal, (screen,))

    def limit_history(self, state: ServerState) -> None:
        """Apply the option `history-limit` to every pane, at once."""
        for terminal in self._terminals.values():
            self._limit(state, terminal)

    def deepest_history(self, state: ServerState) -> int:
        """The highest number of scrollback lines that any pane keeps. 0 if there are no panes."""
        return max((self._history_limit(state, pane) for pane in state.panes), default=0)

    def _limit(self, state: ServerState, terminal: PaneTerminal) -> None:
        terminal.limit_history(self._history_limit(state, terminal.id))

    def _open(self, state: ServerState, pane: PaneId, lsn: int) -> None:
        window = state.windows[state.panes[pane].window]
        columns, rows = pane_sizes(state, window)[pane]
        emulator = self._emulators(columns, rows)
        terminal = PaneTerminal(pane, emulator, self._scrollback.pane(pane), lsn=lsn)
        self._terminals[pane] = terminal
        self._limit(state, terminal)

    def _resize_changed(
        self, before: ServerState, after: ServerState, lsn: int, *, everywhere: bool
    ) -> None:
        for number, window in after.windows.items():
            if everywhere or before.windows.get(number) is not window:
                self._resize(after, window, lsn)

    def _resize(self, state: ServerState, window: Window, lsn: int) -> None:
        for pane, (columns, rows) in pane_sizes(state, window).items():
            terminal = self._terminals.get(pane)
            if terminal is not None and tuple(terminal.size) != bounded(columns, rows):
                terminal.resize(columns, rows, lsn)

    def clear_history(self, pane: PaneId, lsn: int) -> None:
        """Delete the lines that scrolled off, in the engine and in the store."""
        terminal = self._terminals.get(pane)
        if terminal is not None:
            terminal.settle()
            terminal.emulator.clear_history()
            terminal.take_archive()
            terminal.scrollback.clear(erase=True)
            terminal.lsn = lsn
