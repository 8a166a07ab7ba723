"""Turns styled terminal lines into HTML: colours, attributes and links from the emulator's output (SGR and OSC 8, no
positioning).
"""

import html
import re
from typing import Final, NamedTuple

_SEQUENCE: Final = re.compile(
    r"\x1b\[([0-9;:]*)m|\x1b\]8;[^;\x07\x1b]*;([^\x07\x1b]*)(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b."
)
_BASE: Final = tuple(
    f"#{colour:06x}"
    for colour in (
        *(0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5),
        *(0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF),
    )
)
"""xterm's colours."""
_CUBE: Final = (0, 95, 135, 175, 215, 255)
FOREGROUND: Final = "#e5e5e5"
BACKGROUND: Final = "#000000"
_ATTRIBUTES: Final = {1: "b", 2: "d", 3: "i", 4: "u", 7: "r", 8: "h", 9: "s", 21: "u", 53: "o"}
_OFF: Final = {22: "bd", 23: "i", 24: "u", 27: "r", 28: "h", 29: "s", 55: "o"}
_SAFE_LINKS: Final = ("http://", "https://", "ftp://", "file://", "mailto:")


class _Style(NamedTuple):
    foreground: str = ""
    background: str = ""
    attributes: str = ""
    link: str = ""


def page(lines: list[str], title: str) -> str:
    """Return a whole document with one row per line."""
    body = "\n".join(map(line_html, lines))
    return (
        f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>\n'
        f'<body style="background:{BACKGROUND};color:{FOREGROUND}"><pre>{body}\n</pre></body></html>\n'
    )


def line_html(line: str) -> str:
    """Return one line, which begins and ends in the default style."""
    parts: list[str] = []
    style, at = _Style(), 0
    for match in _SEQUENCE.finditer(line):
        parts.append(_span(line[at : match.start()], style))
        at = match.end()
        if match.group(1) is not None:
            style = _sgr(style, match.group(1))
        elif match.group(2) is not None:
            style = style._replace(link=match.group(2))
    parts.append(_span(line[at:], style))
    return "".join(parts)


def _span(text: str, style: _Style) -> str:
    if not text:
        return ""
    escaped = html.escape("".join(c for c in text if c >= " " or c == "\t"))
    css = _css(style)
    if css:
        escaped = f'<span style="{css}">{escaped}</span>'
    if style.link.startswith(_SAFE_LINKS):
        escaped = f'<a href="{html.escape(style.link)}">{escaped}</a>'
    return escaped


def _css(style: _Style) -> str:
    front, back, on = style.foreground, style.background, style.attributes
    if "r" in on:
        front, back = back or BACKGROUND, front or FOREGROUND
    if "h" in on:
        front = back or BACKGROUND
    lines = [name for letter, name in _LINES.items() if letter in on]
    return ";".join(
        filter(
            None,
            (
                front and f"color:{front}",
                back and f"background:{back}",
                "font-weight:bold" if "b" in on else "",
                "opacity:.6" if "d" in on else "",
                "font-style:italic" if "i" in on else "",
                f"text-decoration:{' '.join(lines)}" if lines else "",
            ),
        )
    )


_LINES: Final = {"u": "underline", "s": "line-through", "o": "overline"}


def _sgr(style: _Style, parameters: str) -> _Style:
    numbers = [
        int(word) if word.isdigit() else 0 for word in parameters.replace(":", ";").split(";")
    ]
    at = 0
    while at < len(numbers):
        number = numbers[at]
        at += 1
        if number == 0:
            style = _Style(link=style.link)
        elif number in _ATTRIBUTES:
            style = style._replace(attributes=style.attributes + _ATTRIBUTES[number])
        elif number in _OFF:
            kept = "".join(c for c in style.attributes if c not in _OFF[number])
            style = style._replace(attributes=kept)
        elif number in (38, 48, 58):
            colour, at = _extended(numbers, at)
            if number == 38:
                style = style._replace(foreground=colour)
            elif number == 48:
                style = style._replace(background=colour)
        else:
            style = _plain_colour(style, number)
    return style


def _plain_colour(style: _Style, number: int) -> _Style:
    if 30 <= number <= 37 or 90 <= number <= 97:
        return style._replace(foreground=_BASE[number - 30 if number < 40 else number - 82])
    if 40 <= number <= 47 or 100 <= number <= 107:
        return style._replace(background=_BASE[number - 40 if number < 50 else number - 92])
    if number == 39:
        return style._replace(foreground="")
    return style._replace(background="") if number == 49 else style


def _extended(numbers: list[int], at: int) -> tuple[str, int]:
    """Return the colour of a 38 or 48 whose parameters begin at `at`, and the index after them."""
    kind = numbers[at] if at < len(numbers) else 0
    if kind == 5 and at + 1 < len(numbers):
        return indexed(numbers[at + 1]), at + 2
    if kind == 2 and at + 3 < len(numbers):
        red, green, blue = (min(value, 255) for value in numbers[at + 1 : at + 4])
        return f"#{red:02x}{green:02x}{blue:02x}", at + 4
    return "", len(numbers)


def indexed(number: int) -> str:
    """A colour of xterm's 256-colour palette."""
    if number < 16:
        return _BASE[number]
    if number < 232:
        red, rest = divmod(number - 16, 36)
        green, blue = divmod(rest, 6)
        return f"#{_CUBE[red]:02x}{_CUBE[green]:02x}{_CUBE[blue]:02x}"
    grey = min(8 + (number - 232) * 10, 255)
    return f"#{grey:02x}{grey:02x}{grey:02x}"
