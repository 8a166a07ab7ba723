"""Colours and styles in options and formats: `colour123`, `#ff8800`, `fg=red,bold`. After tmux(1), STYLES."""

import re
from typing import Final

from fuguemux.model.decision import Refused

_BASIC: Final = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_INDEXED: Final = re.compile(r"colou?r(\d{1,3})", re.IGNORECASE)
_GREY: Final = re.compile(r"gr[ae]y(\d{1,3})", re.IGNORECASE)
_TRUE: Final = re.compile(r"#[0-9a-fA-F]{6}")
_COLOURS_GIVEN: Final = re.compile(r"((?:fg|bg|fill)=)([A-Za-z0-9]+)")
_GREY_ODD: Final = {50: 127, 90: 229}
"""The two grey levels whose value in X11 is not the rounded one."""

_NAMED_TEXT: Final = """
aliceblue f0f8ff  antiquewhite faebd7  aqua 00ffff  aquamarine 7fffd4  azure f0ffff
beige f5f5dc  bisque ffe4c4  blanchedalmond ffebcd  blueviolet 8a2be2  brown a52a2a
burlywood deb887  cadetblue 5f9ea0  chartreuse 7fff00  chocolate d2691e  coral ff7f50
cornflowerblue 6495ed  cornsilk fff8dc  crimson dc143c  darkblue 00008b  darkcyan 008b8b
darkgoldenrod b8860b  darkgray a9a9a9  darkgreen 006400  darkkhaki bdb76b
darkmagenta 8b008b  darkolivegreen 556b2f  darkorange ff8c00  darkorchid 9932cc
darkred 8b0000  darksalmon e9967a  darkseagreen 8fbc8f  darkslateblue 483d8b
darkslategray 2f4f4f  darkturquoise 00ced1  darkviolet 9400d3  deeppink ff1493
deepskyblue 00bfff  dimgray 696969  dodgerblue 1e90ff  firebrick b22222  floralwhite fffaf0
forestgreen 228b22  fuchsia ff00ff  gainsboro dcdcdc  ghostwhite f8f8ff  gold ffd700
goldenrod daa520  gray bebebe  greenyellow adff2f  honeydew f0fff0  hotpink ff69b4
indianred cd5c5c  indigo 4b0082  ivory fffff0  khaki f0e68c  lavender e6e6fa
lavenderblush fff0f5  lawngreen 7cfc00  lemonchiffon fffacd  lightblue add8e6
lightcoral f08080  lightcyan e0ffff  lightgoldenrod eedd82  lightgoldenrodyellow fafad2
lightgray d3d3d3  lightgreen 90ee90  lightpink ffb6c1  lightsalmon ffa07a
lightseagreen 20b2aa  lightskyblue 87cefa  lightslateblue 8470ff  lightslategray 778899
lightsteelblue b0c4de  lightyellow ffffe0  lime 00ff00  limegreen 32cd32  linen faf0e6
maroon b03060  mediumaquamarine 66cdaa  mediumblue 0000cd  mediumorchid ba55d3
mediumpurple 9370db  mediumseagreen 3cb371  mediumslateblue 7b68ee  mediumspringgreen 00fa9a
mediumturquoise 48d1cc  mediumvioletred c71585  midnightblue 191970  mintcream f5fffa
mistyrose ffe4e1  moccasin ffe4b5  navajowhite ffdead  navy 000080  navyblue 000080
oldlace fdf5e6  olive 808000  olivedrab 6b8e23  orange ffa500  orangered ff4500
orchid da70d6  palegoldenrod eee8aa  palegreen 98fb98  paleturquoise afeeee
palevioletred db7093  papayawhip ffefd5  peachpuff ffdab9  peru cd853f  pink ffc0cb
plum dda0dd  powderblue b0e0e6  purple a020f0  rebeccapurple 663399  rosybrown bc8f8f
royalblue 4169e1  saddlebrown 8b4513  salmon fa8072  sandybrown f4a460  seagreen 2e8b57
seashell fff5ee  sienna a0522d  silver c0c0c0  skyblue 87ceeb  slateblue 6a5acd
slategray 708090  snow fffafa  springgreen 00ff7f  steelblue 4682b4  tan d2b48c  teal 008080
thistle d8bfd8  tomato ff6347  turquoise 40e0d0  violet ee82ee  violetred d02090
wheat f5deb3  whitesmoke f5f5f5  yellowgreen 9acd32
"""
_WORDS: Final = _NAMED_TEXT.split()
_NAMED: Final = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
"""The colour names of X11, with red, green and blue as hexadecimal digits."""

ATTRIBUTES: Final = frozenset(
    (
        *("acs", "bright", "bold", "dim", "underscore", "blink", "reverse", "hidden", "italics"),
        *("strikethrough", "double-underscore", "curly-underscore", "dotted-underscore"),
        *("dashed-underscore", "overline"),
    )
)
_WHOLE_WORDS: Final = frozenset(
    (
        *("default", "none", "ignore", "noignore", "push-default", "pop-default"),
        *("nolist", "norange", "noalign"),
    )
)
_LISTS: Final = frozenset(("on", "focus", "left-marker", "right-marker"))
_ALIGNMENTS: Final = frozenset(("left", "centre", "right", "absolute-centre"))


def colour(text: str) -> str:
    """The colour in its canonical spelling: a name, `colourN` or `#rrggbb`. Raises Refused: `bad colour`."""
    lower = text.lower()
    if _TRUE.fullmatch(text):
        return lower
    if match := _INDEXED.fullmatch(text):
        if int(match[1]) <= 255:
            return f"colour{int(match[1])}"
    elif lower in ("default", "terminal") or lower.removeprefix("bright") in _BASIC:
        return lower
    elif lower.isascii() and lower.isdigit() and len(lower) <= 2:
        return _numbered(int(lower), text)
    elif (name := lower.replace(" ", "").replace("grey", "gray")) in _NAMED:
        return "#" + _NAMED[name]
    elif match := _GREY.fullmatch(text):
        level = int(match[1])
        if level <= 100:
            value = _GREY_ODD.get(level, int(level * 2.55 + 0.5))
            return f"#{value:02x}{value:02x}{value:02x}"
    raise Refused(f"bad colour: {text}")


def _numbered(number: int, text: str) -> str:
    """The name of the terminal colour with that number, 0 to 7 or 90 to 97."""
    if number < len(_BASIC):
        return _BASIC[number]
    if 90 <= number < 90 + len(_BASIC):
        return "bright" + _BASIC[number - 90]
    raise Refused(f"bad colour: {text}")


def check_style(text: str) -> None:
    """Raise Refused (`invalid style`) unless `text` is a style. A text with a format in it is not checked."""
    if "#{" in text:
        return
    for word in re.split(r"[ ,\n]+", text):
        if word and not _is_style_word(word):
            raise Refused(f"invalid style: {text}")


def _is_style_word(word: str) -> bool:
    word = word.lower()
    if word in _WHOLE_WORDS:
        return True
    name, equals, value = word.partition("=")
    if not equals:
        return all(part.removeprefix("no") in ATTRIBUTES for part in word.split("|"))
    if name in ("fg", "bg", "fill"):
        try:
            colour(value)
        except Refused:
            return False
        return True
    if name == "list":
        return value in _LISTS
    if name == "align":
        return value in _ALIGNMENTS
    return name == "range"


def canonical(text: str) -> str:
    """A style, or a text with `#[…]` marks, in which colours are numbered, one of the eight names, or `#rrggbb`.

    Words that are no colour stay as they are.
    """
    return _COLOURS_GIVEN.sub(_canonical, text) if "=" in text else text


def _canonical(found: re.Match[str]) -> str:
    try:
        return found[1] + colour(found[2])
    except Refused:
        return found[0]


def rgb(text: str) -> str:
    """The colour as six hexadecimal digits (`#{c:red}`); empty for the default of the terminal and for no colour."""
    try:
        name = colour(text)
    except Refused:
        return ""
    if name.startswith("#"):
        return name[1:]
    bright = name.startswith("bright")
    name = name.removeprefix("bright")
    if name in _BASIC:
        return _palette(_BASIC.index(name) + 8 * bright)
    if name.startswith("colour"):
        return _palette(int(name.removeprefix("colour")))
    return ""


def _palette(number: int) -> str:
    """One of xterm's 256 colours as hexadecimal digits: 16 named colours, a cube with 6 levels, 24 greys."""
    if number < 16:
        if number in (7, 8):
            return "c0c0c0" if number == 7 else "808080"
        level = "ff" if number > 8 else "80"
        return "".join(level if number >> bit & 1 else "00" for bit in range(3))
    if number < 232:
        levels = (0, 95, 135, 175, 215, 255)
        cube = number - 16
        return "".join(f"{levels[cube // unit % 6]:02x}" for unit in (36, 6, 1))
    return f"{8 + 10 * (number - 232):02x}" * 3
