"""The lines of control mode."""

from hypothesis import given
from hypothesis import strategies as st

from fuguemux.server.control.lines import LineReader, escaped


def test_control_characters_and_backslashes_are_octal() -> None:
    assert escaped(b"\x00\x1f \\~\x7f\xff") == b"\\000\\037 \\134~\x7f\xff"


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line)), st.integers(1, 9))
def test_lines_come_whole_in_whatever_pieces(lines: list[bytes], step: int) -> None:
    reader, data = LineReader(100), b"".join(line + b"\n" for line in lines) + b"rest"
    found: list[bytes | None] = []
    for at in range(0, len(data), step):
        found += reader.feed(data[at : at + step])
    assert found == lines


def test_a_line_that_is_too_long_is_told_once() -> None:
    reader = LineReader(4)
    assert reader.feed(b"123") == []
    assert reader.feed(b"45") == []
    assert reader.feed(b"67") == []
    assert reader.feed(b"8\nls\n") == [None, b"ls"]
