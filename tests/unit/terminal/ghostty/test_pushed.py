"""Output whose few bytes push many rows into the history: no row leaves the engine before it was archived."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.terminal.emulator import Emulator, ScreenSize
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.ghostty.pushed import PIECE_BYTES_MAX, many, stop

WAYS = (
    b"\x1b[999S",
    b"\x1b[0999S",
    b"\x1b[24\nS",
    b"\x1b(\x9b999S",
    b"x\x1b[999b",
    b"x\x1b[999;b",
    "盛\x1b[999b".encode(),
    b"x\x1b[65535b",
    b"\x1b[999Hx\x1b[22J",
    b"\x1b]133;A\x07\x1b[999Hx\x1b[2J",
)
SIZES = (ScreenSize(80, 24), ScreenSize(2, 5), ScreenSize(100, 400))
NUMBERED = 3000


def numbered(way: bytes, times: int) -> bytes:
    """Numbered lines, with the sequence after each of some of them."""
    return b"".join(b"line %d\r\n" % number for number in range(NUMBERED)) + way * times


def taken(emulator: Emulator) -> list[bytes]:
    batch = emulator.archive(everything=True)
    return [] if batch is None else list(batch.lines)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_what_was_printed_before_is_not_recycled(way: bytes, size: ScreenSize) -> None:
    emulator = GhosttyEmulator(*size)
    emulator.feed(numbered(way, 700))
    numbers = [line for line in taken(emulator) if line.startswith(b"line ")]
    assert numbers == [b"line %d" % number for number in range(NUMBERED)]
    emulator.close()


@pytest.mark.parametrize("columns", [1, 2, 3, 7, 20, 80, 300])
def test_a_line_longer_than_the_engine_holds_is_whole(columns: int) -> None:
    emulator, size = GhosttyEmulator(columns, 5), 700_000 * max(columns // 80, 1)
    emulator.feed(b"x" * size + b"\r\n" * 5)
    assert b"".join(taken(emulator)) == b"x" * size
    emulator.close()


@pytest.mark.parametrize("columns", [2, 7, 80])
@pytest.mark.parametrize("rows_of_line", [1, 15, 60])
def test_the_lines_that_are_wanted_are_whole(columns: int, rows_of_line: int) -> None:
    wanted = 5000
    emulator, text = GhosttyEmulator(columns, 5), b"x" * (columns * rows_of_line) + b"\r\n"
    emulator.keep_lines = wanted
    emulator.feed(text * (2 * wanted) + b"\r\n" * 5)
    lines = [line for line in taken(emulator) if line][-wanted:]
    assert len(lines) == wanted
    assert {len(line) for line in lines} == {columns * rows_of_line}
    emulator.close()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_a_piece_pushes_no_more_than_it_may(way: bytes, size: ScreenSize) -> None:
    emulator = GhosttyEmulator(*size)
    emulator.feed(b"x\r\n" * size.rows)
    text = way * 200
    assert many(text) or b"133" in way
    at = 0
    while at < len(text):
        end = stop(text, at, size)
        before = emulator._history.rows_count()
        emulator.feed(text[at:end])
        assert emulator._history.rows_count() - before <= PIECE_BYTES_MAX
        at = end
    emulator.close()


@given(
    st.lists(st.sampled_from([*WAYS, b"plain 5S text\r\n", b"\x1b[0m", b"9" * 50]), max_size=400),
    st.sampled_from(SIZES),
)
def test_pieces_are_the_whole(parts: list[bytes], size: ScreenSize) -> None:
    text, at = b"".join(parts), 0
    while at < len(text):
        end = stop(text, at, size)
        assert at < end <= min(at + PIECE_BYTES_MAX, len(text))
        at = end


@pytest.mark.parametrize("text", [b"\x1b[0mplain\x1b[2J", b"5S 22J 999b", b"\x1b[3;24r\x1b[S"])
def test_usual_output_is_not_looked_at_closely(text: bytes) -> None:
    assert not many(text)
