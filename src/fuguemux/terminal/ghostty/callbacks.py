"""The engine's callbacks during a feed, which only append events to a list.

One C callback per kind serves all terminals; the terminal's `userdata` is a handle to its `Sink`. A callback runs inside
the engine. It must not raise and must not feed the engine, so it copies its arguments and returns. Titles and directories
are read after the feed.
"""

from __future__ import annotations

from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit

from fuguemux.terminal.emulator import (
    CLIPBOARD_BYTES_MAX,
    Bell,
    ClipboardWrite,
    CwdChanged,
    Event,
    Notification,
    ProgressReport,
    TerminalReply,
    TitleChanged,
    Unknown,
)
from fuguemux.terminal.ghostty._abi import ffi
from fuguemux.terminal.ghostty.library import check

UNKNOWN_BYTES_MAX: Final = 4096
TEXT_BYTES_MAX: Final = 4096  # of a title or a directory
PROGRESS_STATES: Final[tuple[Literal["remove", "set", "error", "indeterminate", "pause"], ...]] = (
    "remove",
    "set",
    "error",
    "indeterminate",
    "pause",
)
SELECTIONS: Final = ("clipboard", "selection", "primary")
XTVERSION: Final = ffi.new("char[]", b"fugue")
TERMINFO_NAME: Final = b"xterm-256color"


class Sink:
    """Collects the events of one terminal's callbacks. `columns`, `rows` answer size queries."""

    __slots__ = ("cell", "columns", "events", "handle", "lib", "rows")

    def __init__(self, lib: Any, columns: int, rows: int) -> None:
        self.lib = lib
        self.columns = columns
        self.rows = rows
        self.cell = (8, 16)  # in pixels; used only in answers to size queries
        self.events: list[Event] = []
        self.handle = ffi.new_handle(self)


def _text(string: Any, limit: int = TEXT_BYTES_MAX) -> str:
    return _bytes(string, limit).decode("utf-8", "replace")


def _bytes(string: Any, limit: int) -> bytes:
    if not string.len:
        return b""
    return bytes(ffi.buffer(string.ptr, min(string.len, limit)))


@ffi.callback("GhosttyTerminalWritePtyFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _reply(_terminal: Any, user: Any, data: Any, length: int) -> None:
    ffi.from_handle(user).events.append(TerminalReply(bytes(ffi.buffer(data, length))))


@ffi.callback("GhosttyTerminalBellFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _bell(_terminal: Any, user: Any) -> None:
    events = ffi.from_handle(user).events
    if not events or not isinstance(events[-1], Bell):  # several bells in a row count as one
        events.append(Bell())


@ffi.callback("GhosttyTerminalTitleChangedFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _title(terminal: Any, user: Any) -> None:
    sink = ffi.from_handle(user)
    sink.events.append(TitleChanged(get_string(sink.lib, terminal, "TITLE")))


@ffi.callback("GhosttyTerminalPwdChangedFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _cwd(terminal: Any, user: Any) -> None:
    sink = ffi.from_handle(user)
    url = get_string(sink.lib, terminal, "PWD")
    sink.events.append(CwdChanged(url, directory_of(url)))


@ffi.callback("GhosttyTerminalClipboardWriteFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _clipboard(_terminal: Any, user: Any, write: Any) -> None:
    for index in range(write.contents_len):
        content = write.contents[index]
        if _text(content.mime).startswith("text/plain") or write.contents_len == 1:
            data = _bytes(content.data, CLIPBOARD_BYTES_MAX)
            kind = SELECTIONS[write.location] if write.location < len(SELECTIONS) else "clipboard"
            ffi.from_handle(user).events.append(ClipboardWrite(kind, data))
            break


@ffi.callback("GhosttyTerminalDesktopNotificationFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _notification(_terminal: Any, user: Any, given: Any) -> None:
    note = Notification(_text(given.title), _text(given.body))
    ffi.from_handle(user).events.append(note)


@ffi.callback("GhosttyTerminalProgressReportFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _progress(_terminal: Any, user: Any, report: Any) -> None:
    if report.state < len(PROGRESS_STATES):
        event = ProgressReport(PROGRESS_STATES[report.state], report.progress)
        ffi.from_handle(user).events.append(event)


@ffi.callback("GhosttyTerminalUnknownSequenceFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _unknown(_terminal: Any, user: Any, sequence: Any) -> None:
    sink = ffi.from_handle(user)
    if sequence.tag == sink.lib.GHOSTTY_TERMINAL_UNKNOWN_SEQUENCE_OSC:
        sink.events.append(Unknown("osc", _bytes(sequence.value.osc.content, UNKNOWN_BYTES_MAX)))
    elif sequence.tag == sink.lib.GHOSTTY_TERMINAL_UNKNOWN_SEQUENCE_APC:
        sink.events.append(Unknown("apc", _bytes(sequence.value.apc.content, UNKNOWN_BYTES_MAX)))


@ffi.callback("GhosttyTerminalSizeFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _size(_terminal: Any, user: Any, out: Any) -> bool:
    sink = ffi.from_handle(user)
    out.rows, out.columns = sink.rows, sink.columns
    out.cell_width, out.cell_height = sink.cell
    return True


@ffi.callback("GhosttyTerminalXtversionFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _xtversion(_terminal: Any, _user: Any) -> Any:
    return {"ptr": ffi.cast("uint8_t*", XTVERSION), "len": len(XTVERSION) - 1}


CALLBACKS: Final = (
    ("WRITE_PTY", _reply),
    ("BELL", _bell),
    ("TITLE_CHANGED", _title),
    ("PWD_CHANGED", _cwd),
    ("CLIPBOARD_WRITE", _clipboard),
    ("DESKTOP_NOTIFICATION", _notification),
    ("PROGRESS_REPORT", _progress),
    ("UNKNOWN_SEQUENCE", _unknown),
    ("SIZE", _size),
    ("XTVERSION", _xtversion),
)


def register(lib: Any, terminal: Any, sink: Sink) -> None:
    """Set the terminal's callbacks to `sink`. Needed again after a restore; keep `sink` alive."""
    check(
        lib.ghostty_terminal_set(terminal, lib.GHOSTTY_TERMINAL_OPT_USERDATA, sink.handle), "set up"
    )
    for name, function in CALLBACKS:
        option = getattr(lib, f"GHOSTTY_TERMINAL_OPT_{name}")
        check(lib.ghostty_terminal_set(terminal, option, function), f"set {name}")


def get_string(lib: Any, terminal: Any, name: str) -> str:
    """Return the terminal's TITLE or PWD."""
    text = ffi.new("GhosttyString*")
    if lib.ghostty_terminal_get(terminal, getattr(lib, f"GHOSTTY_TERMINAL_DATA_{name}"), text):
        return ""
    return _text(text).rstrip("\0")


def directory_of(url: str) -> str:
    """Return the path of a `file:` URL (or of a bare path, which some shells send), else ""."""
    if url.startswith("/"):
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return unquote(parts.path) if parts.scheme in {"file", "kitty-shell-cwd"} else ""
