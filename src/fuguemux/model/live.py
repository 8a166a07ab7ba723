"""LiveView: the read-only port through which commands see live data, which are not durable state. The server implements
it; tests fake it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeAlias

import msgspec

from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.state import ServerState, link_of

ACTIVITY: Final = "#"
BELL: Final = "!"
SILENCE: Final = "~"
"""The marks of a window with an alert, as tmux shows them."""


def _no_place(_index: int) -> None:
    return None


class TerminalFacts(msgspec.Struct, frozen=True):
    """What a client's terminal can do."""

    utf8: bool = True
    features: str = ""
    """As tmux lists them."""
    type: str = ""
    """What it reports itself to be: name and version. Empty: it did not say."""


class ClientFacts(msgspec.Struct, frozen=True):
    """An attached client."""

    id: ClientId
    name: str
    """As in tmux: the path of its terminal."""
    pid: int
    tty: str
    columns: int
    rows: int
    session: SessionId
    created_s: int
    activity_s: int
    """Shown to people. It may go back with the wall clock, so nothing is decided by it."""
    term: str = ""
    flags: ClientFlags = ClientFlags()
    key_table: str = ""
    """The table of its next key; empty: the one that `key-table` names."""
    environment: dict[bytes, bytes] = {}
    used: int = 0
    """Increases with every use of any client: of two clients, the one with the larger number was used later."""
    control: bool = False
    """A control client has no screen: `columns` and `rows` count only once it has set them (`sized`)."""
    sized: bool = True
    window_sizes: dict[WindowId, tuple[int, int]] = {}
    """Columns and rows that a control client has set for single windows."""
    window_place: Callable[[int], tuple[int, int] | None] = _no_place
    """The column and the row of the status line in which a window is named, by its index; None: in none."""
    terminal: TerminalFacts = TerminalFacts()

    @property
    def read_only(self) -> bool:
        """Whether its keys do nothing but run read-only commands."""
        return self.flags.read_only


class HistoryFacts(msgspec.Struct, frozen=True):
    """The history above a pane's screen."""

    rows: int = 0
    size_bytes: int = 0


class ForegroundFacts(msgspec.Struct, frozen=True):
    """The program that gets the pane's keys."""

    command: str = ""
    path: bytes = b""


class ScreenFacts(msgspec.Struct, frozen=True):
    """Facts of a pane's screen."""

    cursor_x: int = 0
    cursor_y: int = 0
    cursor_visible: bool = True
    alternate_on: bool = False
    mouse: str = "off"
    """What the program wants to know of the mouse: `off`, `x10`, `normal`, `button` or `any`."""
    mouse_format: str = "x10"
    """How: `x10`, `utf8`, `sgr`, `urxvt` or `sgr_pixels`."""
    application_cursor: bool = False
    application_keypad: bool = False
    bracketed_paste: bool = False


class TextAt(msgspec.Struct, frozen=True):
    """A row that a pane shows, and the line of text that it is part of."""

    row: str = ""
    line: str = ""
    offset: int = 0
    """The character of the line that is at the cell, or behind its end."""


class CopyFacts(msgspec.Struct, frozen=True):
    """Facts of a pane in copy mode. Rows count from the first one of the history."""

    rectangle: bool = False
    selection_active: bool = False
    """Whether moving the cursor changes the selection."""
    selection_start: tuple[int, int] | None = None
    selection_end: tuple[int, int] | None = None
    """Column and row; None: there is no selection."""
    match: str = ""
    """The match of the search at the cursor."""
    word: TextAt = TextAt()
    """The text at the cursor."""


class PaneFacts(msgspec.Struct, frozen=True):
    """Facts that the terminal and the process table know of a pane. Expensive ones are looked up when they are read."""

    history: Callable[[], HistoryFacts] = HistoryFacts
    foreground: Callable[[], ForegroundFacts] = ForegroundFacts
    screen: Callable[[], ScreenFacts] = ScreenFacts
    cursor_character: Callable[[], str] = str
    """The character at the cursor; a space where there is none."""
    path: Callable[[], str] = str
    """What the program said last by OSC 7."""
    copy: Callable[[], CopyFacts] = CopyFacts

    in_mode: bool = False
    mode: str = ""
    scroll_position: int = 0
    copy_cursor_x: int = 0
    copy_cursor_y: int = 0
    copy_cursor_line: str = ""
    search_string: str = ""
    search_present: bool = False
    selection_present: bool = False
    insert_mode: bool = False
    input_off: bool = False
    """Whether input is kept from the program (select-pane -d)."""
    origin_mode: bool = False
    wrap_mode: bool = True
    scroll_region_lower: int = 0
    scroll_region_upper: int = 0
    activity_s: int = 0
    restore_status: str = ""
    persist: bool = True

    @property
    def history_size(self) -> int:
        return self.history().rows

    @property
    def history_bytes(self) -> int:
        return self.history().size_bytes

    @property
    def current_command(self) -> str:
        return self.foreground().command


class ServerFacts(msgspec.Struct, frozen=True):
    """Facts of the server process."""

    pid: int = 0
    socket_path: str = ""
    version: str = ""
    started_s: int = 0
    host: str = ""
    recovery_summary: str = ""
    config_files: str = ""
    user: str = ""
    uid: int = 0


class MarkedPane(msgspec.Struct, frozen=True):
    """The marked pane, as select-pane -m named it. It is no mark any more once the pane or its window is elsewhere."""

    session: SessionId
    index: int
    window: WindowId
    pane: PaneId

    def holds(self, state: ServerState) -> bool:
        """Whether session, index, window and pane still belong together."""
        session, pane = state.sessions.get(self.session), state.panes.get(self.pane)
        link = None if session is None else link_of(session, self.index)
        return (
            link is not None
            and link.window == self.window
            and pane is not None
            and pane.window == self.window
        )


class ShellAsked(msgspec.Struct, frozen=True):
    """A `#(command)` in a format, and whose format it is."""

    command: str
    """As it stands in the format. With the next three fields it tells one job from another."""
    about: str = ""
    """The window or pane that a loop of the format is at; empty outside of loops."""
    client: ClientId | None = None
    """The client whose format it is; None: that of the server itself, as in a hook."""
    status: bool = False
    """Whether the status line of that client shows the output."""
    expanded: str = ""
    """The command to run: `command` with its formats expanded."""
    cwd: bytes = b""
    """The directory of a client that is not attached."""


class CaptureRequest(msgspec.Struct, frozen=True):
    """capture-pane: rows from `start` to `end`. 0 is the first visible row, negative numbers are in the history.

    None: the edge of the visible screen. The strings name the edge of the whole history.
    """

    start: int | Literal["first"] | None = None
    end: int | Literal["last"] | None = None
    escapes: bool = False
    join: bool = False
    trim: bool = True
    alternate: bool = False
    octal: bool = False
    """Escape control characters as octal (-C)."""


class Question(msgspec.Struct, frozen=True):
    """Base of what has to be read from a disk to be answered."""


class FilesAsked(Question, frozen=True):
    """`LiveView.files`."""

    directory: str
    pattern: str


class RecoveriesAsked(Question, frozen=True):
    """`LiveView.recoveries`."""


class StatusAsked(Question, frozen=True):
    """`LiveView.status`."""


class LastScreensAsked(Question, frozen=True):
    """`LiveView.last_screens`."""


class LastScreenAsked(Question, frozen=True):
    """`LiveView.last_screen`."""

    pane: PaneId
    recovery_ms: int | None
    styled: bool


class TerminalAsked(msgspec.Struct, frozen=True):
    """What the terminal of the requesting client can do: only that client knows."""


DiskQuestion: TypeAlias = (
    FilesAsked | RecoveriesAsked | StatusAsked | LastScreensAsked | LastScreenAsked
)
AnyQuestion: TypeAlias = DiskQuestion | TerminalAsked


class NotAtHand(Exception):
    """Something has to be read from a disk first, or asked of the client. Nothing has happened: repeat the decision when
    `question` is answered."""

    def __init__(self, question: AnyQuestion) -> None:
        super().__init__(type(question).__name__)
        self.question = question


class LiveView(Protocol):
    """Read-only. Calls are quick, except that `capture` may read scrollback from disk."""

    def now_ms(self) -> int:
        """Wall clock in milliseconds since the epoch."""
        ...

    def local_time(self, seconds: int) -> tuple[int, ...]:
        """Local calendar time as (year, month, day, hour, minute, second, weekday with Monday 0, day of year)."""
        ...

    def server(self) -> ServerFacts: ...

    def clients(self) -> tuple[ClientFacts, ...]:
        """Attached clients, in order of attachment."""
        ...

    def pane(self, pane: PaneId) -> PaneFacts:
        """Facts of a pane; defaults if it has no terminal yet."""
        ...

    def capture(self, pane: PaneId, request: CaptureRequest) -> bytes:
        """The requested rows, each with a newline."""
        ...

    def text_at(self, pane: PaneId, column: int, row: int) -> TextAt:
        """The text that the pane shows at a cell, in copy mode that of its history."""
        ...

    def activity_s(self, of: SessionId | WindowId, kind: Literal["session", "window"]) -> int:
        """When a program last printed something in the window, or a user last typed in the session or attached to it, in
        seconds since the epoch; 0 if not known."""
        ...

    def last_attached_s(self, session: SessionId) -> int:
        """When a client last attached to it, in seconds since the epoch; 0 if not known."""
        ...

    def seen(self) -> tuple[SessionId, ...]:
        """The sessions that a client has attached to, as far as is known, in this order: the last one is the most recent."""
        ...

    def came_back(self) -> tuple[SessionId, ...]:
        """The sessions that this start restored after an unplanned end, the one used last first.

        Empty once a client has attached to a session, and if the end was planned.
        """
        ...

    def directory_exists(self, path: bytes) -> bool: ...

    def variable(self, name: str) -> str | None:
        """The value of a format variable that only the server knows (`recovery_summary`, …), or None."""
        ...

    def mark(self) -> MarkedPane | None:
        """The marked pane, whether or not it is still there."""
        ...

    def shell_line(self, asked: ShellAsked) -> str:
        """The last line that the command printed, as far as it is known; empty at first.

        Asking is noted, and the server runs the command soon, unless it runs already or began in this second.
        """
        ...

    def option_defaults(self) -> Mapping[str, str]:
        """Defaults of options that the configuration gives, by the name of the option. The mapping never changes."""
        ...

    def alerts(self, session: SessionId, window: WindowId) -> str:
        """The marks of a window in a session, in this order: ACTIVITY, BELL, SILENCE."""
        ...

    def messages(self) -> Sequence[tuple[int, str]]:
        """The latest messages of the server, the newest first: when, in seconds since the epoch, and what."""
        ...

    def panes_with_last_screens(self) -> Sequence[PaneId]:
        """The panes that have a last screen, of whatever recovery."""
        ...

    # The following is read from a disk: NotAtHand is raised as long as it is not read. None: this server has no such thing.

    def files(self, directory: str, pattern: str) -> Sequence[Mapping[str, Any]] | None:
        """The files that a path or a pattern names: each with its `path`, and `text` or `error`."""
        ...

    def recoveries(self) -> Sequence[Mapping[str, Any]] | None:
        """All recoveries, the newest first: the fields of a report, and its text for people as `lines`."""
        ...

    def status(self) -> Mapping[str, Any] | None:
        """How the server is; see server/admin/status.py."""
        ...

    def last_screens(self) -> Mapping[str, Any] | None:
        """Every last screen that is kept, as `screens`, the newest first, or `why_not`."""
        ...

    def last_screen(
        self, pane: PaneId, recovery_ms: int | None, *, styled: bool
    ) -> Mapping[str, Any] | None:
        """The last screen of a pane, of one recovery or the newest; `error` says why there is none."""
        ...
