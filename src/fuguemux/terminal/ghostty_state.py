"""A libghostty-vt terminal's settings, modes and snapshots.

A snapshot is the engine's own stream, cut after the record that completes both screens, in an
envelope that keeps what the adapter must remember:

    0       4         5       6           8            10        12     14             18
    | magic | version | flags | tail size | joint size | columns | rows | engine bytes | tail, joint, engine's stream

The engine's records carry checksums of their own; the envelope has none.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from fuguemux.terminal import ghostty_callbacks as callbacks
from fuguemux.terminal._ghostty_abi import ffi
from fuguemux.terminal.emulator import (
    Cursor,
    CursorStyle,
    EngineError,
    Modes,
    MouseFormat,
    MouseTracking,
    Size,
    SnapshotError,
)
from fuguemux.terminal.ghostty_library import check
from fuguemux.terminal.ghostty_rows import Rows

CONTINUATION_BYTES_MAX: Final = 2 << 20
FOREGROUND: Final = (208, 208, 208)  # answers to colour queries; never drawn
BACKGROUND: Final = (0, 0, 0)

ENVELOPE: Final = struct.Struct("<4sBBHHHHI")
ENVELOPE_MAGIC: Final = b"FTSN"
ENVELOPE_VERSION: Final = 1
FLAG_OPEN_LINE: Final = 1
FLAG_LINKS: Final = 2
SHAPE_SHIFT: Final = 2  # the flags' upper bits hold the cursor's shape
ENGINE_MAGIC: Final = b"GHOSTSNP"
ENGINE_HEADER_BYTES: Final = 10
RECORD: Final = struct.Struct("<HII")  # tag, length, checksum
RECORD_CONTINUATION: Final = 7
RECORD_READY: Final = 5
SNAPSHOT_BYTES_MAX: Final = 256 << 20
assert ENVELOPE.size == 18

# By the number of DECSCUSR.
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
# Private modes that a program may have left on, and those it may have left off.
MODES_RESET: Final = (
    1, 3, 5, 6, 9, 45, 66, 69, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026, 2027, 2031, 2048,
)  # fmt: skip
MODES_SET: Final = (7, 25, 1007, 1036)


def new(lib: Any, size: Size) -> Any:
    """Return a new engine terminal, not yet configured."""
    out = ffi.new("GhosttyTerminal*")
    check(lib.ghostty_terminal_new(ffi.NULL, out, size.columns, size.rows), "make a terminal")
    return out[0]


def configure(lib: Any, terminal: Any, history_bytes: int) -> None:
    """Set what a new or restored terminal does not have from itself."""
    _set(lib, terminal, "CONTINUATION_MAX_BYTES", "size_t", CONTINUATION_BYTES_MAX)
    check(
        lib.ghostty_terminal_set(terminal, lib.GHOSTTY_TERMINAL_OPT_SCROLLBACK_MAX_LINES, ffi.NULL),
        "lift its line limit",
    )
    limit_history(lib, terminal, history_bytes)
    _set(lib, terminal, "RESIZE_PULL_SCROLLBACK", "bool", False)
    _set(lib, terminal, "UNKNOWN_MAX_BYTES", "size_t", callbacks.UNKNOWN_BYTES_MAX)
    _set(lib, terminal, "KITTY_IMAGE_STORAGE_LIMIT", "uint64_t", 0)  # nobody could draw them
    for name, rgb in (("COLOR_FOREGROUND", FOREGROUND), ("COLOR_BACKGROUND", BACKGROUND)):
        color = ffi.new("GhosttyColorRgb*", dict(zip("rgb", rgb, strict=True)))
        option = getattr(lib, f"GHOSTTY_TERMINAL_OPT_{name}")
        check(lib.ghostty_terminal_set(terminal, option, color), f"set {name}")
    name = ffi.new("GhosttyString*")
    text = ffi.from_buffer("uint8_t[]", callbacks.TERMINFO_NAME)
    name.ptr, name.len = text, len(callbacks.TERMINFO_NAME)
    lib.ghostty_terminal_set(terminal, lib.GHOSTTY_TERMINAL_OPT_TERMINFO_NAME, name)


def limit_history(lib: Any, terminal: Any, history_bytes: int) -> None:
    """Set the byte limit of the history; rows beyond it go, oldest first."""
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


def size(lib: Any, terminal: Any) -> Size:
    return Size(get(lib, terminal, "COLS", "uint16_t"), get(lib, terminal, "ROWS", "uint16_t"))


def cursor(lib: Any, terminal: Any, shape: int) -> Cursor:
    """Return where the cursor is and how it looks; `shape` is the last number of DECSCUSR."""
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

    def is_set(number: int) -> bool:
        return mode(lib, terminal, number)

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
    """Return the sequences that undo what a program may have left, besides text. Homes the cursor."""
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
    """What is written to a terminal around a resize."""

    sequence: bytes
    undo: bytes


def before_resize(lib: Any, terminal: Any, rows: Rows, size: Size, columns: int) -> ResizeSequences:
    """Return what keeps a resize to `columns` from breaking wide characters.

    Without automatic wrap, and always on the alternate screen, the engine cuts rows off instead of
    re-wrapping them. It then leaves half of a wide character, and cannot write a snapshot of
    that. So wrapping is switched on, and characters that would be cut are blanked; the program's
    saved cursor is given up for that.
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


# -- snapshots ------------------------------------------------------------------------------------
def encode(lib: Any, terminal: Any, *, with_history: bool) -> bytes:
    """Return the engine's snapshot; without history it ends with the record that says READY.

    The engine cannot describe an unfinished sequence that is broken already, such as a C1 control
    inside of an APC string. It is cut off, as CAN from the program would. Raises EngineError if that
    does not help; the screen can still be written as ANSI then.
    """
    blob = _encode(lib, terminal, with_history=with_history)
    if blob is None:
        lib.ghostty_terminal_vt_write(terminal, ABORT_SEQUENCE, len(ABORT_SEQUENCE))
        blob = _encode(lib, terminal, with_history=with_history)
    if blob is None:
        raise EngineError("the terminal engine cannot write a snapshot of this screen")
    return blob


def _encode(lib: Any, terminal: Any, *, with_history: bool) -> bytes | None:
    writer = ffi.new("GhosttyWriter*")
    collected = _Collected(with_history)
    handle = ffi.new_handle(collected)
    writer.write, writer.userdata = _collect, handle
    result = lib.ghostty_snapshot_encode(terminal, writer[0])
    blob = b"".join(collected.parts)
    if with_history:
        return None if result else blob
    end = end_of_screens(blob)
    return None if end is None else blob[:end]


class _Collected:
    """What the encoder wrote so far."""

    def __init__(self, with_history: bool) -> None:
        self.with_history = with_history
        self.parts: list[bytes] = []


@ffi.callback("GhosttyWriterFn")  # type: ignore[untyped-decorator]  # cffi has no types
def _collect(user: Any, data: Any, length: int) -> bool:
    collected = ffi.from_handle(user)
    collected.parts.append(bytes(ffi.buffer(data, length)))
    return collected.with_history or end_of_screens(b"".join(collected.parts)) is None


def end_of_screens(blob: bytes) -> int | None:
    """Return where the READY record ends, or None if it is not there (yet)."""
    return next((end for tag, _start, end in records(blob) if tag == RECORD_READY), None)


def decode(lib: Any, blob: bytes, *, with_history: bool) -> Any:
    """Return the terminal a snapshot was taken of. Raises SnapshotError."""
    decoder = ffi.new("GhosttySnapshotDecoder*")
    source = ffi.from_buffer("uint8_t[]", blob)
    terminal = ffi.new("GhosttyTerminal*")
    if lib.ghostty_snapshot_decoder_new_buf(ffi.NULL, decoder, source, len(blob)):
        raise SnapshotError("the snapshot cannot be read")
    try:
        limit = ffi.new("size_t*", CONTINUATION_BYTES_MAX)
        option = lib.GHOSTTY_SNAPSHOT_DECODER_OPT_MAX_CONTINUATION_BYTES
        check(lib.ghostty_snapshot_decoder_set(decoder[0], option, limit), "read a snapshot")
        option = lib.GHOSTTY_SNAPSHOT_DECODER_OPT_RETAIN_CONTINUATION
        check(
            lib.ghostty_snapshot_decoder_set(decoder[0], option, ffi.new("bool*", True)),
            "read a snapshot",
        )
        run = (
            lib.ghostty_snapshot_decoder_decode
            if with_history
            else lib.ghostty_snapshot_decoder_ready
        )
        result = run(decoder[0], terminal)
        if result:
            raise SnapshotError(f"the snapshot is damaged or of another version (error {result})")
    finally:
        lib.ghostty_snapshot_decoder_free(decoder[0])
    return terminal[0]


def primary_history_rows(lib: Any, blob: bytes) -> int:
    """Return how many history rows the primary screen had when `blob` was written."""
    decoder = ffi.new("GhosttySnapshotDecoder*")
    source = ffi.from_buffer("uint8_t[]", blob)
    check(
        lib.ghostty_snapshot_decoder_new_buf(ffi.NULL, decoder, source, len(blob)),
        "read a snapshot",
    )
    terminal = ffi.new("GhosttyTerminal*")
    try:
        check(lib.ghostty_snapshot_decoder_ready(decoder[0], terminal), "read a snapshot")
        lib.ghostty_terminal_free(terminal[0])
        rows = ffi.new("uint64_t*")
        option = lib.GHOSTTY_SNAPSHOT_DECODER_DATA_HISTORY_ROWS_PRIMARY
        check(lib.ghostty_snapshot_decoder_get(decoder[0], option, rows), "read a snapshot")
        return int(rows[0])
    finally:
        lib.ghostty_snapshot_decoder_free(decoder[0])


def records(blob: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the tag, start and end of each whole record of an engine's snapshot."""
    at = ENGINE_HEADER_BYTES
    while at + RECORD.size <= len(blob):
        tag, length, _checksum = RECORD.unpack_from(blob, at)
        end = at + RECORD.size + length
        if end > len(blob):
            return
        yield tag, at, end
        at = end


def without_continuation(lib: Any, blob: bytes) -> tuple[bytes, bytes]:
    """Return a snapshot as if no sequence were unfinished, and the unfinished bytes."""
    for tag, start, end in records(blob):
        if tag == RECORD_CONTINUATION:
            unfinished = blob[start + RECORD.size : end]
            if not unfinished:
                break
            return blob[:start] + _empty_continuation(lib) + blob[end:], unfinished
    return blob, b""


@functools.cache
def _empty_continuation(lib: Any) -> bytes:
    """Return the record that the engine writes when no sequence is unfinished."""
    terminal = new(lib, Size(1, 1))
    configure(lib, terminal, 0)
    blob = encode(lib, terminal, with_history=False)
    lib.ghostty_terminal_free(terminal)
    return next(blob[start:end] for tag, start, end in records(blob) if tag == RECORD_CONTINUATION)


def rows_below_alternate(lib: Any, blob: bytes) -> int:
    """Return how many history rows the primary screen has in a terminal restored from `blob`."""
    if not primary_history_rows(lib, blob):
        return 0
    copy = decode(lib, blob, with_history=False)
    try:
        lib.ghostty_terminal_vt_write(copy, LEAVE_ALTERNATE, len(LEAVE_ALTERNATE))
        return get(lib, copy, "SCROLLBACK_ROWS", "size_t")
    finally:
        lib.ghostty_terminal_free(copy)


class Flags(NamedTuple):
    """`open_line`: the last line archived goes on. `links`: cells may carry links. `shape`: the cursor's."""

    open_line: bool
    links: bool
    shape: int


class Content(NamedTuple):
    """What an envelope holds. `tail` and `joint`: what the adapter remembers of the input and the history."""

    engine: bytes
    size: Size
    flags: Flags
    tail: bytes
    joint: bytes


def wrap(content: Content) -> bytes:
    """Put an engine's snapshot in the envelope."""
    open_line, links, shape = content.flags
    flags = FLAG_OPEN_LINE * open_line | FLAG_LINKS * links | shape << SHAPE_SHIFT
    sizes = len(content.tail), len(content.joint), *content.size, len(content.engine)
    head = ENVELOPE.pack(ENVELOPE_MAGIC, ENVELOPE_VERSION, flags, *sizes)
    return head + content.tail + content.joint + content.engine


def unwrap(blob: bytes) -> Content:
    """Take an envelope apart. Raises SnapshotError."""
    if len(blob) < ENVELOPE.size or blob[:4] != ENVELOPE_MAGIC:
        raise SnapshotError("this is not a terminal snapshot")
    _magic, version, bits, tail, joint, columns, rows, engine = ENVELOPE.unpack_from(blob)
    if version != ENVELOPE_VERSION:
        raise SnapshotError(f"the snapshot has version {version}, not {ENVELOPE_VERSION}")
    if len(blob) != ENVELOPE.size + tail + joint + engine:
        raise SnapshotError("the snapshot is cut short")
    shape = min(bits >> SHAPE_SHIFT, len(CURSOR_STYLES) - 1)
    flags = Flags(bool(bits & FLAG_OPEN_LINE), bool(bits & FLAG_LINKS), shape)
    joint_at = ENVELOPE.size + tail
    engine_at = joint_at + joint
    return Content(
        engine=blob[engine_at:],
        size=Size(columns, rows),
        flags=flags,
        tail=blob[ENVELOPE.size : joint_at],
        joint=blob[joint_at:engine_at],
    )
