"""Rows with highlighting show the same text."""

from hypothesis import given
from hypothesis import strategies as st

from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.ghostty.rewrap import plain
from fuguemux.terminal.highlight import Span, highlighted

REVERSE = b"\x1b[0;7m"
pieces = st.sampled_from(["a", "漢", " ", "é", "\x1b[31m", "\x1b[1m", "\x1b[0m", "e\u0301"])


def test_spans_are_of_cells() -> None:
    row = "\x1b[31m漢b\x1b[0mc".encode()
    assert highlighted(row, [Span(2, 3, REVERSE)]) == (
        "\x1b[31m漢\x1b[0;7mb\x1b[0m\x1b[31m\x1b[0mc".encode()
    )
    assert highlighted(row, []) == row


def test_of_two_that_overlap_the_later_holds() -> None:
    found = highlighted(b"abc", [Span(0, 3, b"\x1b[1m"), Span(1, 2, REVERSE)])
    assert found == b"\x1b[1ma\x1b[0;7mb\x1b[1mc\x1b[0m"


@given(st.lists(pieces, max_size=20), st.integers(0, 20), st.integers(0, 20))
def test_text_and_other_styles_stay(parts: list[str], begin: int, end: int) -> None:
    row = "".join(parts).encode()
    found = highlighted(row, [Span(begin, end, REVERSE)])
    assert plain(found) == plain(row)
    shown, before = GhosttyEmulator(60, 1), GhosttyEmulator(60, 1)
    shown.feed(found + b"\x1b[0m")
    before.feed(row + b"\x1b[0m")
    assert shown.screen_text() == before.screen_text()
    assert shown.cursor == before.cursor
    for column in range(60):
        if not min(begin, end) - 1 <= column < end:
            assert shown.render(column, 0, 1, 1) == before.render(column, 0, 1, 1)
    shown.close()
    before.close()
