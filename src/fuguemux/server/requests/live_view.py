"""The LiveView of commands: facts of clients, terminals and processes, read when they are asked for."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from fuguemux.config.secrets import named
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.live import (
    CaptureRequest,
    ClientFacts,
    ForegroundFacts,
    HistoryFacts,
    PaneFacts,
    ScreenFacts,
    ServerFacts,
)
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import Clock
from fuguemux.observe.holding import unended
from fuguemux.server.copy.copy_mode import ModeFacts
from fuguemux.server.panes.capture import capture, history_row_count
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.processes import process_table

Documents = Callable[[str, tuple[str, ...]], Any]


MEASURE_NS_MAX: Final = 50_000_000
MEASURE_EVERY_NS: Final = 250_000_000
"""How much of such a time may go into counting rows of history, and into building screens for that after a start."""


class ServerView:
    """Implements model.live.LiveView. Built before the parts it asks; they are given by `connect`."""

    def __init__(self, clock: Clock, panes: Panes, facts: ServerFacts) -> None:
        self._clock = clock
        self.started_ns = clock.monotonic_ns()
        """When the server started, by the clock that nobody sets."""
        self._panes = panes
        self._facts = facts
        self._state: Callable[[], ServerState] = ServerState
        self._clients: Callable[[], tuple[ClientFacts, ...]] = tuple
        self._in_mode: Callable[[PaneId], ModeFacts] = lambda _pane: ModeFacts()
        self._documents: Documents = lambda _name, _arguments: None
        self._attached_s: dict[SessionId, int] = {}
        """In order of use."""
        self._came_back: frozenset[SessionId] = frozenset()
        self.times_changed: Callable[[Mapping[SessionId, int]], None] = lambda _times: None
        """Told when clients last came to see each session, whenever that changes."""
        self._measuring_since = self._measured_ns = 0

    def connect(
        self,
        state: Callable[[], ServerState],
        clients: Callable[[], tuple[ClientFacts, ...]],
        in_mode: Callable[[PaneId], ModeFacts],
        documents: Documents,
    ) -> None:
        """Give the parts that are built after this one."""
        self._state = state
        self._clients = clients
        self._in_mode = in_mode
        self._documents = documents

    def attached(self, session: SessionId) -> None:
        """A client looks at `session` now."""
        self._came_back = frozenset()
        self._attached_s.pop(session, None)
        self._attached_s[session] = self._clock.wall_ms() // 1000
        known = self._state().sessions
        self._attached_s = {of: when for of, when in self._attached_s.items() if of in known}
        self.times_changed(self._attached_s)

    def note_attached(self) -> None:
        """Have what is known of that noted once more: the state is in another directory."""
        self.times_changed(self._attached_s)

    def attached_before(self, times: Mapping[SessionId, int]) -> None:
        """What earlier servers noted of that, in order of use."""
        self._attached_s = {**times, **self._attached_s}

    def ended_unasked(self, sessions: Iterable[SessionId]) -> None:
        """This start brought `sessions` back after an end that nobody had asked for."""
        self._came_back = frozenset(sessions)

    def recovered(self, summary: str) -> None:
        """The recovery is done; what `#{recovery_summary}` says of it."""
        self._facts = msgspec.structs.replace(self._facts, recovery_summary=summary)

    def now_ms(self) -> int:
        """Wall clock."""
        return self._clock.wall_ms()

    def local_time(self, seconds: int) -> tuple[int, ...]:
        """In the server's time zone."""
        return self._clock.local_time(seconds)

    def server(self) -> ServerFacts:
        """Facts of this process."""
        return self._facts

    def clients(self) -> tuple[ClientFacts, ...]:
        """Attached clients."""
        return self._clients()

    def pane(self, pane: PaneId) -> PaneFacts:
        """Facts of a pane; defaults if it has no terminal."""
        terminal = self._panes.get(pane)
        if terminal is None:
            return PaneFacts()
        mode = self._in_mode(pane)
        return PaneFacts(
            history=lambda: self._history(terminal),
            foreground=lambda: self._foreground(pane, terminal),
            screen=lambda: _screen(terminal),
            in_mode=mode.in_mode,
            mode=mode.name,
            scroll_position=mode.position,
            copy_cursor_x=mode.cursor_x,
            copy_cursor_y=mode.cursor_y,
            copy_cursor_line=mode.cursor_line,
            search_string=mode.search_string,
            search_present=mode.search_present,
            selection_present=mode.selection_present,
            scroll_region_lower=terminal.size.rows - 1,
            bell=terminal.bell,
            activity_s=terminal.last_output_s,
            restore_status=terminal.status,
            persist=terminal.persist,
        )

    def _history(self, terminal: PaneTerminal) -> HistoryFacts:
        """Of one pane; of hundreds of long ones at once, those that come last only roughly: others wait for the loop."""
        begun = self._clock.monotonic_ns()
        if begun - self._measuring_since > MEASURE_EVERY_NS:
            self._measuring_since, self._measured_ns = begun, 0
        if self._measured_ns > MEASURE_NS_MAX:
            return HistoryFacts(*terminal.history_roughly())
        with unended():  # it keeps what it counts
            rows = history_row_count(terminal)
            found = HistoryFacts(rows, terminal.scrollback.sizes().raw_bytes)
        self._measured_ns += self._clock.monotonic_ns() - begun
        return found

    def _foreground(self, pane: PaneId, terminal: PaneTerminal) -> ForegroundFacts:
        stored = self._state().panes.get(pane)
        if stored is None:
            return ForegroundFacts()
        pid = terminal.master.foreground_group() if terminal.master is not None else 0
        argv = process_table.arguments(pid) or process_table.arguments(stored.pid)
        path = process_table.directory(pid) or process_table.directory(stored.pid) or stored.cwd
        return ForegroundFacts(process_table.name_of(argv or named(stored.argv)), path)

    def capture(self, pane: PaneId, request: CaptureRequest) -> bytes:
        """Rows of a pane, from the engine and the store."""
        terminal = self._panes.get(pane)
        if terminal is None:
            return b""
        with unended():  # it may build the screen on its way
            return capture(terminal, request)

    def activity_s(self, of: SessionId | WindowId, kind: Literal["session", "window"]) -> int:
        """The latest output of any pane there."""
        state = self._state()
        if kind == "window":
            windows = {WindowId(of)}
        else:
            session = state.sessions.get(SessionId(of))
            windows = set() if session is None else {link.window for link in session.links}
        times = [
            terminal.last_output_s
            for terminal in self._panes
            if (pane := state.panes.get(terminal.id)) is not None and pane.window in windows
        ]
        return max(times, default=0)

    def last_attached_s(self, session: SessionId) -> int:
        """When a client last came to look at it; 0: never, as far as is known."""
        return self._attached_s.get(session, 0)

    def seen(self) -> tuple[SessionId, ...]:
        """The sessions that a client has come to see, in that order."""
        return tuple(self._attached_s)

    def came_back(self) -> tuple[SessionId, ...]:
        """What `ended_unasked` named, until somebody has been there."""
        used = [session for session in reversed(self._attached_s) if session in self._came_back]
        return (*used, *sorted(self._came_back - set(used), reverse=True))

    def directory_exists(self, path: bytes) -> bool:
        """Whether a process could start there."""
        return os.path.isdir(path) and os.access(path, os.X_OK)

    def variable(self, name: str) -> str | None:
        """Format variables that only the server knows."""
        value = self._documents("variable", (name,))
        return value if isinstance(value, str) else None

    def document(self, name: str, arguments: tuple[str, ...]) -> Any:
        """A report as plain data, or None."""
        return self._documents(name, arguments)


def _screen(terminal: PaneTerminal) -> ScreenFacts:
    with unended():  # it may build the screen on its way
        cursor, modes = terminal.emulator.cursor, terminal.emulator.modes
    return ScreenFacts(
        cursor_x=cursor.column,
        cursor_y=cursor.row,
        cursor_visible=cursor.visible,
        alternate_on=modes.alternate_screen,
        mouse_any=modes.mouse != "off",
        application_cursor=modes.application_cursor,
        application_keypad=modes.application_keypad,
        bracketed_paste=modes.bracketed_paste,
    )
