"""What a client shows for a short time instead of its status line or panes: messages, prompts, lists, pages of text.

Independent of sockets: an overlay receives keys, and returns what to draw and which command to run.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from fuguemux.terminal.key_reader import Input, KeyPress, Paste
from fuguemux.terminal.style import line, text_width

MESSAGE_STYLE = "bg=yellow,fg=black"
ANSWER_CHARACTERS_MAX = 1_024


class Preview(Protocol):
    """What is shown beside or below a list for the selected row."""

    def with_list(
        self, row: int, columns: int, height: int, listed: Callable[[int, int], list[bytes]]
    ) -> list[bytes]:
        """The rows of the list together with the preview. `listed` makes the rows of the list for a number of columns
        and rows."""
        ...


class OverlayOutcome(NamedTuple):
    """The result of a key. `command`: text in tmux's language to run. `closed`: whether the overlay disappears."""

    closed: bool = False
    command: str = ""


STAYS = OverlayOutcome()


class StatusOverlay(Protocol):
    """An overlay in place of the status line."""

    def key(self, item: Input) -> OverlayOutcome: ...

    def row(self, columns: int) -> tuple[bytes, int | None]:
        """The row to draw, and the column of the cursor if the cursor is in this row."""
        ...


class MessageOverlay:
    """A line that disappears after some time or at the next key. The key still has its usual effect."""

    def __init__(self, text: str) -> None:
        self.text = text

    def key(self, item: Input) -> OverlayOutcome:
        """Close at any key. The caller then handles the key as usual."""
        del item
        return OverlayOutcome(closed=True)

    def row(self, columns: int) -> tuple[bytes, int | None]:
        """The text in the message style."""
        return line(_plain(self.text), columns, MESSAGE_STYLE), None


class Confirm:
    """A question that is answered with one key: y or Enter runs the command."""

    def __init__(self, question: str, command: str) -> None:
        self.question = question
        self.command = command

    def key(self, item: Input) -> OverlayOutcome:
        """Any key except y, Y and Enter means no."""
        if isinstance(item, KeyPress) and item.name in ("y", "Y"):
            return OverlayOutcome(True, self.command)
        return OverlayOutcome(closed=True)

    def row(self, columns: int) -> tuple[bytes, int | None]:
        """The question."""
        column = min(text_width(self.question), columns - 1)
        return line(_plain(self.question), columns, MESSAGE_STYLE), column


class PromptOverlay:
    """One or more questions.

    With `single_key`, the name of the first key is the answer.
    """

    def __init__(
        self,
        questions: tuple[str, ...],
        initial: tuple[str, ...],
        *,
        answered: Callable[[list[str]], str],
        single_key: bool = False,
    ) -> None:
        """`answered` gets all answers and returns the command to run."""
        self._single_key = single_key
        self._questions = questions or (":",)
        self._initial = initial
        self._done = answered
        self._answers: list[str] = []
        self._begin()

    def _begin(self) -> None:
        number = len(self._answers)
        self._text = self._initial[number] if number < len(self._initial) else ""
        self._cursor = len(self._text)

    def key(self, item: Input) -> OverlayOutcome:
        """Edit as readline does. Enter answers, Escape and C-c cancel."""
        if isinstance(item, Paste):
            self._insert(item.data.decode("utf-8", "replace"))
            return STAYS
        if not isinstance(item, KeyPress):
            return STAYS
        name = item.name
        if self._single_key:
            self._text = name
            return self._answered()
        if name == "Enter":
            return self._answered()
        if name in ("Escape", "C-c", "C-g"):
            return OverlayOutcome(closed=True)
        self._edit(name)
        return STAYS

    def _answered(self) -> OverlayOutcome:
        self._answers.append(self._text)
        if len(self._answers) < len(self._questions):
            self._begin()
            return STAYS
        return OverlayOutcome(True, self._done(self._answers))

    def _edit(self, name: str) -> None:
        text, cursor = self._text, self._cursor
        match name:
            case "BSpace" | "C-h":
                self._text, self._cursor = (
                    text[: max(0, cursor - 1)] + text[cursor:],
                    max(0, cursor - 1),
                )
            case "DC" | "C-d":
                self._text = text[:cursor] + text[cursor + 1 :]
            case "C-u":
                self._text, self._cursor = "", 0
            case "C-k":
                self._text = text[:cursor]
            case "C-w":
                kept = text[:cursor].rstrip()
                kept = kept[: kept.rfind(" ") + 1]
                self._text, self._cursor = kept + text[cursor:], len(kept)
            case "Left" | "C-b":
                self._cursor = max(0, cursor - 1)
            case "Right" | "C-f":
                self._cursor = min(len(text), cursor + 1)
            case "Home" | "C-a":
                self._cursor = 0
            case "End" | "C-e":
                self._cursor = len(text)
            case "Space":
                self._insert(" ")
            case _ if len(name) == 1:
                self._insert(name)

    def _insert(self, text: str) -> None:
        shown = _plain(text)[: ANSWER_CHARACTERS_MAX - len(self._text)]
        self._text = self._text[: self._cursor] + shown + self._text[self._cursor :]
        self._cursor += len(shown)

    def row(self, columns: int) -> tuple[bytes, int | None]:
        """Question and answer, scrolled so that the cursor is visible."""
        question = _plain(self._questions[len(self._answers)])
        room = max(1, columns - text_width(question) - 1)
        start = max(0, text_width(self._text[: self._cursor]) - room)
        shown = question + self._text[start:]
        column = text_width(question) + text_width(self._text[start : self._cursor])
        return line(shown, columns, MESSAGE_STYLE), min(column, columns - 1)


_PLACES: Final = re.compile(r"(%[%1-9])")
_QUOTES: Final = re.compile(r'(?<!\\)"')
_SPECIAL: Final = re.compile(r'[\\"$]')


def fill(template: str, answers: list[str]) -> str:
    """The template with `%1`…`%9` and the first `%%` replaced.

    Inside double quotes, an answer is escaped so that it stays one word. Elsewhere it is put in as it was typed: the
    template of `command-prompt` alone is `%1`, and its answer is a whole command.
    """
    unnamed = iter(answers)
    filled, quoted = "", False
    for part in _PLACES.split(template):
        number = part[1:]
        if part == "%%":
            answer = next(unnamed, part)
        elif part.startswith("%") and number.isdigit() and 0 < int(number) <= len(answers):
            answer = answers[int(number) - 1]
        else:
            filled += part
            quoted ^= len(_QUOTES.findall(part)) % 2 == 1
            continue
        filled += _SPECIAL.sub(r"\\\g<0>", answer) if quoted else answer
    return filled


class Page:
    """Rows over the panes: text to read, or rows to choose from."""

    def __init__(
        self,
        title: str,
        rows: tuple[tuple[str, str], ...],
        *,
        chooser: bool,
        preview: Preview | None = None,
        selected: int = 0,
    ) -> None:
        """`preview`: what is shown beside the list for the selected row."""
        self.title = title
        self._rows = rows
        self._preview = preview
        self._chooser = chooser
        self._selected = selected
        self._top = 0
        self._height = 1

    def key(self, item: Input) -> OverlayOutcome:
        """Move, choose, or close with q, Escape or C-c; Enter closes a text. Other keys do nothing."""
        if not isinstance(item, KeyPress):
            return STAYS
        name = item.name
        steps = {
            "Up": -1, "k": -1, "C-p": -1, "Down": 1, "j": 1, "C-n": 1,
            "PPage": -self._height, "NPage": self._height, "C-u": -self._height, "C-d": self._height,
            "M-v": -self._height, "C-v": self._height, "Space": self._height,
            "Home": -len(self._rows), "g": -len(self._rows), "End": len(self._rows), "G": len(self._rows),
        }  # fmt: skip
        if name in steps:
            self._move(steps[name])
            return STAYS
        if name in ("q", "Escape", "C-c") or (name == "Enter" and not self._chooser):
            return OverlayOutcome(closed=True)
        if not self._chooser:
            return STAYS  # further keys must not reach the program in the pane
        if name == "Enter" and self._rows:
            return OverlayOutcome(True, self._rows[self._selected][1])
        if name.isdigit() and len(name) == 1 and int(name) < len(self._rows):
            return OverlayOutcome(True, self._rows[int(name)][1])
        return STAYS

    def _move(self, by: int) -> None:
        last = max(0, len(self._rows) - 1)
        if self._chooser:
            self._selected = min(max(self._selected + by, 0), last)
        else:
            self._top = min(max(self._top + by, 0), max(0, last - self._height + 1))

    def rows(self, columns: int, height: int) -> list[bytes]:
        """The visible rows, with the preview beside or below them if there is one."""
        if self._preview is None:
            return self._listed(columns, height)
        return self._preview.with_list(self._selected, columns, height, self._listed)

    def _listed(self, columns: int, height: int) -> list[bytes]:
        self._height = max(1, height - (1 if self.title else 0))
        if self._chooser:
            self._top = min(self._top, self._selected)
            self._top = max(self._top, self._selected - self._height + 1)
        shown: list[bytes] = []
        if self.title:
            shown.append(line(_plain(self.title), columns, "bold"))
        for number in range(self._top, min(self._top + self._height, len(self._rows))):
            chosen = self._chooser and number == self._selected
            prefix = f"({number}) " if self._chooser else ""
            style = MESSAGE_STYLE if chosen else "default"
            shown.append(line(prefix + _plain(self._rows[number][0]), columns, style))
        return shown


def _plain(text: str) -> str:
    """`text` without control characters; style marks are shown as text and have no effect."""
    return "".join(c for c in text.replace("#[", "##[") if c.isprintable())
