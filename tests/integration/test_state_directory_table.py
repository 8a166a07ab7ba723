"""docs/formats/state-directory.md names every file of a state directory, and describes damage to helper files
correctly."""

import os
import re
import shutil
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pytest

from tests.support.faults import require
from tests.support.running import Running

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/formats/state-directory.md"
GOLDEN: Final = ROOT / "tests/formats/helper-2"
PLANTED: Final = ("starting", "safe-mode", "made-anew", "stopped", "keeper-store", "age")
"""Files that come and go: they are put there as a server would have left them."""
ELSEWHERE: Final = (
    "landing",
    "safe-DATE-TIME/",
    "server.log.N",
    "checkpoints/*.old",
    "checkpoints/*.tmp",
    "checkpoints/SAVE-*",
    "wal/ballast",
)
"""Rows that this state has no file for: other states have."""


def rows() -> dict[str, list[str]]:
    """The cells behind the first one of each row, by file name pattern."""
    found: dict[str, list[str]] = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) != 5 or not cells[0].startswith("`"):
            continue
        for name in re.findall(r"`([^`]+)`", cells[0]):
            found[name] = cells[1:]
    return found


def helpers() -> list[str]:
    """The rows whose format is that of a helper file."""
    return [name for name, cells in rows().items() if cells[1].startswith("[helper]")]


def pattern(name: str) -> str:
    return re.sub(r"\bN\b", "*", name)


def files(state: Path) -> set[str]:
    return {str(path.relative_to(state)) for path in state.rglob("*") if not path.is_dir()}


@pytest.fixture
def stopped(fugue: Running) -> Running:
    """A fugue that was killed, with every file in its state directory."""
    fugue("new-session", "-d", "-s", "work", "-n", "kept", "-x", "80", "-y", "24", "cat")
    fugue("pipe-pane", "-o", "-t", "work", "cat > /dev/null")
    with fugue.attached("attach-session", "-t", "work") as terminal:
        terminal.wait_for("kept")
    fugue("copy-mode", "-t", "work")
    fugue("checkpoint", "-s", "save")
    fugue.kill_everything()
    fugue("list-sessions")
    fugue("pipe-pane", "-t", "work", "cat > /dev/null")
    fugue("copy-mode", "-t", "work")
    fugue.kill_everything()
    for name in PLANTED:
        shutil.copy(GOLDEN / name, fugue.state / name)
        (fugue.state / name).chmod(0o600)
    (fugue.state / "quarantine" / "something").write_bytes(b"")
    return fugue


def test_the_table_names_every_file_and_no_other(stopped: Running) -> None:
    names, table = files(stopped.state), [pattern(name) for name in rows()]
    assert {name for name in names if not any(fnmatch(name, p) for p in table)} == set()
    missing = {p for p in table if not any(fnmatch(name, p) for name in names)}
    assert missing <= {pattern(name) for name in ELSEWHERE}


def test_files_in_place_of_directories_cost_what_was_in_them_alone(stopped: Running) -> None:
    fugue = stopped
    for mark in ("made-anew", "stopped", "safe-mode", "starting"):
        (fugue.state / mark).unlink()
    names = ["wal", "quarantine", "recoveries", "saves", "screens", "pipes"]
    for name in names:
        shutil.rmtree(fugue.state / name, ignore_errors=True)
        (fugue.state / name).write_text("no directory")
    assert fugue("list-windows", "-a", "-F", "#{window_name}") == "kept"
    told = fugue("recovery")
    for name in names:
        assert f"note: {name}: what was in its place was not a directory; it is set aside" in told
    assert "the directory wal is gone" in told
    fugue.kill_everything()
    assert fugue("list-windows", "-a", "-F", "#{window_name}") == "kept"
    assert "not a directory" not in fugue("recovery")


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir(0o700)
    (path / "within").write_bytes(b"")


DAMAGES: Final[dict[str, Callable[[Path], object]]] = {
    "flip": flipped,
    "NULs": lambda path: path.write_bytes(bytes(max(path.stat().st_size, 1))),
    "garbage": lambda path: path.write_bytes(os.urandom(300)),
    "empty": lambda path: path.write_bytes(b""),
    "delete": Path.unlink,
    "directory": directory,
    "mode": lambda path: path.chmod(0),
    "owner": lambda path: os.chown(path, 1000, 1000),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_damage_to_all_helper_files_at_once_costs_no_session(stopped: Running, how: str) -> None:
    if how in ("owner", "mode"):
        require(root=how == "owner")
    fugue = stopped
    there = [name for name in helpers() if (fugue.state / name).exists()]
    assert {"STORE", "boot", "zone", "attached", "modes", *PLANTED} - set(there) == {
        "made-anew",
        "stopped",
    }
    for mark in ("made-anew", "stopped"):  # they would be believed
        (fugue.state / mark).unlink()
    there += [f"pipes/{path.name}" for path in (fugue.state / "pipes").iterdir()]
    for name in there:
        DAMAGES[how](fugue.state / name)
    assert fugue("list-windows", "-a", "-F", "#{window_name}") == "kept"
    told = fugue("recovery")
    assert "safe mode" not in told
    silent = how == "delete" or (how == "mode" and os.geteuid() == 0)
    for name in there:
        cells = rows().get(name, ["", "", "", "yes"])
        assert cells[3] == "yes"
        if not silent or (name == "STORE" and how == "delete"):
            assert f"note: {name}: " in told
    fugue.kill_everything()
    assert fugue("list-windows", "-a", "-F", "#{window_name}") == "kept"
    assert "note: STORE" not in fugue("recovery")


@pytest.mark.parametrize("name", ["LOCK", "keeper.lock", "stopped"])
@pytest.mark.parametrize("how", ["NULs", "garbage", "directory", "owner"])
def test_damage_to_locks_and_marks_costs_nothing(stopped: Running, name: str, how: str) -> None:
    if how == "owner":
        require(root=True)
    fugue = stopped
    for planted in (
        "safe-mode",
        "made-anew",
        "starting",
        *(["stopped"] if name != "stopped" else []),
    ):
        (fugue.state / planted).unlink()
    DAMAGES[how](fugue.state / name)
    fugue("start-server", ";", "new-session", "-d")
    assert "kept" in fugue("list-windows", "-a", "-F", "#{window_name}").splitlines()
    told = fugue("recovery")
    assert (f"note: {name}" in told) == (
        how in ("directory", "garbage")
        or (how == "owner" and name != "stopped")
        or (how == "NULs" and name == "stopped")
    )


@pytest.mark.parametrize("how", ["garbage", "directory"])
def test_what_is_called_like_the_mark_of_a_stop_hides_no_session(
    stopped: Running, how: str
) -> None:
    fugue = stopped
    for planted in ("safe-mode", "made-anew", "starting"):
        (fugue.state / planted).unlink()
    DAMAGES[how](fugue.state / "stopped")
    assert "kept" in fugue("list-windows", "-a", "-F", "#{window_name}").splitlines()
    assert "note: stopped: " in fugue("recovery")


def test_an_empty_mark_of_a_new_beginning_is_no_loss(stopped: Running) -> None:
    fugue = stopped
    for planted in ("safe-mode", "stopped", "starting"):
        (fugue.state / planted).unlink()
    (fugue.state / "made-anew").write_bytes(b"")
    assert fugue("list-windows", "-a", "-F", "#{window_name}") == "kept"
    told = fugue("recovery")
    assert "the file made-anew is empty" in told
    assert "what is lost is not known" not in told
