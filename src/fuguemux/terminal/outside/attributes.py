"""Styles for one terminal: SGR parameters as an xterm takes them, changed for a terminal with fewer attributes or colours."""

import re
from collections.abc import Iterator
from typing import Final

from fuguemux.terminal.outside.abilities import RGB_COLOURS, Abilities
from fuguemux.terminal.outside.palette import nearest_of_256, of_sixteen

_NEEDS: Final = {
    "1": "bold", "2": "dim", "4": "smul", "5": "blink", "7": "rev", "8": "invis", "9": "smxx", "53": "Smol",
    "29": "smxx", "55": "Smol", "59": "Setulc",
}  # fmt: skip
"""The capability behind each attribute."""
_RARE: Final = ("9", "29", "53", "55", "59")
_SGR: Final = re.compile(rb"\x1b\[([0-9;:]*)m")


class AttributeMap:
    """Changes styles for a terminal. `change` gives the same for the same sequence, so its results can be kept."""

    def __init__(self, abilities: Abilities) -> None:
        self._colours = abilities.colours
        self._missing = {code for code, name in _NEEDS.items() if not abilities.has(name)}
        self._curly = abilities.has("Smulx")
        self._underline_colour = abilities.has("Setulc")
        self._italic = "3"
        if not abilities.has("sitm"):
            found = re.search(rb"\[([0-9;]+)m", abilities.text("smso"))
            self._italic = found.group(1).decode() if found else ""

    @property
    def changes_nothing(self) -> bool:
        """Whether the terminal takes every style as it is."""
        return (
            self._colours == RGB_COLOURS
            and not self._missing
            and self._curly
            and self._underline_colour
            and self._italic == "3"
        )

    @property
    def lacks_only_rare(self) -> bool:
        """Whether the terminal has the common attributes: all but lines through and over text, and kinds of underlines."""
        return self._missing <= {*_RARE} and self._italic == "3"

    def change(self, sequences: bytes) -> bytes:
        """Return the sequence for one or more SGR sequences that follow each other. Empty: the terminal can do none of it."""
        parameters = b";".join(found or b"0" for found in _SGR.findall(sequences)).decode()
        kept: list[str] = []
        for code in codes(parameters):
            kept += self._one(code)
        if not self._colours:
            kept = self._without_colours(kept, [*codes(parameters)])
        return f"\x1b[{';'.join(kept)}m".encode() if kept else b""

    def _one(self, code: tuple[str, ...]) -> list[str]:
        first = code[0]
        match first:
            case "38" | "48":
                return self._colour(first, code[1:])
            case "58":
                if not self._underline_colour:
                    return []
                return ["58:2::" + ":".join(code[2:]) if code[1] == "2" else "58;5;" + code[2]]
            case "3":
                return [self._italic] if self._italic else []
            case "4" if len(code) > 1:
                if self._curly:
                    return [":".join(code)]
                return ["24"] if code[1] == "0" else [] if "4" in self._missing else ["4"]
        if first in self._missing:
            return []
        if len(first) >= 2 and (first[:-1] in ("3", "4", "9", "10")) and first[-1] < "8":
            bright = first[:-1] in ("9", "10")
            ground = "38" if first[:-1] in ("3", "9") else "48"
            return self._basic(ground, int(first[-1]) + 8 * bright, first)
        if first in ("39", "49") and not self._colours:
            return []
        return [first]

    def _colour(self, ground: str, value: tuple[str, ...]) -> list[str]:
        if value[0] == "2":
            red, green, blue = (min(int(part or 0), 255) for part in value[1:4])
            if self._colours == RGB_COLOURS:
                return [f"{ground};2;{red};{green};{blue}"]
            index = nearest_of_256(red, green, blue)
        else:
            index = min(int(value[1] or 0), 255)
        if self._colours >= 256:
            return [f"{ground};5;{index}"]
        if index < 16:
            return self._basic(ground, index, "")
        if not self._colours:
            return []
        index = of_sixteen(index)
        return self._numbered(ground, index if self._colours >= 16 else index & 7)

    def _basic(self, ground: str, index: int, as_it_is: str) -> list[str]:
        """One of the sixteen. With eight colours a bright one is bold, as on old terminals."""
        if self._colours >= 16:
            return [as_it_is] if as_it_is else self._numbered(ground, index)
        bold = ["1"] if index >= 8 and ground == "38" and "1" not in self._missing else []
        if not self._colours:
            return bold
        return [*bold, *self._numbered(ground, index & 7)]

    def _numbered(self, ground: str, index: int) -> list[str]:
        base = 30 if ground == "38" else 40
        return [str(base + index if index < 8 else base + 52 + index)]

    def _without_colours(self, kept: list[str], codes_given: list[tuple[str, ...]]) -> list[str]:
        """A background that is not black shows as reverse; a reverse with a coloured text as none. As in tmux."""
        foreground, background = _grounds(codes_given)
        if "7" in kept:
            if foreground not in (None, "7"):
                kept = [code for code in kept if code != "7"]
        elif background not in (None, "0") and "7" not in self._missing:
            kept = [*kept, "7"]
        return kept


def codes(parameters: str) -> Iterator[tuple[str, ...]]:
    """The parts of SGR parameters: attributes with their subparameters, and colours with their values."""
    parts = parameters.split(";")
    at = 0
    while at < len(parts):
        part = parts[at] or "0"
        at += 1
        if ":" in part:
            first, *rest = part.split(":")
            if first in ("38", "48", "58") and rest[:1] == ["2"] and len(rest) > 4:
                rest = ["2", *rest[2:]]  # the colour space is not needed
            yield _whole(first, rest)
        elif part in ("38", "48", "58"):
            length = {"2": 4, "5": 2}.get(parts[at] if at < len(parts) else "", 0)
            yield _whole(part, parts[at : at + length])
            at += max(length, 1)
        else:
            yield (part,)


def _whole(first: str, rest: list[str]) -> tuple[str, ...]:
    """A colour with all of its values. One that is cut off is black."""
    if first not in ("38", "48", "58"):
        return (first, *rest)
    size = 4 if rest[:1] == ["2"] else 2
    return (first, *(rest or ["5"]), *["0"] * (size - len(rest or ["5"])))


def _grounds(given: list[tuple[str, ...]]) -> tuple[str | None, str | None]:
    """Foreground and background after these codes, as an index if it has one. None: the default."""
    grounds: dict[str, str | None] = {"38": None, "48": None}
    for first, *value in given:
        if first == "0":
            grounds = {"38": None, "48": None}
        elif first in grounds:
            grounds[first] = value[1] if value[0] == "5" else "rgb"
        elif len(first) == 2 and first[0] in "34" and first[1] < "8":
            grounds[first[0] + "8"] = first[1]
        elif first[:-1] in ("9", "10"):
            grounds["38" if first[0] == "9" else "48"] = str(int(first[-1]) + 8)
        elif first in ("39", "49"):
            grounds[first[0] + "8"] = None
    return grounds["38"], grounds["48"]
