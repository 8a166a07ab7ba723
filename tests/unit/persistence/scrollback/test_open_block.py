"""The open block of a pane: when it is full, which lines it still takes, and what happens to it."""

from itertools import accumulate

from fuguemux.persistence.scrollback.blocks import (
    BLOCK_BYTES_MAX,
    BLOCK_LINES_MAX,
    PIECE_BYTES_MAX,
    unpack_lines,
)
from fuguemux.persistence.scrollback.open_block import OpenBlock
from fuguemux.persistence.scrollback.packs import PackPlace


def sizes_of(lines: list[bytes]) -> list[int]:
    return list(accumulate((len(line) + 1 for line in lines), initial=0))


def test_the_line_that_crosses_the_limit_of_bytes_still_goes_into_it() -> None:
    block = OpenBlock()
    lines = [b"x" * (BLOCK_BYTES_MAX // 2)] * 4
    stop = block.fitting(sizes_of(lines), 0)
    assert stop == 2
    block.extend(lines[:stop], sizes_of(lines)[stop])
    assert block.full


def test_a_line_longer_than_a_block_goes_into_one() -> None:
    block = OpenBlock()
    lines = [b"x" * (3 * BLOCK_BYTES_MAX), b""]
    assert block.fitting(sizes_of(lines), 0) == 1


def test_it_is_full_after_so_many_lines() -> None:
    block = OpenBlock()
    assert block.has_room(BLOCK_LINES_MAX - 1, 1)
    assert not block.has_room(BLOCK_LINES_MAX, 1)
    block.extend([b""] * (BLOCK_LINES_MAX - 1), BLOCK_LINES_MAX - 1)
    assert not block.full
    block.extend([b""], 1)
    assert block.full


def test_a_piece_is_joined_as_long_as_the_line_stays_short() -> None:
    block = OpenBlock()
    assert not block.join(b"the first line of all")
    block = OpenBlock()
    block.extend([b"a"], 2)
    assert block.join(b"b")
    assert (block.lines, block.pieces, block.extent) == ([b"ab"], [], (1, 3))
    assert not block.join(b"c" * PIECE_BYTES_MAX)
    assert block.pieces == [1]


def test_what_was_sealed_comes_back_when_it_is_reopened() -> None:
    block = OpenBlock()
    block.extend([b"one", b"two"], 8)
    block.join(b"x" * PIECE_BYTES_MAX)
    block.extend([b"three"], 6)
    sealed = block.sealed(40, block.content(), 3)
    assert (sealed.first, sealed.end, sealed.line_bytes_max) == (40, 43, 5)
    assert sealed.packed is not None
    place = PackPlace(bytes(16), 32, 10)
    again = OpenBlock.reopened(unpack_lines(sealed.packed, 3), place)
    assert (again.lines, again.pieces, again.extent) == (block.lines, [2], block.extent)
    assert (again.place, again.written) == (place, again.extent)
