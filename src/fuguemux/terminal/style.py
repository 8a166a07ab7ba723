"""tmux's styles as bytes: `bg=green,fg=black,bold`, and what else a mark `#[…]` in a text says.

Source: tmux(1), STYLES. Colours: the eight names, `bright` before them, `colour0` to `colour255`, `#rrggbb`, `default`,
`terminal`; the other names are those of `options.styles.canonical`. Attributes, alone, with `no` before them, or several
with `|` between them; `default` and `none`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

COLOURS: Final = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
ATTRIBUTES: Final = {
    "bold": "1", "bright": "1", "dim": "2", "italics": "3", "underscore": "4", "blink": "5", "reverse": "7",
    "hidden": "8", "strikethrough": "9", "double-underscore": "4:2", "curly-underscore": "4:3",
    "dotted-underscore": "4:4", "dashed-underscore": "4:5", "overline": "53",
}  # fmt: skip
NOT_DRAWN: Final = ("acs",)
"""Attributes that are taken and change nothing: text is sent as UTF-8, which needs no other character set."""
ALIGNMENTS: Final = ("left", "centre", "right", "absolute-centre")
LISTS: Final = ("on", "focus", "left-marker", "right-marker")
HEX: Final = re.compile(r"#[0-9a-fA-F]{6}\Z")
NUMBERED: Final = re.compile(r"colou?r([0-9]{1,3})\Z")
TOKENS: Final = re.compile(
    r"(\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~]))"
)
"""Escape sequences: splits styled text into text and, at odd indices, sequences."""
RESET: Final = "\x1b[0m"


class Style(NamedTuple):
    """Foreground and background as SGR parameters ("" is the terminal's own), and attributes as SGR parameters."""

    foreground: str = ""
    background: str = ""
    attributes: frozenset[str] = frozenset()

    def sgr(self) -> bytes:
        """Return the SGR sequence that sets exactly this style."""
        parts = ["0", *sorted(self.attributes), self.foreground, self.background]
        return f"\x1b[{';'.join(filter(None, parts))}m".encode()


DEFAULT: Final = Style()


class Marks(NamedTuple):
    """What is in force behind a mark: a style, and where the text belongs.

    `align`: "" or one of ALIGNMENTS. `list`: "" or one of LISTS. `range`: as after `range=`, or "". `fill`: a background as
    SGR parameters. `push`, `pop`: what this mark does with the default. `ignore`: marks are text.
    """

    style: Style = DEFAULT
    align: str = ""
    list: str = ""
    range: str = ""
    fill: str | None = None
    push: bool = False
    pop: bool = False
    ignore: bool = False


_WORDS: Final[dict[str, dict[str, object]]] = {
    "ignore": {"ignore": True},
    "noignore": {"ignore": False},
    "push-default": {"push": True, "pop": False},
    "pop-default": {"pop": True, "push": False},
    "nolist": {"list": ""},
    "norange": {"range": ""},
    "noalign": {"align": ""},
}


def parse(text: str, base: Style = DEFAULT, fallback: Style = DEFAULT) -> Style:
    """Apply a style string to `base`. `default` means `fallback`. Raises ValueError, which names the bad part."""
    return marked(text, Marks(base), fallback).style


def sgr_of(text: str) -> str:
    """The SGR sequence of a style string; empty if the string is bad."""
    try:
        return parse(text).sgr().decode()
    except ValueError:
        return ""


def marked(text: str, before: Marks, fallback: Style) -> Marks:
    """What is in force behind the mark `#[text]`. `default` means `fallback`. Raises ValueError, which names the bad part."""
    marks = before
    for part in filter(None, re.split(r"[ ,\n]+", text)):
        marks = _apply(marks, part, fallback)
    return marks


def _apply(marks: Marks, part: str, fallback: Style) -> Marks:
    key, equals, value = part.partition("=")
    key = key.lower()
    style = marks.style
    if not equals:
        if key in _WORDS:
            return marks._replace(**_WORDS[key])  # type: ignore[arg-type]  # the table has the fields of Marks
        return marks._replace(style=_with_attributes(style, key, part, fallback))
    match key:
        case "fg":
            style = style._replace(foreground=_colour(value, 38, fallback.foreground))
        case "bg":
            style = style._replace(background=_colour(value, 48, fallback.background))
        case "fill":
            return marks._replace(fill=_colour(value, 48, ""))
        case "align" if value in ALIGNMENTS:
            return marks._replace(align=value)
        case "list" if value in LISTS:
            return marks._replace(list=value)
        case "range":
            return marks._replace(range=value)
        case _:
            raise ValueError(f"bad style: {part}")
    return marks._replace(style=style)


def _with_attributes(style: Style, key: str, part: str, fallback: Style) -> Style:
    if key == "default":
        return fallback
    if key == "none":
        return style._replace(attributes=frozenset())
    remove = key.startswith("no")
    names = key.removeprefix("no").split("|")
    if not all(name in ATTRIBUTES or name in NOT_DRAWN for name in names):
        raise ValueError(f"bad style: {part}")
    codes = {ATTRIBUTES[name] for name in names if name in ATTRIBUTES}
    attributes = style.attributes - codes if remove else style.attributes | codes
    return style._replace(attributes=attributes)


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
