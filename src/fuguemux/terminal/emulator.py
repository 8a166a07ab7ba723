"""The port of the terminal engine: what fugue asks of an emulator, whichever library does the work.

An emulator is fed the bytes that a pane's program writes. It keeps the screen, hands every line
that scrolled off the primary screen over exactly once, and answers questions about the rest.

Two rules make a pane's screen the same after a crash as before it:

* A line that entered the history never comes back onto the screen: not by growing, not by
  reflow. So the screen follows from the bytes and the sizes alone, however often the history was
  taken out in between, and a checkpoint needs the screen only.
* Lines leave the engine through `archive()`, in order, each once. The rest of a logical line whose
  head was already taken out follows as the next piece, marked as its continuation.

Columns and rows count from 0. An emulator is used by one thread at a time and never blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

CLIPBOARD_BYTES_MAX: Final = 1 << 20
"""What a program may put into the clipboard at once; more is cut off."""


class TerminalReply(NamedTuple):
    """Bytes the engine answers to a query; they go to the program's PTY, in order."""

    data: bytes


class Bell(NamedTuple):
    """The program rang the bell."""


class TitleChanged(NamedTuple):
    """OSC 0 or 2."""

    title: str


class CwdChanged(NamedTuple):
    """OSC 7. `url` is what the program sent; `directory` is its path, or "" when it is not a file URL."""

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
    """OSC 9;4. `percent` is -1 where the program gave none."""

    state: Literal["remove", "set", "error", "indeterminate", "pause"]
    percent: int


class PromptMark(NamedTuple):
    """OSC 133: A prompt starts, B input starts, C output starts, D the command ended.

    `exit_status` is set for D alone, and only when the shell sent one.
    """

    mark: Literal["A", "B", "C", "D"]
    exit_status: int | None


class HistoryErased(NamedTuple):
    """The program asked to erase the history (CSI 3 J). `archive()` tells the store the same."""


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
    | HistoryErased
    | Unknown
)

CursorStyle = Literal["default", "bar", "block", "underline"]
MouseTracking = Literal["off", "x10", "normal", "button", "any"]
MouseFormat = Literal["x10", "utf8", "sgr", "urxvt", "sgr_pixels"]


class Cursor(NamedTuple):
    """`pending_wrap`: the last column was written; the next character goes to the next row."""

    column: int
    row: int
    visible: bool
    style: CursorStyle
    blink: bool
    pending_wrap: bool


class Modes(NamedTuple):
    """The modes that concern somebody outside the screen. `kitty_keyboard` is the flag set."""

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

    `lines` are logical lines as self-contained ANSI without line ends: written to a terminal that is
    wide enough, one gives the cells it had, with styles and links. Empty bytes are an empty line.
    `cleared`: drop everything handed over earlier, then append `lines`.
    `continued`: the first line goes on where the last line handed over earlier ended.
    `continues`: the last line's end is still on the screen, or not written yet.
    """

    cleared: bool
    continued: bool
    lines: list[bytes]
    continues: bool


class ScreenSize(NamedTuple):
    """In cells."""

    columns: int
    rows: int


class SnapshotError(Exception):
    """A snapshot is damaged, or another version of the engine wrote it. Use the ANSI fallback."""


class EngineError(Exception):
    """The engine library is missing, is not the version this code was made for, or failed."""


class Emulator(Protocol):
    """One pane's terminal."""

    @property
    def engine(self) -> str:
        """Name and version of the engine and of its snapshots: "name version/snapshot-version"."""

    @property
    def size(self) -> ScreenSize: ...

    @property
    def generation(self) -> int:
        """Rises with everything that may change what `render` or `cursor` return."""

    # -- input ------------------------------------------------------------------------------
    def feed(self, data: bytes | memoryview) -> list[Event]:
        """Interpret what the program wrote and return what happened, in order. Never raises for data."""

    def resize(self, columns: int, rows: int) -> list[Event]:
        """Change the size, re-wrapping the primary screen. Rows that no longer fit enter the history."""

    def reset_for_new_process(self) -> list[Event]:
        """Make a screen that a dead program left usable for the next one.

        Leaves the alternate screen and every mode a program sets, ends unfinished sequences, moves
        the cursor to a fresh row below the text. The primary screen's text and the history stay.
        """

    def clear_history(self) -> None:
        """Forget the history. The next `archive()` says `cleared`."""

    # -- history ----------------------------------------------------------------------------
    keep_lines: int | None
    """How many lines of history anybody wants; None, as at first: all.

    With a number `archive` may leave out lines that at least so many whole ones follow; it then says `cleared`.
    """

    def archive(self, *, everything: bool = False, rows_max: int | None = None) -> Archived | None:
        """Take the lines that are ready to leave, or None if there are none.

        `feed` moves rows out of the engine by itself when there are many; they wait here, so call
        this after each batch of output. With `everything`, the whole history is taken: after it
        the screen and what was archived are all there is (checkpoint, capture, search). With
        `rows_max` so many of the oldest rows are taken, to spread that work; none of a screen that
        the alternate one hides.
        """

    @property
    def unarchived_rows(self) -> int:
        """Rows in the engine's history that `archive(everything=True)` would take, without those waiting."""

    @property
    def waiting_bytes(self) -> int:
        """Size of the lines that wait for `archive()`."""

    @property
    def continues_history(self) -> bool:
        """Whether the first screen row goes on from the last line of the history."""

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

        Each begins and ends in the default style; blanks at the end are left out, so erase
        first. Half of a wide character at the rectangle's edge becomes a blank.
        """

    def screen_text(self, *, join: bool = False, trim: bool = True) -> list[str]:
        """Return the screen's rows as text; with `join`, soft-wrapped rows make one line."""

    def screen_ansi(self, *, join: bool = False) -> list[bytes]:
        """Return the screen's rows as self-contained ANSI; with `join`, one entry per logical line."""

    # -- checkpoint -----------------------------------------------------------------------------
    def snapshot(self) -> bytes:
        """Return both screens, modes, cursor, title and unfinished input, without the history.

        Complete together with what `archive(everything=True)` handed over just before. Checked when
        restored. Only the same engine version is sure to read it.
        """

    def to_ansi(self) -> bytes:
        """Return the screens, modes, cursor, title and cwd as terminal output, for any engine.

        Fed to a new terminal of the same size it gives the same cells, cursor and modes. Not kept:
        saved cursors, tab stops of the other screen, unfinished sequences.
        """

    # -- input for the program --------------------------------------------------------------------
    def encode_key(self, name: str) -> bytes:
        """Return what a key, by its tmux name, sends under the current modes. See `keys`.

        Raises ValueError if there is no such key.
        """

    def encode_mouse(self, event: MouseEvent) -> bytes:
        """Return what a mouse event sends under the current modes; b"" if the program wants none."""

    def encode_paste(self, data: bytes) -> bytes:
        """Return pasted text, bracketed if the program asked for it, unsafe controls removed."""

    def encode_focus(self, gained: bool) -> bytes:
        """Return the focus report; b"" if the program wants none."""

    # -- memory -------------------------------------------------------------------------------
    def compact(self) -> bool:
        """Give back memory of an idle pane, a step at a time. True if there is more to do."""

    def close(self) -> None:
        """Free the engine's memory. The emulator must not be used afterwards."""


class MouseEvent(NamedTuple):
    """`button`: 0 none, 1 left, 2 middle, 3 right, 4-7 wheel up, down, left, right, 8- others.

    `modifiers`: 4 shift, 8 meta, 16 control, added up, as in xterm's mouse encoding.
    """

    action: Literal["press", "release", "motion"]
    button: int
    column: int
    row: int
    modifiers: int = 0


class EmulatorFactory(Protocol):
    """Makes emulators of one engine."""

    def __call__(self, columns: int, rows: int) -> Emulator: ...

    def restore(self, snapshot: bytes) -> Emulator:
        """Return the emulator that `snapshot` was taken of. Raises SnapshotError."""


def joined(batches: Sequence[Archived]) -> list[bytes]:
    """Return the logical lines of successive batches, pieces put together; for tests and small tools."""
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
