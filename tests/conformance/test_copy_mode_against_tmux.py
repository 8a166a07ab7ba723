"""Runs `send-keys -X` with a real tmux and a real fugue, and compares the scroll position, the cursor and the copied
text."""

import random
import re
import shutil
from collections.abc import Iterator

import pytest

from tests.support.tmux_pair import Pair, Shows

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
WHERE = (
    "display-message", "-p", "-t", "main",
    "#{pane_in_mode} #{scroll_position} #{copy_cursor_x},#{copy_cursor_y} [#{copy_cursor_line}] "
    "#{selection_present}#{selection_active}#{rectangle_toggle} [#{copy_cursor_word}] "
    "#{selection_start_x},#{selection_start_y} #{selection_end_x},#{selection_end_y} #{search_present} [#{search_match}]",
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
    "jumping again": [
        "history-top", "jump-forward o", "jump-again", "jump-reverse", "2 jump-again", "start-of-line",
        "jump-to-forward s", "jump-again", "jump-reverse", "end-of-line", "jump-backward e", "jump-again", "jump-reverse",
        "end-of-line", "jump-to-backward e", "jump-again", "jump-reverse",
    ],
    "marks": [
        "cursor-up", "set-mark", "history-top", "jump-to-mark", "jump-to-mark", "cursor-down", "set-mark", "page-down",
        "jump-to-mark", "jump-to-mark", "history-bottom", "jump-to-mark",
    ],
    "brackets": [
        "history-bottom", "search-backward-text (text", "next-matching-bracket", "previous-matching-bracket",
        "next-matching-bracket", "cursor-left", "next-matching-bracket", "start-of-line", "next-matching-bracket",
        "previous-matching-bracket", "end-of-line", "previous-matching-bracket",
    ],
    "counts": [
        "5 cursor-up", "3 cursor-left", "2 page-up", "4 next-word", "2 previous-word", "3 scroll-up", "2 halfpage-down",
        "history-top", "3 next-space-end", "2 end-of-line", "2 next-paragraph", "2 cursor-down",
    ],
    "ends of lines": [
        "history-top", "3 cursor-right", "copy-end-of-line", "2 copy-end-of-line", "copy-line", "2 copy-line",
        "cursor-down", "copy-pipe-end-of-line", "copy-pipe-line", "cursor-down", "next-word", "copy-pipe-end-of-line-and-cancel",
    ],
    "pipes": [
        "history-top", "begin-selection", "2 next-word", "pipe-no-clear true", "copy-pipe-no-clear true",
        "cursor-down", "copy-pipe", "begin-selection", "cursor-right", "copy-selection mine", "begin-selection",
        "cursor-down", "pipe-and-cancel true",
    ],
    "appending": [
        "history-top", "begin-selection", "next-word", "append-selection", "begin-selection", "next-word",
        "append-selection", "begin-selection", "cursor-down", "append-selection-and-cancel",
    ],
    "stopping": [
        "history-top", "begin-selection", "next-word", "stop-selection", "cursor-down", "cursor-down", "copy-selection-no-clear",
        "rectangle-on", "rectangle-off", "rectangle-toggle", "clear-selection",
    ],
    "typing a search": [
        "search-backward-incremental =l", "search-backward-incremental =line.9", "search-backward-incremental =line 9",
        "search-backward-incremental -line 9", "search-backward-incremental +line 9", "search-backward-incremental =",
        "cursor-up", "search-forward-incremental =ne", "search-forward-incremental =needle",
    ],
    "matches": [
        "search-backward words", "copy-selection", "cursor-up", "search-again", "rectangle-toggle", "search-again",
        "toggle-position", "2 search-again", "begin-selection", "cursor-up", "copy-selection",
    ],
    "one word": [
        "history-top", "cursor-down", "next-word", "select-word", "copy-selection-no-clear", "clear-selection",
        "next-space", "cursor-right", "select-word", "copy-selection", "end-of-line", "select-word", "copy-selection",
    ],
    "refreshing": ["10 scroll-up", "refresh-from-pane", "cursor-down", "history-top", "refresh-from-pane"],
}  # fmt: skip


def without_indicator(answer: tuple[int, str, str]) -> str:
    """tmux takes the position that it writes over the first row for text of it."""
    return re.sub(
        r"(?: +\(\d+ results?\))? *\[\d+/\d+\](?=\])| +\(\d+ results?\)(?=\])", "", answer[1]
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("copy"))
    made.both("new-session", "-d", "-s", "main", "-x", "60", "-y", "24", TEXT)
    made.both("set-option", "-g", "copy-command", f"cat >>{made.fugue.directory.parent}/piped")
    made.wait(Shows("main", "last"))
    yield made
    made.end()


def begun(pair: Pair, keys: str) -> None:
    pair.both("copy-mode", "-q", "-t", "main")
    pair.both("set-option", "-g", "mode-keys", keys)
    while pair.both("delete-buffer")[0][0] == 0:
        pass
    pair.both("copy-mode", "-t", "main")


def alike(pair: Pair, commands: list[str]) -> None:
    """Run copy mode commands in both, and compare where each one leads."""
    done: list[str] = []
    for command in commands:
        done.append(command)
        words = command.split(" ", 1)
        if words[0].isdigit():
            words = ["-N", words[0], *words[1].split(" ", 1)]
        theirs, ours = pair.both("send-keys", "-X", "-t", "main", *words)
        if not (command.startswith("search") and "not found" in ours[2]):
            assert ours == theirs, done
        where, here = map(without_indicator, pair.both(*WHERE))
        assert here == where, done[-5:]
    theirs, ours = pair.both("list-buffers", "-F", "#{buffer_name} #{buffer_size}")
    assert len(ours[1].splitlines()) == len(theirs[1].splitlines()), done
    if ours[1]:
        theirs, ours = pair.both("show-buffer")
        assert ours == theirs, done


@pytest.mark.parametrize("keys", ["emacs", "vi"])
@pytest.mark.parametrize("name", COMMANDS)
def test_both_go_to_the_same_place(pair: Pair, name: str, keys: str) -> None:
    begun(pair, keys)
    alike(pair, COMMANDS[name])


MOTIONS = (
    "cursor-left", "cursor-right", "cursor-up", "cursor-down", "start-of-line", "end-of-line", "back-to-indentation",
    "next-word", "next-word-end", "next-space", "next-space-end", "previous-word", "previous-space",
    "previous-paragraph", "top-line", "middle-line", "bottom-line", "page-up", "page-down", "halfpage-up", "halfpage-down",
    "scroll-up", "scroll-down", "history-top", "jump-forward o", "jump-backward e",
    "jump-to-forward s", "jump-to-backward n", "jump-again", "jump-reverse", "set-mark", "begin-selection",
    "clear-selection", "other-end", "rectangle-toggle", "copy-selection-no-clear",
    "next-matching-bracket", "previous-matching-bracket", "stop-selection", "2 cursor-up", "3 cursor-down", "2 next-word",
)  # fmt: skip
SEQUENCES = 4
STEPS = 12


@pytest.mark.parametrize("keys", ["emacs", "vi"])
def test_generated_sequences_go_to_the_same_place(pair: Pair, keys: str) -> None:
    chosen = random.Random(f"copy mode {keys}")
    for _ in range(SEQUENCES):
        begun(pair, keys)
        alike(pair, ["2 page-up", "set-mark"])
        alike(pair, chosen.choices(MOTIONS, k=STEPS))
