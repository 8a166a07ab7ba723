"""Changes what was composed for an xterm into what the client's terminal understands. Nothing for a terminal that can do
everything, and only styles for one that lacks some colours or attributes.
"""

import re
from typing import Final

from fuguemux.terminal.outside.abilities import Abilities
from fuguemux.terminal.outside.attributes import AttributeMap
from fuguemux.terminal.outside.line_drawing import PlainText

_STYLES: Final = re.compile(rb"(?:\x1b\[[0-9;:]*m)+")
_UNUSUAL: Final = re.compile(rb"8[;:]2[;:]|[\[;](?:4:|58[;:]|53[;m]|9[;m])")
"""What an xterm of 256 colours may not understand. Everything else it does."""
_TOKENS: Final = re.compile(
    rb"""(?P<style>(?:\x1b\[[0-9;:]*m)+)
    | \x1b\[\?(?P<modes>[0-9;]+)(?P<set>[hl])
    | \x1b\[(?P<erased>[0-9]*)X
    | \x1b\[(?P<shape>[0-9]*)\x20q
    | (?P<private>\x1b\[[<=>][0-9;]*[a-z] | \x1b\[[0-9;]*t)
    | (?P<keypad>\x1b[=>])
    | (?P<string>\x1b\](?P<number>[0-9]*+)[^\x07\x1b]*+(?:\x07|\x1b\\))
    | (?P<wide>[\x80-\xff]+)""",
    re.VERBOSE,
)
_MODES: Final = {
    b"1": "smkx", b"9": "kmous", b"25": "civis", b"1000": "kmous", b"1002": "kmous", b"1003": "kmous",
    b"1005": "kmous", b"1006": "kmous", b"1004": "Enfcs", b"2004": "Enbp", b"2026": "Sync",
}  # fmt: skip
_STRINGS: Final = {b"0": "tsl", b"2": "tsl", b"52": "Ms", b"12": "Cs", b"112": "Cr"}
_XTERM_NEEDS: Final = ("kmous", "smkx", "civis", "Enfcs", "Enbp", "Ss", "Ms", "tsl")
STYLES_MAX: Final = 4_096
"""How many styles are remembered for one client."""


class Adapter:
    """The bytes for one client's terminal."""

    def __init__(self, abilities: Abilities) -> None:
        self.abilities = abilities
        self._map = AttributeMap(abilities)
        self._styles: dict[bytes, bytes] = {}
        self._text = None if abilities.utf8 else PlainText(abilities)
        known = abilities.capabilities
        self._whole = not known or all(name in known for name in _XTERM_NEEDS)
        self._only_styles = abilities.xterm and abilities.utf8 and self._whole
        self._nothing = self._only_styles and self._map.changes_nothing
        self._usual = self._only_styles and abilities.colours >= 256 and self._map.lacks_only_rare

    def adapted(self, data: bytes) -> bytes:
        """Return what shows `data` as well as the terminal can. `data` ends with a whole sequence and character."""
        if self._nothing or not data:
            return data
        if self._only_styles:
            if self._usual and not _UNUSUAL.search(data):
                return data
            return _STYLES.sub(self._style, data)
        return _TOKENS.sub(self._token, data)

    def _style(self, found: re.Match[bytes]) -> bytes:
        return self._changed(found.group())

    def _changed(self, sequences: bytes) -> bytes:
        changed = self._styles.get(sequences)
        if changed is None:
            if len(self._styles) >= STYLES_MAX:
                self._styles.clear()
            changed = self._styles[sequences] = self._map.change(sequences)
        return changed

    def _token(self, found: re.Match[bytes]) -> bytes:
        able, whole = self.abilities, found.group()
        match found.lastgroup:
            case "style":
                return self._changed(whole)
            case "set":
                return self._modes(found["modes"].split(b";"), found["set"])
            case "erased":
                return self._erased(whole, int(found["erased"] or 1))
            case "shape":
                return whole if able.has("Ss") else b""
            case "private":
                return whole if able.xterm else b""
            case "keypad":
                return whole if able.has("smkx") else b""
            case "string":
                needed = _STRINGS.get(found["number"])
                return whole if (able.xterm if needed is None else able.has(needed)) else b""
            case _:
                return whole if self._text is None else self._text.changed(whole)

    def _modes(self, numbers: list[bytes], on: bytes) -> bytes:
        able = self.abilities
        kept = [
            number
            for number in numbers
            if (needed := _MODES.get(number, "")) == ""
            or able.has(needed)
            or (needed == "Sync" and able.xterm)
        ]
        return b"\x1b[?" + b";".join(kept) + on if kept else b""

    def _erased(self, whole: bytes, count: int) -> bytes:
        """Erase cells by writing blanks where the terminal has no ECH. They are never the last ones of a row."""
        able = self.abilities
        return whole if able.xterm or able.has("ech") else b" " * count + b"\x1b[%dD" % count
