"""Tests prompts: what each key does to the text, how a prompt is answered, its history, and its completion."""

import pytest

from fuguemux.server.overlays.completion import Names, completed
from fuguemux.server.overlays.prompt import PLAIN, PromptOverlay, PromptStyle
from fuguemux.server.overlays.prompt_history import PromptHistory
from fuguemux.server.overlays.status_styles import StatusStyles
from fuguemux.terminal.ghostty.rewrap import plain
from fuguemux.terminal.key_reader import KeyPress, Paste

NAMES = Names(
    ("new-session", "new", "new-window", "neww", "set-window-option", "setw"),
    ("status-keys", "status-left", "mode-keys"),
    [("alpha", "$0"), ("alto", "$1")],
    {"alpha": [(0, "sh"), (1, "vi")], "alto": [(5, "top")]},
    "alpha",
)
STYLES = StatusStyles("bg=yellow,fg=black", "bg=black,fg=yellow")


class World:
    def __init__(self, *, vi: bool = False, buffer: str = "") -> None:
        self.history = PromptHistory(lambda: 3)
        self._vi, self._buffer = vi, buffer
        self.said: list[list[str]] = []
        self.ended: list[bool] = []

    def separators(self) -> str:
        return "-/."

    def vi(self) -> bool:
        return self._vi

    def top_buffer(self) -> str:
        return self._buffer

    def names(self) -> Names:
        return NAMES

    def answered(self, answers: list[str]) -> str:
        self.said.append(list(answers))
        return f"say {answers[-1]}"

    def prompt(self, how: PromptStyle = PLAIN, *initial: str, questions: int = 1) -> PromptOverlay:
        asked = [":" for _ in range(questions)]
        return PromptOverlay(asked, initial, self, self.answered, how, self.ended.append)


def press(prompt: PromptOverlay, *keys: str) -> None:
    for key in keys:
        prompt.key(KeyPress(key, b""))


def text(prompt: PromptOverlay) -> tuple[str, int | None]:
    row, column = prompt.row(40, STYLES)
    return plain(row).decode().rstrip()[1:], None if column is None else column - 1


@pytest.mark.parametrize(
    ("initial", "keys", "expected", "cursor"),
    [
        ("", "a b Space c", "ab c", 4),
        ("abc", "BSpace C-h", "a", 1),
        ("abc", "C-a DC C-d", "c", 0),
        ("abc", "Left C-k", "ab", 2),
        ("abc", "C-b C-b C-f x", "abxc", 3),
        ("abc", "C-u z", "z", 1),
        ("abc", "Home Right End Left C-t", "acb", 3),
        ("one two", "C-w", "one ", 4),
        ("one a-b", "C-w C-y C-y", "one a-bb", 8),
        ("one a-b", "M-b x", "one a-xb", 7),
        ("one a-b", "C-a M-f x", "onex a-b", 4),
        ("one a-b", "C-a C-Right C-Right x", "one ax-b", 6),
        ("one a-b", "C-Left C-Left C-Left C-Left x", "xone a-b", 1),
        ("a", "F1 C-x M-z", "a", 1),
    ],
)
def test_emacs_keys(initial: str, keys: str, expected: str, cursor: int) -> None:
    prompt = World().prompt(PLAIN, initial)
    press(prompt, *keys.split())
    assert text(prompt) == (expected.rstrip(), cursor)


@pytest.mark.parametrize(
    ("initial", "keys", "expected", "cursor"),
    [
        ("abc", "Escape 0 x", "bc", 0),
        ("abc", "Escape h h i z", "azbc", 2),
        ("one two", "Escape 0 w x", "one wo", 4),
        ("one two", "Escape 0 e x", "on two", 2),
        ("one-a two", "Escape 0 W x", "one-a wo", 6),
        ("one-a two", "Escape 0 E x", "one- two", 4),
        ("one-a two", "Escape b b b x", "onea two", 3),
        ("one-a two", "Escape B B x", "ne-a two", 0),
        ("abc", "Escape I z", "zabc", 1),
        ("abc", "Escape 0 A z", "abcz", 4),
        ("abc", "Escape 0 a z", "azbc", 2),
        ("abc", "Escape 0 l D", "a", 1),
        ("abc", "Escape 0 C z", "z", 1),
        ("abc", "Escape S z", "z", 1),
        ("abc", "Escape 0 s z", "zbc", 1),
        ("abc", "Escape d", "", 0),
        ("abc", "Escape X y", "ab", 2),
        ("abc", "Escape BSpace $ Escape z", "abcz", 4),
        ("abc", "z Escape Escape y", "abczy", 5),
    ],
)
def test_vi_keys(initial: str, keys: str, expected: str, cursor: int) -> None:
    prompt = World(vi=True).prompt(PLAIN, initial)
    press(prompt, *keys.split())
    assert text(prompt) == (expected, cursor)


def test_vi_shows_its_command_mode_by_another_style() -> None:
    prompt = World(vi=True).prompt(PLAIN, "abc")
    assert b"43" in prompt.row(20, STYLES)[0]
    press(prompt, "Escape")
    assert b"43" not in prompt.row(20, STYLES)[0]
    assert prompt.key(KeyPress("q", b"q")).closed


def test_the_answers_of_several_questions_come_together() -> None:
    here = World()
    prompt = here.prompt(PLAIN, "x", "y", questions=2)
    press(prompt, "1", "Enter")
    assert here.ended == []
    outcome = prompt.key(KeyPress("Enter", b"\r"))
    assert outcome.closed
    assert outcome.command == "say y"
    assert here.said == [["x1", "y"]]
    assert here.ended == [True]


def test_escape_cancels() -> None:
    here = World()
    assert here.prompt().key(KeyPress("Escape", b"\x1b")).closed
    assert here.said == []
    assert here.ended == [False]


def test_one_character_or_one_key_is_an_answer() -> None:
    here = World()
    assert here.prompt(PromptStyle(single=True)).key(KeyPress("y", b"y")).command == "say y"
    assert here.prompt(PromptStyle(key=True)).key(KeyPress("C-Up", b"")).command == "say C-Up"
    kept = here.prompt(PromptStyle(single=True))
    assert not kept.key(KeyPress("Left", b"")).closed


def test_digits_end_at_another_key_which_keeps_its_effect() -> None:
    here = World()
    prompt = here.prompt(PromptStyle(numeric=True), "1")
    press(prompt, "2")
    outcome = prompt.key(KeyPress("j", b"j"))
    assert (outcome.command, outcome.closed, outcome.again) == ("say 12", True, True)


def test_each_change_is_an_answer_to_an_incremental_prompt() -> None:
    here = World()
    prompt = here.prompt(PromptStyle("search", incremental=True), "old")
    press(prompt, "C-r", "C-r", "C-s", "C-u", "a", "Left", "BSpace")
    assert [each[0] for each in here.said] == ["=old", "-old", "+old", "=", "=a"]
    assert prompt.key(KeyPress("Enter", b"\r")).closed
    assert here.history.listed("search") == ("a",)


def test_the_history_is_walked_through_and_is_limited() -> None:
    here = World()
    for answer in ("zero", "one", "two", "two", "three"):
        prompt = here.prompt(PLAIN, answer)
        press(prompt, "Enter")
    assert here.history.listed("command") == ("one", "two", "three")
    prompt = here.prompt()
    press(prompt, "Up", "C-p")
    assert text(prompt)[0] == "two"
    press(prompt, "Up", "Up")
    assert text(prompt)[0] == "one"
    press(prompt, "Down", "C-n")
    assert text(prompt)[0] == "three"
    press(prompt, "Down", "Down")
    assert text(prompt)[0] == ""


def test_a_history_file_has_a_type_in_each_line() -> None:
    history = PromptHistory(lambda: 10)
    history.load(b"command:ls\nsearch:x:y\nold line\n\n")
    history.add("command", "new")
    assert history.listed("command") == ("ls", "old line", "new")
    assert history.text() == b"command:ls\ncommand:old line\ncommand:new\nsearch:x:y\n"
    history.clear("command")
    assert history.listed("command") == ()
    history.clear()
    assert history.text() == b""


def test_a_paste_is_inserted_without_control_characters() -> None:
    prompt = World().prompt()
    prompt.key(Paste(b"a\x1bb\n", b""))
    assert text(prompt) == ("ab", 2)
    pasting = World(buffer="top\nrest").prompt()
    press(pasting, "C-y")
    assert text(pasting)[0] == "top"


def test_a_long_answer_scrolls_with_its_cursor() -> None:
    prompt = World().prompt(PLAIN, "0123456789")
    row, column = prompt.row(8, STYLES)
    assert (plain(row).decode(), column) == (":456789 ", 7)
    press(prompt, "Home")
    assert (plain(prompt.row(8, STYLES)[0]).decode(), prompt.row(8, STYLES)[1]) == (":0123456", 1)


@pytest.mark.parametrize(
    ("kind", "word", "at_start", "expected"),
    [
        ("command", "new-w", True, "new-window "),
        ("command", "ne", True, "new"),
        ("command", "new", True, None),
        ("command", "", True, None),
        ("command", "zzz", True, None),
        ("command", "status-k", True, None),
        ("command", "status-k", False, "status-keys "),
        ("command", "stat", False, "status-"),
        ("command", "even-h", False, "even-horizontal "),
        ("command", "-tal", False, "-tal"),
        ("command", "-talp", False, "-talpha:"),
        ("command", "-talto:", False, "-talto:5"),
        ("command", "-t$1", False, "-t$1:"),
        ("command", "-talpha:1.", False, None),
        ("target", "alt", True, "alto:"),
        ("window-target", "v", True, "1"),
        ("window-target", "1", True, None),
        ("search", "new-w", True, None),
    ],
)
def test_a_word_is_completed_as_far_as_it_is_clear(
    kind: str, word: str, at_start: bool, expected: str | None
) -> None:
    found = completed(NAMES, kind, word, at_start=at_start)
    assert found == (None if expected == word else expected)


def test_tab_completes_the_word_at_the_cursor() -> None:
    prompt = World().prompt(PLAIN, "set-w mode-k")
    press(prompt, "Tab")
    assert text(prompt) == ("set-w mode-keys", 16)
    press(prompt, "Home", "Right", "Tab")
    assert text(prompt)[0] == "set-window-option  mode-keys"
