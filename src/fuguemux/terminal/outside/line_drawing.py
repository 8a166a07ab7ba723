"""Text for terminals that do not show UTF-8: lines from their alternate character set, `_` for everything else."""

from typing import Final

from fuguemux.terminal.outside.abilities import Abilities
from fuguemux.terminal.style import width

_LETTERS: Final[dict[str, str]] = {
    "q": "─━═", "x": "│┃║", "l": "┌┏╔╭", "k": "┐┓╗╮", "m": "└┗╚╰", "j": "┘┛╝╯", "t": "├┣╠", "u": "┤┫╣",
    "w": "┬┳╦", "v": "┴┻╩", "n": "┼╋╬", "~": "·•", "`": "◆", "a": "▒", "f": "°", "g": "±", "o": "⎺", "p": "⎻",
    "r": "⎼", "s": "⎽", "y": "≤", "z": "≥", "{": "π", "|": "≠", "}": "£", "+": "→", ",": "←", "-": "↑", ".": "↓",
    "0": "█", "h": "░",
}  # fmt: skip
"""The letters of terminfo's `acsc` (those of a VT100), and the characters that they stand for."""
_PLAIN: Final = dict(zip("qxlkmjtuwvn~`afgoprs+,-.0h", "-|+++++++++.+:o#----><^v##", strict=True))
"""What stands for them on a terminal without such a set."""


class PlainText:
    """Replaces the characters beyond ASCII."""

    def __init__(self, abilities: Abilities) -> None:
        self._begin, self._end = abilities.text("smacs"), abilities.text("rmacs")
        pairs = abilities.text("acsc") if self._begin and self._end else b""
        own = {chr(pairs[at]): pairs[at + 1 : at + 2] for at in range(0, len(pairs) - 1, 2)}
        self._own: dict[str, bytes] = {}
        self._others: dict[str, bytes] = {}
        for letter, characters in _LETTERS.items():
            for character in characters:
                if letter in own:
                    self._own[character] = own[letter]
                elif letter in _PLAIN and not own:
                    self._others[character] = _PLAIN[letter].encode()

    def changed(self, data: bytes) -> bytes:
        """Return the text of a run of bytes that are not ASCII."""
        parts: list[bytes] = []
        drawing = False
        for character in data.decode("utf-8", "replace"):
            drawn = self._own.get(character)
            if drawing is not (drawn is not None):
                parts.append(self._end if drawing else self._begin)
                drawing = not drawing
            parts.append(drawn or self._others.get(character) or b"_" * width(character))
        if drawing:
            parts.append(self._end)
        return b"".join(parts)
