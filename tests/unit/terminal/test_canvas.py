"""Tests the rectangle of cells that modes and overlays draw in."""

from fuguemux.terminal.canvas import Canvas, Lines


def plain(canvas: Canvas) -> list[str]:
    return [row.decode() for row in canvas.rows()]


def test_text_is_cut_at_the_edges() -> None:
    canvas = Canvas(5, 2)
    assert canvas.put(3, 0, "abc") == 5
    canvas.put(0, 7, "below")
    canvas.put(-1, 1, "abc")
    assert plain(canvas) == ["   ab", "bc   "]


def test_a_wide_character_is_never_cut_in_half() -> None:
    canvas = Canvas(4, 3)
    canvas.put(0, 0, "世界")
    canvas.put(1, 0, "x")
    canvas.put(0, 1, "世界")
    canvas.put(2, 1, "x")
    canvas.put(3, 2, "世")
    assert plain(canvas) == [" x界", "世x ", "    "]


def test_rows_of_another_screen_keep_their_styles_and_are_cut_to_a_part() -> None:
    canvas = Canvas(6, 1)
    canvas.paste(1, 0, [b"ab\x1b[0;31mcdef\x1b[0mg"], 3, start=1)
    assert canvas.rows() == [b" b\x1b[0m\x1b[0;31mcd\x1b[0m  "]
    canvas.paste(0, 0, ["世a".encode()], 2, start=1)
    assert canvas.rows() == [b" a\x1b[0m\x1b[0;31mcd\x1b[0m  "]


def test_boxes_lines_and_fills() -> None:
    canvas = Canvas(5, 3)
    canvas.box(0, 0, 5, 3, Lines(*"═║╔╗╚╝"))
    canvas.put(1, 1, "abc")
    canvas.down(2, 0, 3)
    canvas.fill(3, 1, 1, 1)
    assert plain(canvas) == ["╔═│═╗", "║a│ ║", "╚═│═╝"]
    canvas.reverse(0, 0)
    assert canvas.rows()[0].startswith(b"\x1b[0m\x1b[7m\xe2\x95\x94\x1b[0m")
