"""The scrollback store: blocks, reading far back, limits, search."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.checkpoint_files import CheckpointFiles
from fuguemux.persistence.checkpoint.pane_files import PaneFiles, StoredScreen
from fuguemux.persistence.scrollback.blocks import (
    BLOCK_BYTES_MAX,
    PIECE_BYTES_MAX,
    Block,
    BlockLines,
    unpack_lines,
)
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import EntryKind, PackPlace, pack_name
from fuguemux.persistence.scrollback.pattern import Pattern
from fuguemux.persistence.scrollback.scrollback import (
    Hit,
    Index,
    PaneScrollback,
    ScrollbackStore,
    decode_index,
)
from fuguemux.persistence.storage.files import RealStorage
from tests.support.fake_terminal import logical

PANE = PaneId(4)


def empty_store(directory: Path) -> ScrollbackStore:
    return ScrollbackStore(PackReader(RealStorage(), str(directory)))


def empty(directory: Path) -> PaneScrollback:
    return empty_store(directory).pane(PANE)


def numbered(first: int, stop: int) -> list[bytes]:
    return [b"line number %d" % number for number in range(first, stop)]


def text(scrollback: PaneScrollback, start: int = 0, stop: int = 1 << 40) -> list[bytes]:
    return [line.data for line in scrollback.read(start, stop)]


def stored(store: ScrollbackStore, directory: Path, number: int = 1) -> tuple[bytes, Index]:
    """Write the pane's scrollback as a checkpoint does; the pack's digest and the index."""
    files = CheckpointFiles(RealStorage(), str(directory), store, bytes(16), number)
    files.open()
    pane = PaneFiles(None, StoredScreen(80, 24, "", b"", b"", 1, 0))
    pane.cut = store.pane(PANE).cut()
    files.write_pane(PANE, pane, set())
    files.write_structure(b"x")
    files.finish_packs()
    for writer, digest in files._finished:
        writer.publish(digest)
    store.pane(PANE).written(pane.cut, pane.blocks, pane.open_place)
    place = pane.stored().scrollback
    assert place is not None
    index = decode_index(store.reader.payload(place, EntryKind.INDEX, PANE))
    packs = tuple(pack or place.digest for pack in index.packs)
    return place.digest, Index(index.base, index.first, packs, index.blocks)


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    scrollback.append(numbered(0, 5000))
    assert (len(scrollback), scrollback.base, scrollback.next_line) == (5000, 0, 5000)
    assert text(scrollback, 1020, 1030) == numbered(1020, 1030)
    assert text(scrollback, 4990) == numbered(4990, 5000)
    scrollback.trim(100)
    assert (len(scrollback), scrollback.base) == (100, 4900)
    assert text(scrollback) == numbered(4900, 5000)
    assert text(scrollback, 0, 10) == []


def test_the_limit_is_kept_as_lines_arrive(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    scrollback.limit_lines = 1500
    for first in range(0, 9000, 300):
        scrollback.append(numbered(first, first + 300))
        assert len(scrollback) <= 1500
    assert text(scrollback) == numbered(7500, 9000)


def test_pieces_of_a_line_are_put_together(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    scrollback.append([b"one", b"tw"])
    scrollback.append([b"o", b"three"], continued=True)
    assert text(scrollback) == [b"one", b"two", b"three"]
    long = b"x" * PIECE_BYTES_MAX
    scrollback.append([long])
    scrollback.append([b"tail"], continued=True)
    assert [line.continued for line in scrollback.read(3, 9)] == [False, True]
    assert logical(scrollback.read(3, 9)) == [long + b"tail"]


def test_a_piece_without_anything_before_it_is_a_line(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    scrollback.append([b"rest"], continued=True)
    assert logical(scrollback.read(0, 5)) == [b"rest"]


def test_long_lines_make_short_blocks(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    lines = [bytes((65 + n,)) * (BLOCK_BYTES_MAX // 2 + n) for n in range(20)]
    scrollback.append(lines)
    scrollback.append([b"", b""])
    assert text(scrollback) == [*lines, b"", b""]


def test_it_is_the_same_from_disk(tmp_path: Path) -> None:
    store = empty_store(tmp_path)
    store.pane(PANE).append(numbered(0, 3000))
    _, index = stored(store, tmp_path)
    sizes = store.pane(PANE).sizes()
    assert sizes.disk_bytes > 0
    assert sizes.memory_bytes - sizes.hot_bytes < sizes.raw_bytes / 2
    assert text(store.pane(PANE)) == numbered(0, 3000)
    again = empty_store(tmp_path)
    again.load(PANE, index)
    assert text(again.pane(PANE), 10, 20) == numbered(10, 20)
    again.pane(PANE).append(numbered(3000, 3010))
    assert text(again.pane(PANE)) == numbered(0, 3010)
    assert again.live_bytes == store.live_bytes


def test_an_open_block_goes_on_after_a_checkpoint(tmp_path: Path) -> None:
    store = empty_store(tmp_path)
    scrollback = store.pane(PANE)
    scrollback.append([b"a", b"b"])
    _, index = stored(store, tmp_path)
    again = empty_store(tmp_path)
    again.load(PANE, index)
    again.pane(PANE).append([b"c", b"d"], continued=True)
    assert text(again.pane(PANE)) == [b"a", b"bc", b"d"]
    assert len(again.pane(PANE)._blocks) == 0


def test_clear_forgets_everything(tmp_path: Path) -> None:
    store = empty_store(tmp_path)
    scrollback = store.pane(PANE)
    scrollback.append(numbered(0, 2000))
    stored(store, tmp_path)
    scrollback.clear(erase=True)
    assert text(scrollback) == []
    assert store.live_bytes == {}
    assert store.erase_wanted
    scrollback.append([b"new"])
    assert (scrollback.base, text(scrollback)) == (2000, [b"new"])


def test_withdrawn_lines_are_in_memory_alone(tmp_path: Path) -> None:
    store = empty_store(tmp_path)
    scrollback = store.pane(PANE)
    scrollback.append(numbered(0, 3000))
    stored(store, tmp_path)
    scrollback.withdraw()
    assert store.live_bytes == {}
    assert scrollback.sizes().disk_bytes == 0
    assert text(scrollback) == numbered(0, 3000)


def test_a_damaged_block_costs_its_own_lines_only(tmp_path: Path) -> None:
    store = empty_store(tmp_path)
    store.pane(PANE).append(numbered(0, 3000))
    digest, index = stored(store, tmp_path)
    path = tmp_path / pack_name(digest)
    data = bytearray(path.read_bytes())
    data[index.blocks[1].offset + 100] ^= 4
    path.write_bytes(data)
    again = empty_store(tmp_path)
    again.load(PANE, index)
    lines = text(again.pane(PANE))
    first, count = index.blocks[0].count, index.blocks[1].count
    assert lines[:first] == numbered(0, first)
    assert f"[{count:,} lines (".encode() in lines[first]
    assert b"cannot be read: damaged on disk]" in lines[first]
    assert lines[first + count :] == numbered(first + count, 3000)
    assert len(lines) == 3000
    again.losses.adopt()
    assert "checksum" in again.damages[0]
    assert [len(again.damages), text(again.pane(PANE))] == [1, lines], "told once"


def test_search_finds_lines_in_both_directions(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    scrollback.append(numbered(0, 3000))
    forward = [hit.line for hit in scrollback.search(Pattern("number 29"))]
    assert forward == [29, *range(290, 300), *range(2900, 3000)]
    backward = [hit.line for hit in scrollback.search(Pattern("number 29"), backward=True)]
    assert backward == forward[::-1]
    assert [h.line for h in scrollback.search(Pattern("number 29"), start=295)][:2] == [295, 296]
    hits = scrollback.search(Pattern("number 29"), start=295, backward=True)
    assert [hit.line for hit in hits][:2] == [295, 294]


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        (Pattern("red text"), [1]),
        (Pattern("RED TEXT", ignore_case=True), [1]),
        (Pattern(r"^\w+ text$", regex=True), [1]),
        (Pattern("漢字"), [2]),
        (Pattern(r"a.c", regex=True), [3]),
        (Pattern("a.c"), []),
        (Pattern("31m"), []),
        (Pattern("link"), [4]),
        (Pattern("example"), []),
    ],
)
def test_search_sees_text_without_styles(
    tmp_path: Path, pattern: Pattern, lines: list[int]
) -> None:
    scrollback = empty(tmp_path)
    scrollback.append(
        [
            b"plain",
            b"\x1b[31mr\x1b[1med te\x1b[0mxt",
            "\x1b[3m漢\x1b[m字".encode(),
            b"abc",
            b"\x1b]8;;http://example.org\x1b\\li\x1b[1mnk\x1b]8;;\x1b\\",
        ]
    )
    assert [hit.line for hit in scrollback.search(pattern)] == lines


def test_a_line_in_pieces_is_found_as_one(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    scrollback.append([b"x" * PIECE_BYTES_MAX + b"need"])
    scrollback.append([b"le", b"other"], continued=True)
    pattern = Pattern("needle")
    (hit,) = scrollback.search(pattern)
    assert hit == Hit(0, b"x" * PIECE_BYTES_MAX + b"needle")
    assert pattern.spans(hit.text) == [(PIECE_BYTES_MAX, PIECE_BYTES_MAX + 6)]


def test_a_search_is_of_the_moment_it_began(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    scrollback.append(numbered(0, 2000))
    found = scrollback.search(Pattern("line"))
    first = next(found)
    scrollback.clear()
    scrollback.append([b"line behind it"])
    assert [first.line, *(hit.line for hit in found)] == list(range(2000))


def test_a_bad_regular_expression_is_named() -> None:
    with pytest.raises(ValueError, match="not a regular expression: a\\(b"):
        Pattern("a(b", regex=True)


def test_rows_follow_the_width(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    scrollback.append([b"x" * 100] * 3000 + [b"\x1b[1m" + "漢".encode() * 30 + b"\x1b[m"] * 10)
    assert scrollback.rows(200) == 3010
    for _ in range(10):
        scrollback.rows(50)
    assert scrollback.rows(50) == 3000 * 2 + 10 * 2
    scrollback.trim(1500)
    scrollback.rows(50)
    assert scrollback.rows(50) == 3000, (
        "lines that are in the first block and not kept have no rows"
    )
    scrollback.trim(5)
    assert scrollback.rows(50) == 10


def test_rows_on_the_disk_are_reckoned_until_a_thread_has_measured_them(tmp_path: Path) -> None:
    scrollback = empty(tmp_path)
    scrollback.append([b"x" * 100] * 3000)
    blocks = scrollback.blocks()
    packed = {block.first: block.packed for block in blocks}
    for block in blocks:  # as after a checkpoint
        block.packed, block.widths = None, None
    scrollback.cool(idle=True)
    assert 3000 <= scrollback.rows(50) <= 6000
    assert scrollback.row_count.left_out

    def read(block: Block) -> BlockLines:
        data = packed[block.first]
        assert data is not None
        return unpack_lines(data, block.count)

    scrollback.row_count.measure(blocks, read)
    assert scrollback.rows(50) == 6000
    assert not scrollback.row_count.left_out


pieces = st.binary(max_size=12).map(lambda data: data.replace(b"\n", b"."))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.lists(pieces, max_size=700)), max_size=12), st.data())
def test_any_batches_read_back_as_they_came(
    batches: list[tuple[bool, list[bytes]]], data: st.DataObject
) -> None:
    scrollback = ScrollbackStore(PackReader(RealStorage(), "/nonexistent")).pane(PANE)
    expected: list[bytes] = []
    for continued, lines in batches:
        scrollback.append(lines, continued=continued)
        if continued and expected and lines:
            expected[-1] += lines[0]
            lines = lines[1:]
        expected += lines
    assert logical(scrollback.read(0, 1 << 40)) == expected
    start = data.draw(st.integers(0, len(expected) + 5))
    stop = data.draw(st.integers(0, len(expected) + 5))
    whole = scrollback.read(0, 1 << 40)
    assert scrollback.read(start, stop) == whole[start:stop]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1 << 30), st.text("ab漢 ", min_size=1, max_size=3), st.booleans())
def test_search_agrees_with_looking_at_every_line(seed: int, needle: str, ignore: bool) -> None:
    rng = Random(seed)
    parts = ["a", "b", "A", " ", "漢", "\x1b[31m", "\x1b[m", "\x1b]8;;u\x1b\\"]
    lines = ["".join(rng.choices(parts, k=rng.randint(0, 12))) for _ in range(40)]
    scrollback = ScrollbackStore(PackReader(RealStorage(), "/nonexistent")).pane(PANE)
    scrollback.append([line.encode() for line in lines])
    plain = [
        line.replace("\x1b[31m", "").replace("\x1b[m", "").replace("\x1b]8;;u\x1b\\", "")
        for line in lines
    ]
    if ignore:
        plain, wanted = [line.lower() for line in plain], needle.lower()
    else:
        wanted = needle
    expected = [number for number, line in enumerate(plain) if wanted in line]
    found = scrollback.search(Pattern(needle, ignore_case=ignore))
    assert [hit.line for hit in found] == expected


class Interruptible(dict[bytes, int]):
    """A dict that another thread may come between: calls of Python functions are where threads take turns."""

    def get(self, key: bytes, default: int) -> int:  # type: ignore[override]  # the one way in which it is used
        return super().get(key, default)


def test_panes_on_two_threads_share_one_account_of_packs(tmp_path: Path) -> None:
    """A pane that is rebuilt drops blocks while the loop drops others: the account stays right to the byte."""
    store = ScrollbackStore(PackReader(RealStorage(), str(tmp_path)))
    store.live_bytes = Interruptible()
    place = PackPlace(bytes(16), 0, 3)
    store.place_changed(None, place)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def come_and_go(_thread: int) -> None:
        for _ in range(20_000):
            store.place_changed(None, place)
            store.place_changed(place, None)

    try:
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(come_and_go, range(2)))
    finally:
        sys.setswitchinterval(before)
    assert store.live_bytes == {place.digest: 3}
