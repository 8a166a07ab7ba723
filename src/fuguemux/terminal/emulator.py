"""The port of the terminal engine: what fugue requires of an emulator, whichever library implements it.

An emulator is fed the bytes that a pane's program writes. It keeps the screen, hands over every line that scrolled off
the primary screen exactly once, and answers questions about the rest.

Two rules make a pane's screen the same after a crash as before it:

* A line that entered the history comes back onto the screen only where the caller hands it over, right after a resize.
  So the screen depends only on the bytes, the sizes and the stored lines, however often the history was taken out in
  between, and a checkpoint needs only the screen and those lines.
* Lines leave the engine through `archive()`, in order, each once. The rest of a logical line whose head was already taken
  out follows as the next piece, marked as its continuation.

Columns and rows count from 0. An emulator is used by one thread at a time and never blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

CLIPBOARD_BYTES_MAX: Final = 1 << 20
"""The most that a program may put into the clipboard at once. More is cut off."""


class TerminalReply(NamedTuple):
    """The engine's answer to a query, to be written to the program's PTY, in order."""

    data: bytes


class Bell(NamedTuple):
    """The program rang the bell."""


class TitleChanged(NamedTuple):
    """OSC 0 or 2."""

    title: str


class CwdChanged(NamedTuple):
    """OSC 7. `url` is what the program sent; `directory` is its path, or "" if it is not a file URL."""

    url: str
    directory: str


class ClipboardWrite(NamedTuple):
    """OSC 52 with data. `selection` is "clipboard", "primary" or "selection"."""

    selection: str
    data: bytes


class Notification(NamedTuple):
    """OSC 9 or 777."""

    title: str
    body: str


class ProgressReport(NamedTuple):
    """OSC 9;4. `percent` is -1 if the program gave none."""

    state: Literal["remove", "set", "error", "indeterminate", "pause"]
    percent: int


class PromptMark(NamedTuple):
    """OSC 133: A prompt starts, B input starts, C output starts, D the command ended.

    `exit_status` is set only for D, and only if the shell sent one.
    """

    mark: Literal["A", "B", "C", "D"]
    exit_status: int | None


class WindowNamed(NamedTuple):
    """ESC k, the title sequence of screen and tmux: a name for the window, perhaps empty."""

    name: str


class Passthrough(NamedTuple):
    """ESC P tmux; with what the program means for the terminal outside."""

    data: bytes


class HistoryErased(NamedTuple):
    """The program asked to erase the history (CSI 3 J). `archive()` reports it as well."""


class Unknown(NamedTuple):
    """An OSC or APC that the engine does not know; at most 4 KiB of it."""

    kind: Literal["osc", "apc"]
    content: bytes


Event: TypeAlias = (
    TerminalReply
    | Bell
    | TitleChanged
    | CwdChanged
    | ClipboardWrite
    | Notification
    | ProgressReport
    | PromptMark
    | WindowNamed
    | Passthrough
    | HistoryErased
    | Unknown
)

CursorStyle = Literal["default", "bar", "block", "underline"]
MouseTracking = Literal["off", "x10", "normal", "button", "any"]
MouseFormat = Literal["x10", "utf8", "sgr", "urxvt", "sgr_pixels"]


class Cursor(NamedTuple):
    """`pending_wrap`: the last column was written, so that the next character goes to the next row."""

    column: int
    row: int
    visible: bool
    style: CursorStyle
    blink: bool
    pending_wrap: bool


class Modes(NamedTuple):
    """The modes that matter outside the screen. `kitty_keyboard` is the set of flags."""

    alternate_screen: bool
    mouse: MouseTracking
    mouse_format: MouseFormat
    bracketed_paste: bool
    focus_events: bool
    application_cursor: bool
    application_keypad: bool
    kitty_keyboard: int
    synchronized_output: bool


class Archived(NamedTuple):
    """Lines that left the engine's history, oldest first, each handed over once.

    `lines` are logical lines as self-contained ANSI without line ends. Written to a terminal that is wide enough, each
    gives the cells it had, with styles and links. Empty bytes are an empty line. `cleared`: drop everything handed over
    earlier, then append `lines`. `continued`: the first line goes on where the last line handed over earlier ended.
    `continues`: the end of the last line is still on the screen, or not written yet.
    """

    cleared: bool
    continued: bool
    lines: list[bytes]
    continues: bool


Rgb: TypeAlias = tuple[int, int, int]
"""Red, green and blue, from 0 to 255."""


class Colours(NamedTuple):
    """The default colours of the terminal outside. None: not known."""

    foreground: Rgb | None = None
    background: Rgb | None = None
    cursor: Rgb | None = None


class ScreenSize(NamedTuple):
    """In cells."""

    columns: int
    rows: int


class SnapshotError(Exception):
    """A snapshot is damaged, or another version of the engine wrote it. Use the ANSI fallback."""


class EngineError(Exception):
    """The engine library is missing, has another version than this code needs, or failed."""


class Emulator(Protocol):
    """One pane's terminal."""

    @property
    def engine(self) -> str:
        """Name and version of the engine and of its snapshots: "name version/snapshot-version"."""

    @property
    def size(self) -> ScreenSize: ...

    @property
    def generation(self) -> int:
        """Increases with everything that may change what `render` or `cursor` return."""

    # -- input ------------------------------------------------------------------------------
    def feed(self, data: bytes | memoryview) -> list[Event]:
        """Interpret the program's output and return the events, in order. Never raises for any data."""

    def resize(self, columns: int, rows: int) -> list[Event]:
        """Change the size, and re-wrap the primary screen. Rows that no longer fit enter the history."""

    @property
    def missing_rows(self) -> int:
        """How many rows `resize` left blank that lines of the history may fill now, with `bring_back`."""

    @property
    def returnable_lines(self) -> int:
        """How many of the last lines handed over may come back: not those from before the screen was cleared."""

    def bring_back(self, lines: Sequence[bytes], rows: int) -> None:
        """Put the last `rows` rows of `lines`, at most `missing_rows`, above the screen, right after `resize` and
        `archive(everything=True)`. The caller has removed these lines, the last of the history, from its store. Rows
        that do not fit are handed over again.
        """

    def reset_for_new_process(self) -> list[Event]:
        """Make a screen that a dead program left usable for the next one.

        Leaves the alternate screen and every mode that a program sets, ends unfinished sequences, and moves the cursor to
        a fresh row below the text. The primary screen's text and the history stay.
        """

    def clear_history(self) -> None:
        """Drop the history. The next `archive()` says `cleared`."""

    # -- history ----------------------------------------------------------------------------
    keep_lines: int | None
    """How many lines of history are needed; None, the initial value, means all.

    With a number, `archive` may leave out lines that are followed by at least this many whole lines. It then says
    `cleared`.
    """

    def archive(self, *, everything: bool = False, rows_max: int | None = None) -> Archived | None:
        """Take the lines that are ready to leave, or None if there are none.

        `feed` moves rows out of the engine by itself when there are many. They wait here, so call this after each batch
        of output. With `everything`, the whole history is taken: afterwards the screen and the archived lines are all
        there is (checkpoint, capture, search). With `rows_max`, only that many of the oldest rows are taken, to spread
        the work, and none of a primary screen that the alternate screen hides.
        """

    @property
    def unarchived_rows(self) -> int:
        """Rows in the engine's history that `archive(everything=True)` would take, without the waiting ones."""

    @property
    def waiting_bytes(self) -> int:
        """Size of the lines that wait for `archive()`."""

    @property
    def continues_history(self) -> bool:
        """Whether the first screen row continues the last line of the history."""

    # -- what is on the screen ----------------------------------------------------------------
    @property
    def cursor(self) -> Cursor: ...

    @property
    def modes(self) -> Modes: ...

    @property
    def title(self) -> str: ...

    @property
    def cwd(self) -> str:
        """The URL of the last OSC 7, or ""."""

    @property
    def at_ground(self) -> bool:
        """False in the middle of an escape sequence or of a character."""

    def render(
        self, column: int = 0, row: int = 0, columns: int | None = None, rows: int | None = None
    ) -> list[bytes]:
        """Return the rows of a rectangle as self-contained ANSI without positioning.

        Each begins and ends in the default style. Blanks at the end are left out, so erase first. Half of a wide
        character at the rectangle's edge becomes a blank.
        """

    def screen_text(self, *, join: bool = False, trim: bool = True) -> list[str]:
        """Return the screen's rows as text; with `join`, soft-wrapped rows make one line."""

    def screen_ansi(self, *, join: bool = False) -> list[bytes]:
        """Return the screen's rows as self-contained ANSI; with `join`, one entry per logical line."""

    # -- checkpoint -----------------------------------------------------------------------------
    def snapshot(self) -> bytes:
        """Return both screens, modes, cursor, title and unfinished input, without the history.

        Complete together with what `archive(everything=True)` handed over just before. Checked when restored. Only the
        same engine version is sure to read it.
        """

    def to_ansi(self) -> bytes:
        """Return the screens, modes, cursor, title and working directory as terminal output, for any engine.

        Fed to a new terminal of the same size it gives the same cells, cursor and modes. Lost are: saved cursors, tab
        stops of the other screen, unfinished sequences.
        """

    # -- input for the program --------------------------------------------------------------------
    def encode_mouse(self, event: MouseEvent) -> bytes:
        """Return what a mouse event sends under the current modes; b"" if the program does not want it."""

    def encode_paste(self, data: bytes) -> bytes:
        """Return pasted text, bracketed if the program asked for it, with unsafe control characters removed."""

    def encode_focus(self, gained: bool) -> bytes:
        """Return the focus report; b"" if the program does not want it."""

    def use_colours(self, colours: Colours) -> None:
        """Answer queries of the terminal's colours with these, as long as the program has set no others. Unknown ones are
        not answered."""

    # -- memory -------------------------------------------------------------------------------
    def compact(self) -> bool:
        """Free memory of an idle pane, one step at a time. Returns True if there is more to do."""

    def close(self) -> None:
        """Free the engine's memory. The emulator must not be used afterwards."""


class MouseEvent(NamedTuple):
    """`button`: 0 none, 1 left, 2 middle, 3 right, 4-7 wheel up, down, left, right, 8 and higher others.

    `modifiers`: the sum of 4 shift, 8 meta, 16 control, as in xterm's mouse encoding.
    """

    action: Literal["press", "release", "motion"]
    button: int
    column: int
    row: int
    modifiers: int = 0


class EmulatorFactory(Protocol):
    """Creates emulators of one engine."""

    def __call__(self, columns: int, rows: int) -> Emulator: ...

    def restore(self, snapshot: bytes) -> Emulator:
        """Return an emulator in the state of `snapshot`. Raises SnapshotError."""


def joined(batches: Sequence[Archived]) -> list[bytes]:
    """Return the logical lines of successive batches, with their pieces joined; for tests and small tools."""
    lines: list[bytes] = []
    for batch in batches:
        if batch.cleared:
            lines.clear()
        taken = batch.lines
        if batch.continued and lines and taken:
            lines[-1] += taken[0]
            taken = taken[1:]
        lines.extend(taken)
    return lines
