"""Snapshots of a libghostty-vt terminal, and the envelope in which they are stored.

A snapshot is the engine's own stream, cut after the record that completes both screens, in an envelope with what the
adapter must remember:

    0       4         5       6           8            10        12     14             18           22
    | magic | version | flags | tail size | joint size | columns | rows | engine bytes | returnable | tail, joint, engine's stream

Version 1 lacks the field `returnable`, the number of lines of the history that may come back onto the screen.

The engine's records have their own checksums; the envelope has none.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from fuguemux.terminal.emulator import EngineError, ScreenSize, SnapshotError
from fuguemux.terminal.ghostty import state as state
from fuguemux.terminal.ghostty._abi import ffi
from fuguemux.terminal.ghostty.library import check

ENVELOPE: Final = struct.Struct("<4sBBHHHHI")
ENVELOPE_MAGIC: Final = b"FTSN"
ENVELOPE_VERSION: Final = 2
RETURNABLE: Final = struct.Struct("<I")
RETURNABLE_MAX: Final = 0xFFFF_FFFF
FLAG_OPEN_LINE: Final = 1
FLAG_LINKS: Final = 2
SHAPE_SHIFT: Final = 2  # the upper bits of the flags are the cursor's shape
ENGINE_HEADER_BYTES: Final = 10
RECORD: Final = struct.Struct("<HII")  # tag, length, checksum
RECORD_CONTINUATION: Final = 7
RECORD_READY: Final = 5
SNAPSHOT_BYTES_MAX: Final = 256 << 20
"""A larger snapshot is not given to the engine: the screen is restored from its ANSI text."""
assert ENVELOPE.size == 18


def encode(lib: Any, terminal: Any, *, with_history: bool) -> bytes:
    """Return the engine's snapshot. Without history it ends with the record READY.

    The engine cannot describe some broken unfinished sequences, such as a C1 control character inside an APC string. Such
    a sequence is cancelled, as CAN from the program would do. Raises EngineError if that does not help; the screen can
    still be written as ANSI then.
    """
    blob = _encode(lib, terminal, with_history=with_history)
    if blob is None:
        lib.ghostty_terminal_vt_write(terminal, state.ABORT_SEQUENCE, len(state.ABORT_SEQUENCE))
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
    """What the encoder has written so far."""

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
    """Return a terminal in the state of a snapshot. Raises SnapshotError."""
    decoder = ffi.new("GhosttySnapshotDecoder*")
    source = ffi.from_buffer("uint8_t[]", blob)
    terminal = ffi.new("GhosttyTerminal*")
    if lib.ghostty_snapshot_decoder_new_buf(ffi.NULL, decoder, source, len(blob)):
        raise SnapshotError("the snapshot cannot be read")
    try:
        limit = ffi.new("size_t*", state.CONTINUATION_BYTES_MAX)
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
    """Return the record that the engine writes if no sequence is unfinished."""
    terminal = state.new(lib, ScreenSize(1, 1))
    state.configure(lib, terminal, 0)
    blob = encode(lib, terminal, with_history=False)
    lib.ghostty_terminal_free(terminal)
    return next(blob[start:end] for tag, start, end in records(blob) if tag == RECORD_CONTINUATION)


def rows_below_alternate(lib: Any, blob: bytes) -> int:
    """Return how many history rows the primary screen has in a terminal restored from `blob`."""
    if not primary_history_rows(lib, blob):
        return 0
    copy = decode(lib, blob, with_history=False)
    try:
        lib.ghostty_terminal_vt_write(copy, state.LEAVE_ALTERNATE, len(state.LEAVE_ALTERNATE))
        return state.get(lib, copy, "SCROLLBACK_ROWS", "size_t")
    finally:
        lib.ghostty_terminal_free(copy)


class SnapshotFlags(NamedTuple):
    """`open_line`: the last archived line continues. `links`: cells may have links. `shape`: the cursor's. `returnable`:
    how many archived lines may come back."""

    open_line: bool
    links: bool
    shape: int
    returnable: int


class Content(NamedTuple):
    """The content of an envelope. `tail` and `joint` are what the adapter remembers of the input and the history."""

    engine: bytes
    size: ScreenSize
    flags: SnapshotFlags
    tail: bytes
    joint: bytes


def wrap(content: Content) -> bytes:
    """Put an engine's snapshot in the envelope."""
    open_line, links, shape, returnable = content.flags
    flags = FLAG_OPEN_LINE * open_line | FLAG_LINKS * links | shape << SHAPE_SHIFT
    sizes = len(content.tail), len(content.joint), *content.size, len(content.engine)
    head = ENVELOPE.pack(ENVELOPE_MAGIC, ENVELOPE_VERSION, flags, *sizes)
    head += RETURNABLE.pack(min(returnable, RETURNABLE_MAX))
    return head + content.tail + content.joint + content.engine


def unwrap(blob: bytes) -> Content:
    """Take an envelope apart. Raises SnapshotError."""
    if len(blob) < ENVELOPE.size or blob[:4] != ENVELOPE_MAGIC:
        raise SnapshotError("this is not a terminal snapshot")
    if len(blob) > SNAPSHOT_BYTES_MAX:
        raise SnapshotError(f"the snapshot has {len(blob)} bytes, at most {SNAPSHOT_BYTES_MAX}")
    _magic, version, bits, tail, joint, columns, rows, engine = ENVELOPE.unpack_from(blob)
    if not 1 <= version <= ENVELOPE_VERSION:
        raise SnapshotError(f"the snapshot has version {version}, not {ENVELOPE_VERSION}")
    size = ENVELOPE.size + (RETURNABLE.size if version > 1 else 0)
    if len(blob) != size + tail + joint + engine:
        raise SnapshotError("the snapshot is cut short")
    shape = min(bits >> SHAPE_SHIFT, len(state.CURSOR_STYLES) - 1)
    returnable = RETURNABLE.unpack_from(blob, ENVELOPE.size)[0] if version > 1 else 0
    flags = SnapshotFlags(bool(bits & FLAG_OPEN_LINE), bool(bits & FLAG_LINKS), shape, returnable)
    joint_at = size + tail
    engine_at = joint_at + joint
    return Content(
        engine=blob[engine_at:],
        size=ScreenSize(columns, rows),
        flags=flags,
        tail=blob[size:joint_at],
        joint=blob[joint_at:engine_at],
    )
