"""The LiveView of commands: facts about clients, terminals and processes, read when a command needs them."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol

import msgspec

from fuguemux.config.secrets import named
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.live import (
    AnyQuestion,
    CaptureRequest,
    ClientFacts,
    FilesAsked,
    ForegroundFacts,
    HistoryFacts,
    LastScreenAsked,
    LastScreensAsked,
    MarkedPane,
    PaneFacts,
    RecoveriesAsked,
    ScreenFacts,
    ServerFacts,
    ShellAsked,
    StatusAsked,
    TextAt,
)
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import Clock
from fuguemux.observe.holding import unended
from fuguemux.server.copy.copy_mode import ModeFacts
from fuguemux.server.panes.capture import capture, history_row_count
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.text_at import text_at
from fuguemux.server.processes import process_table
from fuguemux.terminal.style import text_width

MEASURE_NS_MAX: Final = 50_000_000
MEASURE_EVERY_NS: Final = 250_000_000
"""Within each MEASURE_EVERY_NS, at most this much time is spent on counting rows of history and on building screens
for that."""


class DocumentsView(Protocol):
    """What the view needs from admin/documents.py."""

    def answer(self, question: AnyQuestion) -> Any:
        """What was read. Its type is that of the method of LiveView. Raises NotAtHand if it is not read yet."""
        ...

    def messages(self) -> Sequence[tuple[int, str]]:
        """As `LiveView.messages`."""
        ...

    def panes_with_last_screens(self) -> Sequence[PaneId]:
        """As `LiveView.panes_with_last_screens`."""
        ...

    def variable(self, name: str) -> str | None:
        """As `LiveView.variable`."""
        ...


class NoDocuments:
    """Used until `connect` is called: there are no documents yet."""

    def answer(self, _question: AnyQuestion) -> Any:
        """Nothing."""
        return None

    def messages(self) -> Sequence[tuple[int, str]]:
        """None yet."""
        return ()

    def panes_with_last_screens(self) -> Sequence[PaneId]:
        """None yet."""
        return ()

    def variable(self, _name: str) -> str | None:
        """Nothing."""
        return None


class ServerView:
    """Implements model.live.LiveView. It is built before the parts that it reads; `connect` hands them over."""

    def __init__(
        self, clock: Clock, panes: Panes, facts: ServerFacts, option_defaults: Mapping[str, str]
    ) -> None:
        self._clock = clock
        self.started_ns = clock.monotonic_ns()
        """When the server started, by the monotonic clock."""
        self._panes = panes
        self._facts = facts
        self._option_defaults = option_defaults
        self._state: Callable[[], ServerState] = ServerState
        self._clients: Callable[[], tuple[ClientFacts, ...]] = tuple
        self._in_mode: Callable[[PaneId], ModeFacts] = lambda _pane: ModeFacts()
        self._documents: DocumentsView = NoDocuments()
        self._alerts: Callable[[SessionId, WindowId], str] = lambda _session, _window: ""
        self._shell_line: Callable[[ShellAsked], str] = lambda _asked: ""
        self._mode_text: Callable[[PaneId, int, int], TextAt | None] = lambda *_: None
        self._attached_s: dict[SessionId, int] = {}
        """In the order in which the sessions were last used."""
        self._came_back: frozenset[SessionId] = frozenset()
        self.times_changed: Callable[[Mapping[SessionId, int]], None] = lambda _times: None
        """Called with the time of the last attach of each session, whenever one changes."""
        self._measuring_since = self._measured_ns = 0

    def connect(
        self,
        state: Callable[[], ServerState],
        clients: Callable[[], tuple[ClientFacts, ...]],
        in_mode: Callable[[PaneId], ModeFacts],
        documents: DocumentsView,
        shell_line: Callable[[ShellAsked], str],
        mode_text: Callable[[PaneId, int, int], TextAt | None],
        alerts: Callable[[SessionId, WindowId], str],
    ) -> None:
        """Hand over the parts that are built after this one."""
        self._state = state
        self._clients = clients
        self._in_mode = in_mode
        self._documents = documents
        self._shell_line = shell_line
        self._mode_text = mode_text
        self._alerts = alerts

    def attached(self, session: SessionId) -> None:
        """Note that a client attaches to `session` now."""
        self._came_back = frozenset()
        self._attached_s.pop(session, None)
        self._attached_s[session] = self._clock.wall_ms() // 1000
        known = self._state().sessions
        self._attached_s = {of: when for of, when in self._attached_s.items() if of in known}
        self.times_changed(self._attached_s)

    def note_attached(self) -> None:
        """Write the times of the last attach again, because the state directory is another one."""
        self.times_changed(self._attached_s)

    def attached_before(self, times: Mapping[SessionId, int]) -> None:
        """Take over the times that earlier servers noted, in the order of use."""
        self._attached_s = {**times, **self._attached_s}

    def ended_unasked(self, sessions: Iterable[SessionId]) -> None:
        """Note that this start brought `sessions` back, although no user had ended the last server."""
        self._came_back = frozenset(sessions)

    def recovered(self, summary: str) -> None:
        """Note that the recovery is done, and the text of `#{recovery_summary}`."""
        self._facts = msgspec.structs.replace(self._facts, recovery_summary=summary)

    def now_ms(self) -> int:
        """Seconds since the epoch, by the wall clock."""
        return self._clock.wall_ms()

    def local_time(self, seconds: int) -> tuple[int, ...]:
        """A time in the server's time zone."""
        return self._clock.local_time(seconds)

    def server(self) -> ServerFacts:
        """Facts about this process."""
        return self._facts

    def clients(self) -> tuple[ClientFacts, ...]:
        """Attached clients."""
        return self._clients()

    def pane(self, pane: PaneId) -> PaneFacts:
        """Facts about a pane; defaults if it has no terminal."""
        terminal = self._panes.get(pane)
        if terminal is None:
            return PaneFacts()
        mode = self._in_mode(pane)
        return PaneFacts(
            history=lambda: self._history(terminal),
            foreground=lambda: self._foreground(pane, terminal),
            screen=lambda: _screen(terminal),
            cursor_character=lambda: _cursor_character(terminal),
            path=lambda: _path(terminal),
            copy=mode.more,
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
            input_off=terminal.input_off,
            activity_s=terminal.last_output_s,
            restore_status=terminal.status,
            persist=terminal.persist,
        )

    def _history(self, terminal: PaneTerminal) -> HistoryFacts:
        """The size of a pane's history. If hundreds of panes are long, the last ones are estimated, so that the loop
        is not held."""
        begun = self._clock.monotonic_ns()
        if begun - self._measuring_since > MEASURE_EVERY_NS:
            self._measuring_since, self._measured_ns = begun, 0
        if self._measured_ns > MEASURE_NS_MAX:
            return HistoryFacts(*terminal.history_roughly())
        with unended():  # the count is kept, so the work is not lost
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
        """Rows of a pane, from the engine and from the scrollback store."""
        terminal = self._panes.get(pane)
        if terminal is None:
            return b""
        with unended():  # this may build the screen
            return capture(terminal, request)

    def text_at(self, pane: PaneId, column: int, row: int) -> TextAt:
        """The text that the pane shows at a cell."""
        terminal = self._panes.get(pane)
        if terminal is None:
            return TextAt()
        with unended():  # this may build the screen
            shown = self._mode_text(pane, column, row)
            return shown or text_at(terminal, column, row)

    def activity_s(self, of: SessionId | WindowId, kind: Literal["session", "window"]) -> int:
        """When a pane of the window last printed something. When a user last typed in the session, or attached to it: what
        programs print there says nothing about who is where.
        """
        if kind == "session":
            typed = [each.activity_s for each in self.clients() if each.session == of]
            return max(typed, default=self.last_attached_s(SessionId(of)))
        state = self._state()
        times = [
            terminal.last_output_s
            for terminal in self._panes
            if (pane := state.panes.get(terminal.id)) is not None and pane.window == of
        ]
        return max(times, default=0)

    def last_attached_s(self, session: SessionId) -> int:
        """When a client was last attached to the session; 0 if no server has seen one."""
        return self._attached_s.get(session, 0)

    def seen(self) -> tuple[SessionId, ...]:
        """Sessions to which a client has attached, in that order."""
        return tuple(self._attached_s)

    def came_back(self) -> tuple[SessionId, ...]:
        """Sessions that `ended_unasked` named and to which no client has attached since."""
        used = [session for session in reversed(self._attached_s) if session in self._came_back]
        return (*used, *sorted(self._came_back - set(used), reverse=True))

    def directory_exists(self, path: bytes) -> bool:
        """Whether a process could start in that directory."""
        return os.path.isdir(path) and os.access(path, os.X_OK)

    def variable(self, name: str) -> str | None:
        """Format variables that only the server knows."""
        return self._documents.variable(name)

    def mark(self) -> MarkedPane | None:
        """The marked pane."""
        return self._panes.mark

    def shell_line(self, asked: ShellAsked) -> str:
        """The last line of a `#(command)`."""
        return self._shell_line(asked)

    def alerts(self, session: SessionId, window: WindowId) -> str:
        """The marks of alerts that a window has in a session."""
        return self._alerts(session, window)

    def configured(self, option_defaults: Mapping[str, str]) -> None:
        """From now on these are the defaults of options that the configuration sets."""
        self._option_defaults = option_defaults

    def option_defaults(self) -> Mapping[str, str]:
        """Defaults of options that the configuration sets."""
        return self._option_defaults

    def messages(self) -> Sequence[tuple[int, str]]:
        """The latest messages of the server."""
        return self._documents.messages()

    def panes_with_last_screens(self) -> Sequence[PaneId]:
        """The panes that have a last screen."""
        return self._documents.panes_with_last_screens()

    def files(self, directory: str, pattern: str) -> Sequence[Mapping[str, Any]] | None:
        """The files that a path or a pattern names."""
        found: Sequence[Mapping[str, Any]] | None = self._documents.answer(
            FilesAsked(directory, pattern)
        )
        return found

    def recoveries(self) -> Sequence[Mapping[str, Any]] | None:
        """All recoveries, the newest first."""
        found: Sequence[Mapping[str, Any]] | None = self._documents.answer(RecoveriesAsked())
        return found

    def status(self) -> Mapping[str, Any] | None:
        """The state of the server."""
        found: Mapping[str, Any] | None = self._documents.answer(StatusAsked())
        return found

    def last_screens(self) -> Mapping[str, Any] | None:
        """Every last screen that is kept."""
        found: Mapping[str, Any] | None = self._documents.answer(LastScreensAsked())
        return found

    def last_screen(
        self, pane: PaneId, recovery_ms: int | None, *, styled: bool
    ) -> Mapping[str, Any] | None:
        """The last screen of a pane."""
        found: Mapping[str, Any] | None = self._documents.answer(
            LastScreenAsked(pane, recovery_ms, styled)
        )
        return found


def _screen(terminal: PaneTerminal) -> ScreenFacts:
    with unended():  # this may build the screen
        cursor, modes = terminal.emulator.cursor, terminal.emulator.modes
    return ScreenFacts(
        cursor_x=cursor.column,
        cursor_y=cursor.row,
        cursor_visible=cursor.visible,
        alternate_on=modes.alternate_screen,
        mouse=modes.mouse,
        mouse_format=modes.mouse_format,
        application_cursor=modes.application_cursor,
        application_keypad=modes.application_keypad,
        bracketed_paste=modes.bracketed_paste,
    )


def _path(terminal: PaneTerminal) -> str:
    with unended():
        return terminal.emulator.cwd


def _cursor_character(terminal: PaneTerminal) -> str:
    with unended():
        cursor = terminal.emulator.cursor
        rows = terminal.emulator.screen_text(trim=False)
    return _cell(rows[cursor.row] if cursor.row < len(rows) else "", cursor.column)


def _cell(row: str, column: int) -> str:
    """The character in a column of a row, with what combines with it. A space where there is none."""
    end, found = 0, ""
    for char in row:
        wide = text_width(char)
        if wide and found:
            break
        end += wide
        if end > column:
            found += char
    return found or " "
