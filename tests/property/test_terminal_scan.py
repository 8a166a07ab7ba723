"""Sequences that the engine does not report are found both in short and in long output, although different code
searches them."""

from hypothesis import given
from hypothesis import strategies as st

from fuguemux.terminal.ghostty import repeat, scan

SEQUENCES = (
    b"\x1b]8;;x\x07",
    b"\x1b]133;A\x07",
    b"\x1bc",
    b"\x1b[?1049h",
    b"\x1b[3J",
    b"\x1b[0003J",
    b"\x1b[4 q",
    b"\x1b[ q",
    b"\x1bk",
    b"\x1bPtmux;",
)
OTHERS = (
    b"\x1b[31m",
    b"\x1b[2J",
    b"\x1b[13J",
    b"\x1b(B",
    b"\x1b",
    b"[?25l",
    b"7 q",
    b"\xff\xfe",
    b"\n",
)
noise = st.lists(st.one_of(st.sampled_from(OTHERS), st.binary(max_size=8)), max_size=40).map(
    b"".join
)


@given(noise, st.sampled_from((*SEQUENCES, b"")), noise)
def test_long_output_is_searched_as_short_output_is(
    before: bytes, sequence: bytes, after: bytes
) -> None:
    text = before + sequence + after
    expected = scan.BEGINNING.search(text) is not None
    assert scan.needed(text) == expected
    padded = b"x" * repeat.LONG_BYTES_MIN + text
    assert scan.needed(padded) == (scan.BEGINNING.search(padded) is not None)
    if sequence:
        assert scan.needed(padded)
