"""REP with a huge count is reduced, however it is written and wherever the stream is split. Other text is unchanged."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.ghostty.pushed import many
from fuguemux.terminal.ghostty.repeat import LONG_BYTES_MIN, SMALL_COUNT_MAX, Repeats

COLUMNS = 40
WAYS = (
    b"\x1b[65535b",
    b"\x1b[0000065535b",
    b"\x1b[%sb" % (b"9" * 700),
    b"\x1b[65535;b",
    b"\x1b\x00[655\x0135b",
    b"\x1b[65\n535b",
    b"\x1b[655\x7f35b",
    b"\x1b[655\xc3\xa935b",
    b"\x1b\x9b65535b",
    b"\x1b[1;2\x9b65535b",
    b"\x1b(\x9b65535b",
    b"\x1bP1\x9b65535b",
    b"\x1b_any\x9b65535b",
    b"\x1b[1\x1b[65535b",
)
TEXTS = (
    b"12345b",
    b"\x1b]2;a title 65535b\x07",
    "\x1b[1m盛65535b".encode(),
    b"\x1b[1;65535b",
    b"\x1b[?65535b",
    b"\x1b[655\x1835b",
    b"\x1b[999b",
    b"\x1b[0999b",
)
PIECES = st.sampled_from(
    [
        *WAYS,
        *TEXTS,
        b"\x1b",
        b"[",
        b"\x9b",
        b"65535",
        b"0",
        b"b",
        b";",
        b"x",
        b"\n",
        b"\x1bP",
        b"\x07",
    ]
)


@pytest.mark.parametrize("way", WAYS)
def test_a_huge_count_repeats_no_more_than_a_small_one(way: bytes) -> None:
    emulator = GhosttyEmulator(COLUMNS, 50)
    emulator.feed(b"x" + way)
    text = emulator.screen_text(join=True)
    emulator.close()
    assert sum(line.count("x") for line in text) == 1 + SMALL_COUNT_MAX


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_huge_count_stays_as_it_is(text: bytes) -> None:
    for whole in (text, text.ljust(LONG_BYTES_MIN)):
        assert Repeats().clamped(whole, COLUMNS)[0] == whole


def test_a_row_may_be_filled_however_wide_it_is() -> None:
    assert Repeats().clamped(b"\x1b[1500b", 1500)[0] == b"\x1b[1500b"
    assert Repeats().clamped(b"\x1b[1501b", 1500)[0] == b"\x1b[1501\x18\x1b[1500b"


@given(st.lists(PIECES, max_size=12))
@example([b"x", *WAYS])
def test_where_few_rows_are_pushed_there_is_no_huge_count(pieces: list[bytes]) -> None:
    for stream in (b"".join(pieces), b"".join(pieces).ljust(LONG_BYTES_MIN)):
        looked_at, _ = Repeats().clamped(stream, COLUMNS)
        assert Repeats().clamped(stream, COLUMNS, many=many(stream))[0] == looked_at


@given(st.lists(PIECES, max_size=12), st.integers(1, 40))
@example([b"x", b"\x1b[%sb" % (b"0" * 900 + b"65535")], 600)
def test_the_screen_does_not_depend_on_cuts(pieces: list[bytes], step: int) -> None:
    stream = b"x" + b"".join(pieces)
    whole, cut = GhosttyEmulator(COLUMNS, 5), GhosttyEmulator(COLUMNS, 5)
    whole.feed(stream)
    for at in range(0, len(stream), step):
        cut.feed(stream[at : at + step])
    assert (cut.screen_text(), cut.cursor) == (whole.screen_text(), whole.cursor)
    whole.close()
    cut.close()


# The engine's own snapshot forgets a CSI that ends a string.
@pytest.mark.parametrize("way", [way for way in WAYS if not way.startswith(b"\x1b_")])
def test_a_sequence_goes_on_behind_a_snapshot(way: bytes) -> None:
    for at in range(1, len(way), 1 + len(way) // 20):
        whole, cut = GhosttyEmulator(COLUMNS, 5), GhosttyEmulator(COLUMNS, 5)
        whole.feed(b"x" + way)
        cut.feed(b"x" + way[:at])
        restored = GhosttyEmulator.restore(cut.snapshot())
        restored.feed(way[at:])
        assert (restored.screen_text(), restored.cursor) == (whole.screen_text(), whole.cursor)
        for emulator in (whole, cut, restored):
            emulator.close()
