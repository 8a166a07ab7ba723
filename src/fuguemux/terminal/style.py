"""tmux's styles as bytes: `bg=green,fg=black,bold`, and text with `#[fg=red]` in it.

Source: tmux(1), STYLES. Colours: the eight names, `bright` before them, `colour0` to `colour255`, `#rrggbb`, `default`,
`terminal`. Attributes, alone or with `no` before them; `default` and `none`.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final, NamedTuple

COLOURS: Final = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ATTRIBUTES: Final = {
    "bold": 1, "bright": 1, "dim": 2, "italics": 3, "underscore": 4, "blink": 5, "reverse": 7, "hidden": 8,
    "strikethrough": 9, "double-underscore": 21, "overline": 53,
}  # fmt: skip
ALIGNMENTS: Final = {"left": 0, "centre": 1, "absolute-centre": 1, "right": 2}
HEX: Final = re.compile(r"#[0-9a-fA-F]{6}\Z")
NUMBERED: Final = re.compile(r"colou?r([0-9]{1,3})\Z")
TOKENS: Final = re.compile(
    r"(\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~]))"
)
"""Escape sequences: splits styled text into text and, at odd indices, sequences."""
RESET: Final = "\x1b[0m"


class Style(NamedTuple):
    """Foreground and background as SGR parameters ("" is the terminal's own), and attribute numbers."""

    foreground: str = ""
    background: str = ""
    attributes: frozenset[int] = frozenset()

    def sgr(self) -> bytes:
        """Return the SGR sequence that sets exactly this style."""
        parts = ["0", *map(str, sorted(self.attributes)), self.foreground, self.background]
        return f"\x1b[{';'.join(filter(None, parts))}m".encode()


DEFAULT: Final = Style()


def parse(text: str, base: Style = DEFAULT, fallback: Style = DEFAULT) -> Style:
    """Apply a style string to `base`. `default` means `fallback`. Raises ValueError, which names the bad part."""
    style = base
    for part in filter(None, re.split(r"[ ,]+", text.strip())):
        style = _apply(style, part, fallback)
    return style


def _apply(style: Style, part: str, fallback: Style) -> Style:
    key, _, value = part.partition("=")
    key = key.lower()
    if key == "fg":
        return style._replace(foreground=_colour(value, 38, fallback.foreground))
    if key == "bg":
        return style._replace(background=_colour(value, 48, fallback.background))
    if value:
        return style  # us=, align=, range=, list=, fill=: not drawn here
    if key == "default":
        return fallback
    if key == "none":
        return style._replace(attributes=frozenset())
    if key in ATTRIBUTES:
        return style._replace(attributes=style.attributes | {ATTRIBUTES[key]})
    if key.startswith("no") and key[2:] in ATTRIBUTES:
        return style._replace(attributes=style.attributes - {ATTRIBUTES[key[2:]]})
    if key in {
        "push-default",
        "pop-default",
        "nolist",
        "norange",
        "noalign",
        "noattr",
        "ignore",
        "noignore",
    }:
        return style
    raise ValueError(f"bad style: {part}")


def _colour(name: str, selector: int, fallback: str) -> str:
    """Return a colour as SGR parameters; `selector` is 38 for foreground, 48 for background."""
    name = name.lower()
    if name == "default":
        return fallback
    if name in {"terminal", "none"}:
        return ""
    if HEX.match(name):
        red, green, blue = bytes.fromhex(name[1:])
        return f"{selector};2;{red};{green};{blue}"
    if (found := NUMBERED.match(name)) and int(found.group(1)) < 256:
        return f"{selector};5;{int(found.group(1))}"
    if name in COLOURS:
        return str(selector - 8 + COLOURS.index(name))
    if name.startswith("bright") and name[6:] in COLOURS:
        return str(selector + 52 + COLOURS.index(name[6:]))
    raise ValueError(f"bad colour: {name}")


def width(character: str) -> int:
    """Return how many columns a character takes: 0, 1 or 2."""
    if character.isascii():
        return 1 if character.isprintable() else 0
    if unicodedata.category(character) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def text_width(text: str) -> int:
    """Return how many columns a text takes."""
    return len(text) if text.isascii() and text.isprintable() else sum(map(width, text))


@functools.lru_cache(maxsize=256)  # most status lines are the same as a moment ago
def line(text: str, columns: int, style: str = "default") -> bytes:
    """Return one row of exactly `columns` cells: styled text with `#[…]` marks, aligned and clipped.

    `#[align=centre]` and `#[align=right]` align what follows. Where parts overlap, the left one wins. Control characters
    are left out. Bad style marks are ignored.
    """
    base = _parse_or(style, DEFAULT, DEFAULT)
    sections: tuple[list[tuple[Style, str]], ...] = ([], [], [])
    now, current = 0, base
    for index, part in enumerate(_split_at_marks(text)):
        if index % 2:
            for item in part.replace(",", " ").split():
                if item.startswith("align="):
                    now = ALIGNMENTS.get(item[6:], 0)
                elif item == "noalign":
                    now = 0
            current = _parse_or(part, current, base)
        elif part:
            sections[now].append((current, part))
    cells = _place(sections, columns, base)
    return _bytes_of(cells)


def _split_at_marks(text: str) -> list[str]:
    """The parts before, in and behind each mark `#[…]`, in turn. A mark that is not closed is text."""
    parts: list[str] = []
    at = 0
    while True:
        begin = text.find("#[", at)
        end = -1 if begin < 0 else text.find("]", begin + 2)
        if end < 0:
            return [*parts, text[at:]]
        parts += (text[at:begin], text[begin + 2 : end])
        at = end + 1


def _parse_or(text: str, base: Style, fallback: Style) -> Style:
    try:
        return parse(text, base, fallback)
    except ValueError:
        return base


def _place(
    sections: tuple[list[tuple[Style, str]], ...], columns: int, base: Style
) -> list[tuple[Style, str]]:
    """Lay the left, centre and right parts out in a row of cells; "" is the second half of a wide character."""
    row: list[tuple[Style, str]] = [(base, " ")] * columns
    left, centre, right = (_cells(section) for section in sections)
    right = right[: max(0, columns - len(left))]
    row[: len(left)] = left[:columns]
    if right:
        row[columns - len(right) :] = right
    room = columns - len(left) - len(right)
    centre = centre[: max(0, room)]
    if centre:
        start = max(
            len(left), min((columns - len(centre)) // 2, columns - len(right) - len(centre))
        )
        row[start : start + len(centre)] = centre
    return _without_halves(row[:columns], base)


def _without_halves(row: list[tuple[Style, str]], base: Style) -> list[tuple[Style, str]]:
    """Blank wide characters that lost a half by clipping."""
    for at, (_style, text) in enumerate(row):
        wide = bool(text) and width(text[0]) == 2
        followed = at + 1 < len(row) and not row[at + 1][1]
        preceded = at > 0 and bool(row[at - 1][1]) and width(row[at - 1][1][0]) == 2
        if (wide and not followed) or (not text and not preceded):
            row[at] = (base, " ")
    return row


def _cells(section: list[tuple[Style, str]]) -> list[tuple[Style, str]]:
    cells: list[tuple[Style, str]] = []
    for style, text in section:
        for character in text:
            size = width(character)
            if size:
                cells.append((style, character))
                cells.extend([(style, "")] * (size - 1))
            elif cells and character >= "\xa0":
                at = -1 if cells[-1][1] else -2
                cells[at] = (cells[at][0], cells[at][1] + character)
    return cells


def _bytes_of(cells: list[tuple[Style, str]]) -> bytes:
    parts = []
    current: Style | None = None
    for style, text in cells:
        if style != current:
            parts.append(style.sgr())
            current = style
        parts.append(text.encode("utf-8", "replace"))
    parts.append(b"\x1b[0m")
    return b"".join(parts)
