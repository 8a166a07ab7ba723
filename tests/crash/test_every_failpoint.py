"""SIGKILL at every failpoint of the server. The cases come from the table of failpoints, so that a new one is tested
at once.

A script of changes and output runs until the failpoint is reached and the server is killed there. The keeper starts
the next server. It must have everything that was acknowledged, processes and text included, and the change in
progress either wholly or not at all. Then everything is killed, and it must come back once more.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fuguemux.observe.failpoints import NAMES
from tests.support.failpoint_run import Reaper, reaped
from tests.support.running import Running, kill, until

SHAPE = (
    "#{session_name} #{session_id} #{window_index} #{window_id} #{window_name} #{window_layout} #{window_active}"
    " #{window_zoomed_flag} #{pane_id} #{pane_index} #{pane_active} #{pane_width}x#{pane_height} #{pane_title}"
)
LOG_LINES = 4_000
KEYS_SECONDS = 30.0
"""How long typed commands may take to bring the server to the place; only the points that they are meant for are reached."""
SEGMENT_OVERFLOW = "for i in $(seq 40); do head -c 49152 /dev/urandom | base64 -w 72; done"

Step = tuple[str, Callable[[Running], subprocess.CompletedProcess[str]]]


def command(*argv: str) -> Step:
    return " ".join(argv), lambda fugue: fugue.run(*argv)


def kill_the_server(fugue: Running) -> subprocess.CompletedProcess[str]:
    pid = fugue.server_pid()
    kill(pid)
    return fugue.run("list-sessions")


SCRIPT: list[Step] = [
    command("new-window", "-d", "-t", "work:5", "-n", "fifth", "cat"),
    command("split-window", "-d", "-t", "work:0", "-l", "9", "cat"),
    command("rename-window", "-t", "work:0", "renamed"),
    command("resize-pane", "-t", "work:0.0", "-Z"),
    command("send-keys", "-t", "work:short", "exit", "Enter"),
    command("search", "-t", "work:numbers", "1000"),
    command("checkpoint"),
    command("send-keys", "-t", "work:noise", SEGMENT_OVERFLOW, "Enter"),
    ("SIGKILL", kill_the_server),
    command("restart-server"),
]
FIRST_STEP = {
    "pane.end_logged": 4,
    "search": 5,
    "checkpoint": 6,
    "log": 7,
    "output.read_ahead": 7,
    "recovery": 8,
    "keeper": 8,
    "restart": 9,
}
"""Where the script begins for points that nothing before it can reach."""
ELSEWHERE = {
    "recovery.last_screen_kept": "test_last_screens.py",
    "log.before_deferred": "test_slow_log.py",
    "log.deferred_written": "test_slow_log.py",
    "output.held": "test_slow_log.py",
    "capture.text": "test_capture_history.py",
    "source.parsing": "test_long_files.py",
    "history.holding": "test_files_beside_the_loop.py",
    "source.reading": "test_files_beside_the_loop.py",
    "report.reading": "test_files_beside_the_loop.py",
    "last_screen.reading": "test_files_beside_the_loop.py",
    "configuration.reading": "test_files_beside_the_loop.py",
    "status_line.composing": "test_watchdog.py",
    "list.piece": "test_fair_commands.py",
}
"""Points that only a start without the processes of before comes to, or a server whose disk is slow, or that write nothing."""


def shape(fugue: Running) -> list[str]:
    lines = fugue("list-panes", "-a", "-F", SHAPE).splitlines()
    # The window of `exit` closes when it likes, before or after the kill.
    return [line for line in lines if " short " not in line]


def begin(fugue: Running) -> None:
    fugue.config.write_text("[persistence]\nwal_segment_mb = 1\n")
    numbers = f"seq 1 {LOG_LINES}; echo all; exec cat"
    words = "new-session -d -s work -x 100 -y 30 ; new-window -d -n short ; new-window -d -n noise ; new-window -d -n numbers"
    fugue(*words.split(), numbers)
    fugue.wait_for("all", "work:numbers")
    fugue.wait_for("$", "work:short")


def run_script(fugue: Running, reaper: Reaper, name: str) -> None:
    """Up to the step during which the server dies; that one is done wholly or not at all, all before it are there."""
    first = FIRST_STEP.get(name, FIRST_STEP.get(name.partition(".")[0], 0))
    before = shape(fugue)
    reaper.arm()
    for words, step in SCRIPT[first:]:
        done = step(fugue)
        if words.startswith("send-keys") or done.returncode != 0:
            reaper.killed.wait(KEYS_SECONDS)
        if reaper.killed.is_set():
            fugue.wait_for_server()
            assert_whole(words, before, shape(fugue), acknowledged=done.returncode == 0)
            return
        assert done.returncode == 0, (words, done.stderr)
        before = shape(fugue)


def assert_whole(words: str, before: list[str], after: list[str], *, acknowledged: bool) -> None:
    """A step that was under way when the server died."""
    if not words.startswith(("new-window", "split-window", "rename-window", "resize-pane")):
        assert after == before, words
        return
    assert not acknowledged or after != before, f"{words} was acknowledged and is gone"
    panes = {line.split()[8] for line in before}
    assert panes <= {line.split()[8] for line in after}, f"{words}: panes are gone"


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ELSEWHERE])
def test_sigkill_there_loses_nothing(tmp_path: Path, name: str) -> None:
    with reaped(tmp_path, name) as (fugue, reaper):
        begin(fugue)
        pids = fugue.pane_pids()
        run_script(fugue, reaper, name)
        assert reaper.killed.wait(KEYS_SECONDS), f"the script never comes to {name}"
        fugue.wait_for_server()
        before = shape(fugue)
        assert pids[0] in fugue.pane_pids()
        expected = [str(n) for n in range(1, LOG_LINES + 1)]
        assert fugue.history("work:numbers").splitlines()[:LOG_LINES] == expected
        fugue("send-keys", "-t", "work:numbers", "typed on", "Enter")
        until("echo", lambda: fugue.history("work:numbers").count("typed on") == 2)
        fugue.kill_everything()
        fugue("list-sessions")
        assert shape(fugue) == before
        lines = fugue.history("work:numbers").splitlines()
        assert lines[:LOG_LINES] == expected
        assert lines.count("typed on") == 2
