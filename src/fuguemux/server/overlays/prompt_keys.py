"""What the keys of a prompt mean: those of emacs, or of vi if the option `status-keys` says so. After tmux(1).

A meaning is the name of the key that does the same with emacs keys, or one of the words for vi's motions below.
"""

from typing import Final

_ENTRY: Final = frozenset(
    ("C-a", "C-c", "C-e", "C-g", "C-h", "Tab", "C-k", "C-n", "C-p", "C-t", "C-u", "C-w", "C-y", "Enter",
     "C-Left", "C-Right", "BSpace", "DC", "Down", "End", "Home", "Left", "Right", "Up")
)  # fmt: skip
"""The keys that mean the same while vi's entry mode lasts."""
_COMMANDS: Final = {
    "$": "End", "0": "Home", "^": "Home", "D": "C-k", "X": "BSpace", "BSpace": "Left",
    "b": "M-b", "B": "vi-back-space", "e": "vi-end", "E": "vi-end-space", "w": "vi-word", "W": "vi-word-space",
    "d": "C-u", "p": "C-y", "q": "C-c", "x": "DC", "DC": "DC", "j": "Down", "Down": "Down", "h": "Left",
    "Left": "Left", "l": "Right", "Right": "Right", "k": "Up", "Up": "Up", "C-h": "C-h", "C-c": "C-c",
    "Enter": "Enter", "C-j": "Enter",
}  # fmt: skip
_ENTERING: Final = {
    "A": "End", "I": "Home", "C": "C-k", "s": "DC", "a": "Right", "S": "C-u", "i": "", "Escape": "",
}  # fmt: skip
"""vi's commands that lead to entry mode, with what they do first."""


class PromptKeys:
    """Translates keys. `commands` says whether vi's command mode lasts."""

    def __init__(self) -> None:
        self.commands = False

    def meaning(self, key: str, *, vi: bool) -> str:
        """What a key means. Empty: it does nothing more."""
        if not vi:
            self.commands = False
            return key
        if not self.commands:
            if key == "Escape":
                self.commands = True
                return ""
            return key if key in _ENTRY or len(key) == 1 or key == "Space" else ""
        if key in _ENTERING:
            self.commands = False
            return _ENTERING[key]
        return _COMMANDS.get(key, "")
