"""Settings and modes of a libghostty-vt terminal, and the sequences that change them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from fuguemux.terminal.emulator import (
    Colours,
    Cursor,
    CursorStyle,
    Modes,
    MouseFormat,
    MouseTracking,
    ScreenSize,
)
from fuguemux.terminal.ghostty import callbacks as callbacks
from fuguemux.terminal.ghostty._abi import ffi
from fuguemux.terminal.ghostty.library import check
from fuguemux.terminal.ghostty.rows import Rows

CONTINUATION_BYTES_MAX: Final = 2 << 20


# Indexed by the number of DECSCUSR.
CURSOR_STYLES: Final[tuple[CursorStyle, ...]] = (
    "default",
    "block",
    "block",
    "underline",
    "underline",
    "bar",
    "bar",
)
MOUSE_MODES: Final[tuple[tuple[int, MouseTracking], ...]] = (
    (1003, "any"),
    (1002, "button"),
    (1000, "normal"),
    (9, "x10"),
)
MOUSE_FORMATS: Final[tuple[tuple[int, MouseFormat], ...]] = (
    (1016, "sgr_pixels"),
    (1006, "sgr"),
    (1015, "urxvt"),
    (1005, "utf8"),
)

MODE_WRAP: Final = 7
ABORT_SEQUENCE: Final = b"\x18"
CLEAR_SCREEN: Final = b"\x1b[2J"
LEAVE_ALTERNATE: Final = b"\x1b[?1049l\x1b[?1047l\x1b[?47l"
# Private modes that a program may have left on, and those that it may have left off.
MODES_RESET: Final = (
    1, 3, 5, 6, 9, 45, 66, 69, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026, 2027, 2031, 2048,
)  # fmt: skip
MODES_SET: Final = (7, 25, 1007, 1036)


def new(lib: Any, size: ScreenSize) -> Any:
    """Return a new engine terminal that is not configured yet."""
    out = ffi.new("GhosttyTerminal*")
    check(lib.ghostty_terminal_new(ffi.NULL, out, size.columns, size.rows), "make a terminal")
    return out[0]


def configure(lib: Any, terminal: Any, history_bytes: int) -> None:
    """Configure a new or restored terminal."""
    _set(lib, terminal, "CONTINUATION_MAX_BYTES", "size_t", CONTINUATION_BYTES_MAX)
    check(
        lib.ghostty_terminal_set(terminal, lib.GHOSTTY_TERMINAL_OPT_SCROLLBACK_MAX_LINES, ffi.NULL),
        "lift its line limit",
    )
    limit_history(lib, terminal, history_bytes)
    _set(lib, terminal, "RESIZE_PULL_SCROLLBACK", "bool", False)
    _set(lib, terminal, "UNKNOWN_MAX_BYTES", "size_t", callbacks.UNKNOWN_BYTES_MAX)
    _set(lib, terminal, "KITTY_IMAGE_STORAGE_LIMIT", "uint64_t", 0)  # fugue cannot draw images
    name = ffi.new("GhosttyString*")
    text = ffi.from_buffer("uint8_t[]", callbacks.TERMINFO_NAME)
    name.ptr, name.len = text, len(callbacks.TERMINFO_NAME)
    lib.ghostty_terminal_set(terminal, lib.GHOSTTY_TERMINAL_OPT_TERMINFO_NAME, name)


def set_colours(lib: Any, terminal: Any, colours: Colours) -> None:
    """Set the answers to queries of colours. They are never drawn. A query for an unknown colour has no answer."""
    for name, rgb in zip(("FOREGROUND", "BACKGROUND", "CURSOR"), colours, strict=True):
        color = ffi.NULL
        if rgb is not None:
            color = ffi.new("GhosttyColorRgb*", dict(zip("rgb", rgb, strict=True)))
        option = getattr(lib, f"GHOSTTY_TERMINAL_OPT_COLOR_{name}")
        check(lib.ghostty_terminal_set(terminal, option, color), f"set {name}")


def limit_history(lib: Any, terminal: Any, history_bytes: int) -> None:
    """Set the byte limit of the history. Rows beyond it are dropped, oldest first."""
    _set(lib, terminal, "SCROLLBACK_MAX_BYTES", "size_t", history_bytes)


def _set(lib: Any, terminal: Any, name: str, kind: str, value: int) -> None:
    option = getattr(lib, f"GHOSTTY_TERMINAL_OPT_{name}")
    check(lib.ghostty_terminal_set(terminal, option, ffi.new(f"{kind}*", value)), f"set {name}")


def get(lib: Any, terminal: Any, name: str, kind: str) -> int:
    """Return one of the terminal's numbers."""
    out = ffi.new(f"{kind}*")
    option = getattr(lib, f"GHOSTTY_TERMINAL_DATA_{name}")
    check(lib.ghostty_terminal_get(terminal, option, out), f"tell its {name}")
    return int(out[0])


def mode(lib: Any, terminal: Any, number: int, *, ansi: bool = False) -> bool:
    """Whether a DEC private mode, or an ANSI mode, is set."""
    config = ffi.new("GhosttyTerminalModeConfig*")
    config.mode = number | (0x8000 if ansi else 0)
    result = lib.ghostty_terminal_get(terminal, lib.GHOSTTY_TERMINAL_DATA_MODE, config)
    return not result and bool(config.value)


def size(lib: Any, terminal: Any) -> ScreenSize:
    return ScreenSize(
        get(lib, terminal, "COLS", "uint16_t"), get(lib, terminal, "ROWS", "uint16_t")
    )


def cursor(lib: Any, terminal: Any, shape: int) -> Cursor:
    """Return the position and look of the cursor. `shape` is the last number of DECSCUSR."""
    return Cursor(
        column=get(lib, terminal, "CURSOR_X", "uint16_t"),
        row=get(lib, terminal, "CURSOR_Y", "uint16_t"),
        visible=bool(get(lib, terminal, "CURSOR_VISIBLE", "bool")),
        style=CURSOR_STYLES[shape],
        blink=shape % 2 == 1,
        pending_wrap=bool(get(lib, terminal, "CURSOR_PENDING_WRAP", "bool")),
    )


def modes(lib: Any, terminal: Any) -> Modes:
    """Return the modes that concern a server and its clients."""

    config = ffi.new("GhosttyTerminalModeConfig*")
    ask, what = lib.ghostty_terminal_get, lib.GHOSTTY_TERMINAL_DATA_MODE

    def is_set(number: int) -> bool:  # as `mode`, with one structure for all: each frame asks
        config.mode = number
        return not ask(terminal, what, config) and bool(config.value)

    tracking: MouseTracking = next((name for number, name in MOUSE_MODES if is_set(number)), "off")
    form: MouseFormat = next((name for number, name in MOUSE_FORMATS if is_set(number)), "x10")
    return Modes(
        alternate_screen=get(lib, terminal, "ACTIVE_SCREEN", "uint32_t") != 0,
        mouse=tracking,
        mouse_format=form,
        bracketed_paste=is_set(2004),
        focus_events=is_set(1004),
        application_cursor=is_set(1),
        application_keypad=is_set(66),
        kitty_keyboard=get(lib, terminal, "KITTY_KEYBOARD_FLAGS", "uint8_t"),
        synchronized_output=is_set(2026),
    )


def reset_modes() -> bytes:
    """Return the sequences that undo what a program may have left, besides text. They home the cursor."""
    return b"".join(
        (
            b"\x1b[4l\x1b[20l\x1b[2l\x1b[12h",
            b"".join(b"\x1b[?%dl" % number for number in MODES_RESET),
            b"".join(b"\x1b[?%dh" % number for number in MODES_SET),
            b'\x1b>\x1b[r\x1b[?5W\x1b[0m\x1b[0"q\x1b[0 q',
            b"\x0f\x1b(B\x1b)B\x1b*B\x1b+B",
            b"\x1b[<99u\x1b[=0;1u\x1b[>4;0m",
            b"\x1b]8;;\x1b\\\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\",
        )
    )


class ResizeSequences(NamedTuple):
    """What is written to a terminal before and after a resize."""

    sequence: bytes
    undo: bytes


def before_resize(
    lib: Any, terminal: Any, rows: Rows, size: ScreenSize, columns: int
) -> ResizeSequences:
    """Return the sequences that keep a resize to `columns` from breaking wide characters.

    Without automatic wrap, and always on the alternate screen, the engine cuts rows off instead of re-wrapping them. That
    leaves half of a wide character, with which the engine cannot write a snapshot. So wrapping is switched on, and
    characters that would be cut are blanked. The program's saved cursor is lost by that.
    """
    sequence = undo = b""
    if not mode(lib, terminal, MODE_WRAP):
        sequence, undo = b"\x1b[?%dh" % MODE_WRAP, b"\x1b[?%dl" % MODE_WRAP
    if columns < size.columns and get(lib, terminal, "ACTIVE_SCREEN", "uint32_t"):
        cut = [row for row in range(size.rows) if rows.width_class("active", columns - 1, row) == 1]
        if cut:
            blanks = b"".join(b"\x1b[%d;%dH\x1b[2X" % (row + 1, columns) for row in cut)
            sequence += b"\x1b7\x1b[?6l\x1b[0m" + blanks + b"\x1b8"
    return ResizeSequences(sequence, undo)
