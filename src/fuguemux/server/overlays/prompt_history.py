"""What was answered at prompts: a list for each type of prompt, and the form in which the option `history-file` keeps
them. After tmux(1), `show-prompt-history`.
"""

from collections.abc import Callable, Mapping
from typing import Final

TYPES: Final = ("command", "search", "target", "window-target")


class PromptHistory:
    """Belongs to the loop. The oldest answers come first."""

    def __init__(self, limit: Callable[[], int]) -> None:
        """`limit` is the option `prompt-history-limit`."""
        self._limit = limit
        self._lists: dict[str, list[str]] = {kind: [] for kind in TYPES}
        self._changed: Callable[[], None] = lambda: None

    def when_changed(self, told: Callable[[], None]) -> None:
        """Call `told` after each new answer, and when a list is cleared."""
        self._changed = told

    def add(self, kind: str, text: str) -> None:
        """Remember an answer, unless it is empty or the same as the last one."""
        found, limit = self._lists[kind], self._limit()
        if text and (not found or found[-1] != text):
            found.append(text)
            del found[: max(len(found) - limit, 0)]
            self._changed()

    def listed(self, kind: str) -> tuple[str, ...]:
        """The answers to one type of prompt."""
        return tuple(self._lists[kind])

    def clear(self, kind: str | None = None) -> None:
        """Forget the answers to one type of prompt, or all."""
        for each in TYPES if kind is None else (kind,):
            self._lists[each].clear()
        self._changed()

    def text(self) -> bytes:
        """All answers as lines `type:answer`."""
        lines = [f"{kind}:{answer}\n" for kind in TYPES for answer in self._lists[kind]]
        return "".join(lines).encode("utf-8", "surrogateescape")

    def load(self, data: bytes) -> None:
        """Put the answers of a file before those of now. A line without a type is an answer to a command prompt."""
        for kind, answers in read(data).items():
            kept = self._lists[kind]
            kept[:0] = answers
            del kept[: max(len(kept) - self._limit(), 0)]


def read(data: bytes) -> Mapping[str, list[str]]:
    """The answers in a file's lines, by type."""
    found: dict[str, list[str]] = {kind: [] for kind in TYPES}
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        kind, colon, answer = line.partition(":")
        if not colon or kind not in TYPES:
            kind, answer = "command", line
        if answer and (not found[kind] or found[kind][-1] != answer):
            found[kind].append(answer)
    return found
