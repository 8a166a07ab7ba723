"""If fugue is called as tmux, its messages about flags before the command, and its exit codes, are exactly those of
tmux."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.running import PROGRAM, Running

TMUX = shutil.which("tmux")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["--version"], ["-Z"], ["-L"], ["-V"]])
def test_flags_are_answered_as_tmux_does(words: list[str], tmp_path: Path) -> None:
    ours = tmp_path / "tmux"
    os.symlink(PROGRAM, ours)
    environment = Running(tmp_path / "place").environment

    def answer(program: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [program, *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    assert answer(str(ours)) == answer(str(TMUX))
