"""The frames of menus and popups: lines around rows of cells, with a title in the upper one. After `popup-border-lines`."""

from collections.abc import Sequence
from typing import Final

from fuguemux.terminal.canvas import SINGLE, Lines
from fuguemux.terminal.style import RESET, Style
from fuguemux.terminal.styled_row import drawn_over

LINES: Final = {
    "single": SINGLE,
    "double": Lines(*"═║╔╗╚╝"),
    "heavy": Lines(*"━┃┏┓┗┛"),
    "simple": Lines(*"-|++++"),
    "rounded": Lines(*"─│╭╮╰╯"),
    "padded": Lines(*"      "),
}
"""By the values of `popup-border-lines`, without `none`."""


def framed(
    rows: Sequence[bytes], columns: int, title: str, style: Style, lines: Lines = SINGLE
) -> list[bytes]:
    """The rows, each with `columns` cells, in a frame. It is two columns wider and two rows higher."""
    across = lines.across * columns
    top = drawn_over(title, [(style, lines.across)] * (columns - 2), style) if columns > 2 else b""
    sgr, reset = style.sgr(), RESET.encode()
    side = sgr + lines.down.encode() + reset
    first = sgr + f"{lines.top_left}{lines.across}".encode() + top + sgr
    if columns <= 2:
        first = sgr + f"{lines.top_left}{across}".encode()
    else:
        first += lines.across.encode()
    return [
        first + lines.top_right.encode() + reset,
        *[side + row + side for row in rows],
        sgr + f"{lines.bottom_left}{across}{lines.bottom_right}".encode() + reset,
    ]
