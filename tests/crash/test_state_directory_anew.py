"""The state directory of a running server, or a part of it, is removed: the server saves everything again."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.failpoint_listener import FailpointListener
from tests.support.faults import require, unmount
from tests.support.running import Running, kill, until

pytestmark = pytest.mark.real

NOT_DURABLE = "not on disk yet"
LINES = 3000
"""More than one block of the scrollback holds, so that some of it is in packs alone."""


def durability(fugue: Running) -> str:
    return str(json.loads(fugue("status", "--json"))["status"]["durability"])


def becomes(fugue: Running, wanted: str) -> None:
    until(f"durability {wanted}", lambda: durability(fugue) == wanted)


def windows(fugue: Running) -> list[str]:
    return fugue("list-windows", "-t", "work", "-F", "#{window_name}").splitlines()


def remove(directory: Path) -> None:
    """As rm -rf does, while the server writes into it."""
    aside = directory.with_name(f"{directory.name}.removed")
    directory.rename(aside)

    def gone() -> bool:
        shutil.rmtree(aside, ignore_errors=True)
        return not aside.exists()

    until("end of the directory", gone)


def make_history(fugue: Running) -> None:
    """A session with much history, a save and a closed session, all in packs."""
    new = ["new-session", "-d", "-s", "work", "-n", "first", "-x", "80", "-y", "10", ";"]
    long = ["set-option", "-g", "history-limit", "100000", ";"]
    show = ["send-keys", "-t", "work", f"seq 1 {LINES}; echo de''ep", "Enter"]
    fugue("new-session", "-d", "-s", "closed", "-n", "before", "cat")
    fugue(*new, "kill-session", "-t", "closed", ";", *long, *show)
    fugue.wait_for("deep", "work")
    fugue("state", "save", "mine")


def numbers(fugue: Running) -> int:
    return sum(line.isdigit() for line in fugue.history("work:first").splitlines())


def assert_all_comes_back(
    fugue: Running, *names: str, save: bool = True, closed: bool = True, told: str = ""
) -> None:
    """After the death of everything, and nothing was missed by the log. Whether the save and the closed session are there.

    `told`: what `state verify` and the start say that is damaged.
    """
    fugue("send-keys", "-t", "work:first", "echo la''te", "Enter")
    fugue.wait_for("late", "work:first")
    verified = fugue.run("state", "verify").stdout
    assert verified.splitlines()[-1] == ("damage found" if told else "clean")
    assert told in verified
    fugue.kill_everything()
    assert windows(fugue) == list(names)
    assert numbers(fugue) == LINES
    assert "late" in fugue.history("work:first")
    assert (told or "Output and changes: complete") in fugue("recovery", "-v")
    kept = fugue("state", "list")
    assert ("mine" in kept, "closed-closed" in kept) == (save, closed)


@pytest.fixture
def away(fugue: Running) -> Path:
    make_history(fugue)
    return fugue.state.with_name("away")


def test_state_here_saves_everything_where_the_directory_was(fugue: Running, away: Path) -> None:
    fugue.kill_server()
    fugue.state.rename(away)
    assert NOT_DURABLE in fugue.run("new-window", "-d", "-n", "second", "-t", "work:").stderr
    said = fugue("state", "here")
    (report,) = (away / "recoveries").iterdir()
    assert [path.name for path in (fugue.state / "recoveries").iterdir()] == [report.name]
    assert said == f"everything is saved in {fugue.state} again: 2 panes"
    assert durability(fugue) == "ok"
    assert fugue("new-window", "-d", "-n", "third", "-t", "work:") == ""
    before = {path: path.stat().st_mtime_ns for path in away.rglob("*")}
    assert_all_comes_back(fugue, "first", "second", "third")
    assert fugue("restore-session", "closed").startswith("session closed of ")
    assert {path: path.stat().st_mtime_ns for path in away.rglob("*")} == before
    assert "is in its place" in fugue("state", "here")


def test_state_here_when_it_was_removed_says_what_is_gone(fugue: Running, away: Path) -> None:
    remove(fugue.state)
    becomes(fugue, "lost")
    fugue.run("new-window", "-d", "-n", "second", "-t", "work:")
    first, *rest = fugue("state", "here").splitlines()
    assert first == f"everything is saved in {fugue.state} again: 2 panes"
    assert {line.partition("closed-closed-")[0] for line in rest} <= {
        "could not be read any more: what was saved as mine",
        "could not be read any more: what was saved as ",
    }
    gone = "\n".join(rest)
    assert "closed-closed" in gone
    # Files that somebody has open can still be read.
    assert_all_comes_back(fugue, "first", "second", save="as mine" not in gone, closed=False)


def test_state_here_leaves_another_state_alone(fugue: Running, away: Path) -> None:
    shutil.copytree(fugue.state, away)
    fugue("new-window", "-d", "-n", "second", "-t", "work:")
    mine = fugue.state.with_name("mine")
    fugue.state.rename(mine)
    away.rename(fugue.state)  # an older copy of the same state: somebody's backup
    becomes(fugue, "lost")
    before = {path: path.stat().st_mtime_ns for path in fugue.state.rglob("*")}
    said = fugue.refused("state", "here")
    assert "nothing in it was touched" in said
    assert "move that one away" in said
    assert {path: path.stat().st_mtime_ns for path in fugue.state.rglob("*")} == before
    fugue.state.rename(away)
    fugue("state", "here")
    assert_all_comes_back(fugue, "first", "second")


def test_a_copy_that_lacks_nothing_is_gone_on_with(fugue: Running, away: Path) -> None:
    """As `mv` to another file system makes it, and another one back."""
    shutil.copytree(fugue.state, away)
    remove(fugue.state)
    becomes(fugue, "lost")
    fugue.run("new-window", "-d", "-n", "second", "-t", "work:")
    shutil.copytree(away, fugue.state.with_name("back"))
    fugue.state.with_name("back").rename(fugue.state)
    becomes(fugue, "ok")
    assert_all_comes_back(fugue, "first", "second")


@pytest.mark.parametrize("part", ["wal", "checkpoints"])
def test_a_part_that_was_removed_is_made_anew_by_itself(
    fugue: Running, away: Path, part: str
) -> None:
    remove(fugue.state / part)
    fugue.run("new-window", "-d", "-n", "second", "-t", "work:")
    until("made anew", lambda: "made anew" in fugue("state", "list"))
    becomes(fugue, "ok")
    gone = "" if part == "wal" else "closed session closed, kept as closed-closed-"
    assert_all_comes_back(fugue, "first", "second", closed=not gone, told=gone)


def test_a_removed_segment_makes_the_log_begin_anew(fugue: Running, away: Path) -> None:
    for segment in (fugue.state / "wal").glob("*.wal"):
        segment.unlink()
    assert NOT_DURABLE in fugue.run("new-window", "-d", "-n", "second", "-t", "work:").stderr
    becomes(fugue, "ok")
    assert_all_comes_back(fugue, "first", "second")


def test_unmounted_and_mounted_again(fugue: Running) -> None:
    require(programs=["mount", "umount"], root=True)
    disk = fugue.directory / "disk"
    disk.mkdir(mode=0o700)
    bind = ["mount", "--bind", str(disk), str(fugue.state_home)]
    if subprocess.run(bind, stderr=subprocess.DEVNULL, check=False).returncode:
        require(files=["/the-right-to-mount"])
    try:
        make_history(fugue)
        subprocess.run(["umount", "--lazy", str(fugue.state_home)], check=True)
        becomes(fugue, "lost")
        assert NOT_DURABLE in fugue.run("new-window", "-d", "-n", "second", "-t", "work:").stderr
        assert numbers(fugue) == LINES
        subprocess.run(bind, check=True)
        becomes(fugue, "ok")
        assert_all_comes_back(fugue, "first", "second")
    finally:
        fugue.end()
        unmount(fugue.state_home)


@pytest.fixture
def listener() -> Iterator[FailpointListener]:
    with (
        tempfile.TemporaryDirectory() as short,
        FailpointListener(f"{short}/points") as listener,
    ):
        yield listener


def test_a_server_that_dies_while_it_saves_anew_is_not_taken_for_whole(
    tmp_path: Path, listener: FailpointListener
) -> None:
    points = listener.environment("checkpoint.before_manifest=pause")
    fugue = Running(tmp_path, **points)
    try:
        fugue("new-session", "-d", "-s", "work", "-n", "first", "-x", "80", "-y", "10", "cat")
        fugue("new-window", "-d", "-n", "second", "-t", "work:", "cat")
        shells = fugue.pane_pids()
        away = fugue.state.with_name("away")
        fugue.state.rename(away)
        becomes(fugue, "lost")
        asked = fugue.begin("state", "here")
        server = listener.wait("checkpoint.before_manifest")
        assert durability(fugue) == "lost", "not before everything is there"
        kill(server)
        fugue.wait_for_server(other_than=server)
        asked.communicate(timeout=60)
        report = json.loads(fugue("recovery", "--json"))["recovery"]
        assert "nothing lost" not in report["summary"]
        assert "while it saved everything in a new directory" in report["missing"][0]
        panes = fugue("list-panes", "-a", "-F", "#{pane_pid}").split()
        assert sorted(map(int, panes)) == sorted(shells), "every program is in reach"
    finally:
        fugue.end()


def test_a_full_state_is_never_taken_from_another_server(fugue: Running, away: Path) -> None:
    """In the place of the moved directory another server has begun in the meantime: it keeps it."""
    fugue.state.rename(away)
    becomes(fugue, "lost")
    other = Running(fugue.directory / "other", XDG_STATE_HOME=str(fugue.state_home))
    try:
        other("new-session", "-d", "-s", "theirs", "cat")
        assert "nothing in it was touched" in fugue.refused("state", "here")
        assert other("list-sessions", "-F", "#{session_name}") == "theirs"
        assert durability(other) == "ok"
    finally:
        other.end()
    assert os.path.exists(away)
