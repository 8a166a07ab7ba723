"""Old lines at a new width are wrapped as the engine itself would wrap them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.ghostty.rewrap import plain, rewrap, row_count

WORDS = st.sampled_from(
    [b"word ", b"0123456789", "漢字".encode(), "é".encode(), b"\x1b[0m\x1b[31mred\x1b[0m"]
)
LINES = st.lists(st.lists(WORDS, max_size=9).map(b"".join), max_size=6)


@given(LINES, st.integers(2, 25))
def test_rows_are_the_engines(lines: list[bytes], columns: int) -> None:
    terminal = GhosttyEmulator(columns, 400)
    terminal.feed(b"\r\n".join(lines))
    rows = [row for cut in rewrap(lines, columns) for row in cut]
    assert rows == terminal.render()[: len(rows)]
    assert not any(terminal.render()[len(rows) :])


@given(LINES, st.integers(2, 25))
def test_the_estimate_is_near(lines: list[bytes], columns: int) -> None:
    for line, cut in zip(lines, rewrap(lines, columns), strict=True):
        if plain(line).isascii():
            assert row_count(line, columns) == len(cut)
        else:
            assert row_count(line, columns) <= len(cut) <= row_count(line, columns - 1)


def test_links_go_on_in_the_next_row() -> None:
    line = b"\x1b]8;;http://x\x1b\\linked text\x1b]8;;\x1b\\"
    rows = rewrap([line], 8)[0]
    assert rows == [
        b"\x1b]8;;http://x\x1b\\linked t\x1b]8;;\x1b\\",
        b"\x1b]8;;http://x\x1b\\ext\x1b]8;;\x1b\\",
    ]
    assert [plain(row) for row in rows] == [b"linked t", b"ext"]
    assert rewrap([b""], 8) == [[b""]]
