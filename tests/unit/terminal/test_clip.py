"""Cutting rows to some of their columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.terminal.clip import clipped
from fuguemux.terminal.ghostty.rewrap import plain
from fuguemux.terminal.style import text_width


@pytest.mark.parametrize(
    ("row", "start", "columns", "expected"),
    [
        (b"abcdef", 0, 3, b"abc"),
        (b"abcdef", 2, 9, b"cdef"),
        (b"abcdef", 9, 3, b""),
        (b"\x1b[31mab\x1b[0mcd", 1, 2, b"\x1b[31mb\x1b[0mc\x1b[0m"),
        ("a漢b".encode(), 0, 2, b"a "),
        ("a漢b".encode(), 2, 5, b" b"),
        ("ae\u0301b".encode(), 1, 1, "e\u0301".encode()),
        (b"\x1b]8;;file:///x\x1b\\link\x1b]8;;\x1b\\", 0, 4, b"link"),
    ],
)
def test_cut(row: bytes, start: int, columns: int, expected: bytes) -> None:
    assert clipped(row, start, columns) == expected


@given(st.text("ab 漢é", max_size=20), st.integers(0, 30), st.integers(0, 30))
def test_never_wider(text: str, start: int, columns: int) -> None:
    row = f"\x1b[1m{text}\x1b[0m".encode()
    shown = plain(clipped(row, start, columns)).decode()
    assert text_width(shown) == max(0, min(text_width(text) - start, columns))
