"""A question in the status line: shown, edited, completed, answered. After tmux(1), `command-prompt`."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from fuguemux.server.overlays.completion import Names, completed
from fuguemux.server.overlays.outcome import STAYS, OverlayOutcome
from fuguemux.server.overlays.prompt_history import PromptHistory
from fuguemux.server.overlays.prompt_keys import PromptKeys
from fuguemux.server.overlays.prompt_line import PromptLine
from fuguemux.server.overlays.status_styles import StatusStyles
from fuguemux.terminal.key_reader import Input, KeyPress, Paste
from fuguemux.terminal.style import text_width, width
from fuguemux.terminal.styled_row import line

QUESTIONS_MAX: Final = 100


class PromptWorld(Protocol):
    """What a prompt asks of its surroundings."""

    history: PromptHistory

    def separators(self) -> str:
        """The option `word-separators`."""
        ...

    def vi(self) -> bool:
        """Whether the option `status-keys` is vi."""
        ...

    def top_buffer(self) -> str:
        """The newest paste buffer; empty if there is none."""
        ...

    def names(self) -> Names:
        """What a word may be completed to."""
        ...


class PromptStyle(NamedTuple):
    """How a prompt is answered. `single`: with one character; `key`: with the name of a key; `numeric`: with digits, and
    any other key ends it and keeps its effect; `incremental`: each change is an answer."""

    kind: str = "command"
    single: bool = False
    key: bool = False
    numeric: bool = False
    incremental: bool = False


PLAIN: Final = PromptStyle()


class PromptOverlay:
    """One or more questions. Belongs to the loop."""

    def __init__(
        self,
        questions: Sequence[str],
        initial: Sequence[str],
        world: PromptWorld,
        answered: Callable[[list[str]], str],
        how: PromptStyle = PLAIN,
        ended: Callable[[bool], None] = lambda _answered: None,
    ) -> None:
        """`answered` gets all answers, with `incremental` the text of the moment, and returns the command to run.
        `ended` is called when the prompt disappears, with whether it was answered."""
        self._questions = tuple(questions)[:QUESTIONS_MAX] or (":",)
        self._initial = tuple(initial)
        self._world = world
        self._answered = answered
        self._how = how
        self._ended = ended
        self._answers: list[str] = []
        self._keys = PromptKeys()
        self._begin()

    def _begin(self) -> None:
        number = len(self._answers)
        initial = self._initial[number] if number < len(self._initial) else ""
        self._last = initial if self._how.incremental else ""
        """What an incremental search begins with if C-r or C-s is pressed at once."""
        separators = self._world.separators()
        self._line = PromptLine("" if self._how.incremental else initial, separators)
        self._back = 0
        """How many answers of the history ago the text is from."""

    def key(self, item: Input) -> OverlayOutcome:
        """Edit, complete, answer or cancel."""
        if isinstance(item, Paste):
            self._line.insert(item.data.decode("utf-8", "replace"))
            return self._changed("=")
        if not isinstance(item, KeyPress):
            return STAYS
        name = item.name
        if self._how.key:
            return self._done(name)
        if self._how.numeric:
            if name.isdecimal() and len(name) == 1:
                self._line.insert(name)
                return STAYS
            return self._done(self._line.text)._replace(again=True)
        meaning = self._keys.meaning(name, vi=self._world.vi())
        if meaning in ("Enter", "C-j"):
            return self._entered()
        if meaning in ("Escape", "C-c", "C-g"):
            return self._close(answered=False)
        if meaning in ("C-r", "C-s") and self._how.incremental:
            if self._line.text:
                return self._changed("-" if meaning == "C-r" else "+")
            self._line.replace(self._last)
            return self._changed("=")
        character = " " if meaning == "Space" else meaning
        if len(character) == 1:
            self._line.insert(character)
            if self._how.single:
                text = self._line.text
                return self._done(text) if len(text) == 1 else self._close(answered=False)
            return self._changed("=")
        return self._changed("=") if self._edited(meaning) else STAYS

    def _edited(self, meaning: str) -> bool:
        """Carry out an editing key. Returns whether the text may have changed."""
        typed = self._line
        match meaning:
            case "BSpace" | "C-h":
                return typed.remove(typed.cursor - 1, typed.cursor)
            case "DC" | "C-d":
                return typed.remove(typed.cursor, typed.cursor + 1)
            case "C-u":
                typed.replace("")
            case "C-k":
                return typed.remove(typed.cursor, len(typed.text))
            case "C-w":
                typed.cut_word()
            case "C-y":
                pasted = typed.pasted(self._world.top_buffer())
                typed.insert(pasted)
                return bool(pasted)
            case "C-t":
                return typed.swap()
            case "Tab":
                return self._complete()
            case "Up" | "C-p" | "Down" | "C-n":
                return self._recalled(1 if meaning in ("Up", "C-p") else -1)
            case _:
                self._moved(meaning)
                return False
        return True

    def _moved(self, meaning: str) -> None:
        typed = self._line
        match meaning:
            case "Left" | "C-b":
                typed.cursor = max(0, typed.cursor - 1)
            case "Right" | "C-f":
                typed.cursor = min(len(typed.text), typed.cursor + 1)
            case "Home" | "C-a":
                typed.cursor = 0
            case "End" | "C-e":
                typed.cursor = len(typed.text)
            case "C-Right" | "M-f":
                typed.forward_word(typed.separators, vi=False)
            case "C-Left" | "M-b":
                typed.backward_word(typed.separators)
            case "vi-word":
                typed.forward_word(typed.separators, vi=True)
            case "vi-word-space":
                typed.forward_word("", vi=True)
            case "vi-end":
                typed.end_word(typed.separators)
            case "vi-end-space":
                typed.end_word("")
            case "vi-back-space":
                typed.backward_word("")

    def _recalled(self, step: int) -> bool:
        listed = self._world.history.listed(self._how.kind)
        back = self._back + step
        if not listed or back > len(listed):
            return False
        self._back = max(back, 0)
        self._line.replace(listed[-self._back] if self._back else "")
        return True

    def _complete(self) -> bool:
        begin, end = self._line.word()
        if end < begin:
            return False
        word = self._line.text[begin:end]
        found = completed(self._world.names(), self._how.kind, word, at_start=begin == 0)
        if found is None:
            return False
        self._line.remove(begin, end)
        self._line.cursor = begin
        self._line.insert(found)
        return True

    def _changed(self, prefix: str) -> OverlayOutcome:
        if not self._how.incremental:
            return STAYS
        return OverlayOutcome(command=self._answered([prefix + self._line.text]))

    def _entered(self) -> OverlayOutcome:
        text = self._line.text
        self._world.history.add(self._how.kind, text)
        if self._how.incremental:
            return self._close(answered=True)
        return self._done(text)

    def _done(self, text: str) -> OverlayOutcome:
        self._answers.append(text)
        if len(self._answers) < len(self._questions):
            self._begin()
            return STAYS
        command = self._answered(self._answers)
        return self._close(answered=True)._replace(command=command)

    def _close(self, *, answered: bool) -> OverlayOutcome:
        self._ended(answered)
        return OverlayOutcome(closed=True)

    def cancel(self) -> None:
        """The client is gone."""
        self._ended(False)

    def row(self, columns: int, styles: StatusStyles) -> tuple[bytes, int | None]:
        """Question and answer, scrolled so that the cursor is visible. Its cell is drawn in reverse, as in tmux."""
        question = _plain(self._questions[len(self._answers)]) if not self._is_over() else ""
        start = min(text_width(question), columns)
        left = columns - start
        typed = self._line
        cursor = text_width(typed.text[: typed.cursor])
        offset = cursor - left + 1 if cursor >= left else 0
        style = styles.command if self._keys.commands else styles.message
        before = _between(typed.text[: typed.cursor], offset)
        at, after = typed.text[typed.cursor : typed.cursor + 1], typed.text[typed.cursor + 1 :]
        turned = "noreverse" if "reverse" in style else "reverse"
        cell = f"#[{turned}]{_marked(at) or ' '}#[default]"
        shown = f"{question}{_marked(before)}{cell}{_marked(after)}"
        return line(shown, columns, style), min(start + cursor - offset, columns - 1)

    def _is_over(self) -> bool:
        return len(self._answers) >= len(self._questions)


def _between(text: str, columns: int) -> str:
    """The text without its first columns."""
    for at, character in enumerate(text):
        if columns <= 0:
            return text[at:]
        columns -= width(character)
    return ""


def _marked(text: str) -> str:
    return text.replace("#[", "##[")


def _plain(text: str) -> str:
    return "".join(c for c in _marked(text) if c.isprintable())
