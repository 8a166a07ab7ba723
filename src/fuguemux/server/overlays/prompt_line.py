"""The text that is typed at a prompt, with its cursor, and what each key does to it. After tmux(1), `status-keys`.

Pure values: what the keys mean is decided in prompt_keys.py.
"""

from typing import Final

CHARACTERS_MAX: Final = 65_536


class PromptLine:
    """A line of text and a cursor before one of its characters, or at the end."""

    def __init__(self, text: str = "", separators: str = "") -> None:
        """`separators`: the characters of the option `word-separators`."""
        self.text = text
        self.cursor = len(text)
        self.separators = separators
        self._cut = ""
        """What C-w removed last."""

    def replace(self, text: str) -> None:
        """Put another text, with the cursor at its end."""
        self.text = text[:CHARACTERS_MAX]
        self.cursor = len(self.text)

    def insert(self, text: str) -> None:
        """Insert at the cursor, without control characters."""
        room = CHARACTERS_MAX - len(self.text)
        added = "".join(c for c in text if c.isprintable())[:room]
        self.text = self.text[: self.cursor] + added + self.text[self.cursor :]
        self.cursor += len(added)

    def pasted(self, top_buffer: str) -> str:
        """What C-y inserts: what C-w removed last, or the newest paste buffer up to its first control character."""
        if self._cut:
            return self._cut
        for at, character in enumerate(top_buffer):
            if character < " " or character == "\x7f":
                return top_buffer[:at]
        return top_buffer

    def remove(self, begin: int, end: int) -> bool:
        """Remove a part. Returns whether there was one."""
        begin, end = max(begin, 0), min(end, len(self.text))
        if begin >= end:
            return False
        self.text = self.text[:begin] + self.text[end:]
        self.cursor = begin
        return True

    def cut_word(self) -> None:
        """Remove the word before the cursor (C-w)."""
        at = self.cursor
        while at and self.text[at - 1] in self._spaced:
            at -= 1
        while at and self.text[at - 1] not in self._spaced:
            at -= 1
        self._cut = self.text[at : self.cursor]
        self.remove(at, self.cursor)

    @property
    def _spaced(self) -> str:
        return self.separators + " "

    def swap(self) -> bool:
        """Swap the two characters before the cursor (C-t). Returns whether there were two."""
        at = min(self.cursor + 1, len(self.text))
        if at < 2:
            return False
        text = self.text
        self.text = text[: at - 2] + text[at - 1] + text[at - 2] + text[at:]
        self.cursor = at
        return True

    # Words

    def forward_word(self, separators: str, *, vi: bool) -> None:
        """Go behind the word, or with `vi` to the next one."""
        at, size = self.cursor, len(self.text)
        if not vi:
            at = self._behind_spaces(at)
        if at < size:
            kind = self._is_separator(at, separators)
            at += 1
            while at < size and self.text[at] != " " and self._in(at, separators) == kind:
                at += 1
            if vi:
                at = self._behind_spaces(at)
        self.cursor = at

    def end_word(self, separators: str) -> None:
        """Go to the last character of the next word."""
        at, size = self.cursor, len(self.text)
        if at == size:
            return
        at = self._behind_spaces(at + 1)
        if at < size:
            kind = self._is_separator(at, separators)
            while at < size and self.text[at] != " " and self._in(at, separators) == kind:
                at += 1
            at -= 1
        self.cursor = at

    def backward_word(self, separators: str) -> None:
        """Go to the beginning of the word."""
        at = self.cursor
        while at and self.text[at - 1] == " ":
            at -= 1
        if at:
            kind = self._in(at - 1, separators)
            while at and self.text[at - 1] != " " and self._in(at - 1, separators) == kind:
                at -= 1
        self.cursor = at

    def word(self) -> tuple[int, int]:
        """Where the word at the cursor begins and ends."""
        at = max(self.cursor - 1, 0)
        begin = at
        while begin > 0 and self.text[begin : begin + 1] != " ":
            begin -= 1
        begin = self._behind_spaces(begin)
        end = at
        while end < len(self.text) and self.text[end] != " ":
            end += 1
        return begin, end

    def _behind_spaces(self, at: int) -> int:
        while at < len(self.text) and self.text[at] == " ":
            at += 1
        return at

    def _in(self, at: int, separators: str) -> bool:
        return self.text[at] in separators

    def _is_separator(self, at: int, separators: str) -> bool:
        return self.text[at] in separators and self.text[at] != " "
