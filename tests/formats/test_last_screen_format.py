"""Golden file of a last screen: what an earlier version wrote is still read.

`python -m tests.formats.test_last_screen_format` writes it again. Do that only for a new format version, in a new
directory, and keep the old one.
"""

import sys
from pathlib import Path

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.last_screens import (
    CRC,
    FRONT,
    HEADER_BYTES,
    LastScreen,
    decode_screen,
    encode_screen,
)
from fuguemux.persistence.storage.checksum import crc32

FILE = Path(__file__).parent / "last-screen-1" / "screen"
SCREEN = LastScreen(
    pane=PaneId(7),
    recovery_ms=1_764_000_000_000,
    ended_ms=1_763_999_999_000,
    generation=2,
    program="python3 -q",
    place="work:1",
    title="τίτλος",
    columns=12,
    rows=3,
    cursor_column=4,
    cursor_row=2,
    cursor_visible=True,
    alternate=False,
    lines=(b"xxxx", "\x1b[0m\x1b[31m漢字\x1b[0m".encode(), b">>>"),
    context=(b"python3 -q", b">>> print('x' * 16)", b"xxxxxxxxxxxx"),
    joined=True,
)


def test_what_was_written_is_read() -> None:
    assert decode_screen(FILE.read_bytes()) == SCREEN


def test_the_header_is_as_it_is_drawn() -> None:
    """The frame is stored as the library compresses it: it need not come out the same, all else does."""
    data = FILE.read_bytes()
    payload = data[HEADER_BYTES:]
    assert data[: FRONT.size] == b"FUGUESCR\1\0\0\0" + len(payload).to_bytes(4, "little")
    assert CRC.unpack_from(data, FRONT.size)[0] == crc32(payload, crc32(data[: FRONT.size]))


if __name__ == "__main__":
    FILE.parent.mkdir()
    FILE.write_bytes(encode_screen(SCREEN))
    sys.exit(0)
