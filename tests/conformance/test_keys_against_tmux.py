"""Lists the default key tables of a real tmux and a real fugue, and compares them byte for byte."""

import shutil
from pathlib import Path

import pytest

from tests.support.tmux_pair import Pair

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
LISTS = (
    "", "-N", "-Na", "-T root", "-T prefix", "-T copy-mode", "-T copy-mode-vi", "-N -T root",
    "-Na -T copy-mode", "-N -T prefix", "-1N c", "-1Na <", "-N C-z", "-1 c", "-T copy-mode F", "-Na -P xx",
    "-N -P xx -T prefix", "-N zz", "-T nothing",
)  # fmt: skip
OWN = (
    *("recovery choose", "recovery view", "panes of the last recovery", "last screen of the"),
    *(
        "new-pane",
        "break-pane -W",
        "-T move",
        "move-pane",
        "New floating",
        "Toggle pane",
        "Move a floating",
    ),
)
"""What the lines of fugue's own keys contain, and of those of floating panes."""


def test_the_tables_are_equal(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    pair.both("new-session", "-d", "-s", "main", "sleep 1000")
    try:
        for words in LISTS:
            theirs, ours = pair.both("list-keys", *words.split())
            mine = "".join(
                line
                for line in ours[1].splitlines(keepends=True)
                if not any(own in line for own in OWN)
            )
            assert (ours[0], mine, ours[2]) == theirs, words
    finally:
        pair.end()
