"""Runs `send-keys -X` with a real tmux and a real fugue, and compares the scroll position, the cursor and the copied
text."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tmux_pair import Pair, Shows

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
WHERE = (
    "display-message", "-p", "-t", "main",
    "#{pane_in_mode} #{scroll_position} #{copy_cursor_x},#{copy_cursor_y} [#{copy_cursor_line}] "
    "#{selection_present}",
)  # fmt: skip
TEXT = (
    "i=1; while [ $i -le 100 ]; do echo line $i of-some words here; i=$((i+1)); done; "
    "printf '  indented (text)\\n\\nnew paragraph needle\\nNeedle two %0100d end\\nlast'; exec sleep 1000"
)
COMMANDS: dict[str, list[str]] = {
    "moving": [
        "start-of-line", "cursor-up", "cursor-up", "cursor-up", "cursor-up", "cursor-right", "cursor-right",
        "cursor-left", "end-of-line", "cursor-up", "cursor-down", "back-to-indentation",
        "top-line", "middle-line", "bottom-line",
    ],
    "pages": [
        "page-up", "page-up", "halfpage-up", "scroll-up", "scroll-up", "page-down", "scroll-down",
        "halfpage-down", "history-top", "cursor-down", "page-up", "history-bottom", "page-down",
        "goto-line 30", "goto-line 7", "page-down", "page-down",
    ],
    "words": [
        "history-top", "next-word", "next-word", "next-word", "next-word-end", "next-space",
        "next-space-end", "previous-word", "previous-word", "previous-space", "next-word",
        "next-word", "next-word", "next-word", "next-word", "next-word",
    ],
    "searching": [
        "search-backward line.5.of", "search-again", "search-reverse", "search-forward needle",
        "search-again", "search-again", "search-backward-text of-some", "history-top",
        "search-forward-text line", "search-again", "search-forward l[i]ne.[78]0", "search-again",
        "search-again", "search-reverse",
    ],
    "selecting": [
        "history-top", "cursor-down", "next-word", "begin-selection", "next-word", "cursor-down",
        "other-end", "copy-selection", "begin-selection", "cursor-down", "end-of-line",
        "copy-selection-and-cancel",
    ],
    "lines": [
        "search-backward two", "select-line", "copy-selection", "history-top", "select-line",
        "cursor-down", "copy-selection-no-clear", "clear-selection", "cancel",
    ],
    "rectangles": [
        "history-top", "cursor-right", "cursor-right", "begin-selection", "rectangle-toggle",
        "cursor-down", "cursor-down", "cursor-right", "cursor-right", "copy-selection-and-cancel",
    ],
    "jumping": [
        "history-top", "jump-forward o", "jump-to-forward s", "jump-backward i",
        "jump-to-backward l", "jump-forward q", "next-paragraph", "previous-paragraph",
    ],
}  # fmt: skip


def without_indicator(answer: tuple[int, str, str]) -> str:
    """tmux takes the position that it writes over the first row for text of it."""
    return re.sub(
        r"(?: +\(\d+ results?\))? *\[\d+/\d+\](?=\])| +\(\d+ results?\)(?=\])", "", answer[1]
    )


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    made.both("new-session", "-d", "-s", "main", "-x", "60", "-y", "24", TEXT)
    made.wait(Shows("main", "last"))
    yield made
    made.end()


@pytest.mark.parametrize("keys", ["emacs", "vi"])
@pytest.mark.parametrize("name", COMMANDS)
def test_both_go_to_the_same_place(pair: Pair, name: str, keys: str) -> None:
    pair.both("set-option", "-g", "mode-keys", keys)
    pair.both("copy-mode", "-t", "main")
    done: list[str] = []
    for command in COMMANDS[name]:
        done.append(command)
        theirs, ours = pair.both("send-keys", "-X", "-t", "main", *command.split(" ", 1))
        assert ours == theirs, done
        where, here = map(without_indicator, pair.both(*WHERE))
        assert here == where, done
    theirs, ours = pair.both("list-buffers", "-F", "#{buffer_size}")
    assert ours == theirs, done
    if ours[1]:
        theirs, ours = pair.both("show-buffer")
        assert ours == theirs, done
