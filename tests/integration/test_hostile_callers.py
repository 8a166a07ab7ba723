"""Callers of `fugue` with closed descriptors, a full disk or wrong files in its places: they get one line and exit
code 1."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.running import PROGRAM, Running

pytestmark = pytest.mark.real

OFFLINE = (("help",), ("version",), ("config", "show"), ("doctor",), ("state", "list"))
ASKING = (("list-sessions",), ("status",), ("status", "--json"), ("recovery",))


def shell(fugue: Running, script: str) -> subprocess.CompletedProcess[str]:
    """A shell's redirections; `$F` is the program."""
    return subprocess.run(
        ["bash", "-c", script],
        env={**fugue.environment, "F": PROGRAM},
        cwd=fugue.directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors(fugue: Running, closed: str) -> None:
    """The socket to the server gets another number than those, so it is neither printed to nor read as input."""
    fugue("new-session", "-d", "-s", "work")
    for words in (*OFFLINE, *ASKING):
        done = shell(fugue, f"$F {' '.join(words)} {closed}")
        assert "Traceback" not in done.stderr, (words, done)
        assert done.returncode == (1 if words == ("doctor",) and done.returncode else 0), done
    done = shell(fugue, f"$F nonsense {closed}")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr in ("", "unknown command: nonsense\n")
    done = shell(fugue, f"$F load-buffer - {closed}")
    assert done.returncode == 0, done
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"


def test_nobody_reads_and_nothing_fits(fugue: Running) -> None:
    """A pager that was left says nothing; a full disk behind stdout says so in a line."""
    fugue("new-session", "-d", "-s", "work")
    for words in (*OFFLINE, *ASKING):
        command = f"$F {' '.join(words)}"
        done = shell(fugue, f"{command} | head -0; exit ${{PIPESTATUS[0]}}")
        assert done.returncode in (0, 1)
        assert done.stderr == "", (words, done)
        done = shell(fugue, f"{command} >/dev/full")
        assert done.returncode == 1, (words, done)
        assert done.stderr.count("\n") == 1
        assert "No space left on device" in done.stderr, (words, done)
        done = shell(fugue, f"{command} >/dev/full 2>/dev/full")
        assert done.returncode == 1
    assert shell(fugue, "$F nonsense 2>/dev/full").returncode == 1


@pytest.mark.parametrize("kind", ["directory", "file", "link"])
def test_something_else_stands_where_the_socket_should_be(fugue: Running, kind: str) -> None:
    place = fugue.directory / "place"
    if kind == "directory":
        place.mkdir()
    elif kind == "file":
        place.write_text("not a socket")
    else:
        place.symlink_to("/nonexistent")
    error = fugue.refused("-S", str(place), "new-session", "-d")
    assert error == f"{place} is not a socket: remove it, or give another path with -S"
    assert kind != "file" or place.read_text() == "not a socket"


def test_places_that_cannot_be(fugue: Running) -> None:
    """Names, lengths and directories; every message names the thing."""
    long = "n" * 120
    for argv, named in (
        (("-L", long, "list-sessions"), "64 bytes"),
        (("-S", f"/tmp/{long}", "new-session", "-d"), "107"),
        (("-L", "a/b", "list-sessions"), "a/b"),
        (("-L", "..", "new-session", "-d"), "'..'"),
        (("-S", str(fugue.directory / "none" / "x"), "new-session", "-d"), "none"),
    ):
        error = fugue.refused(*argv)
        assert named in error, error
        assert "\n" not in error


def test_a_poor_environment(fugue: Running) -> None:
    """Without HOME, TERM and XDG directories, or with relative ones, it works all the same and stays private."""
    kept = {name: fugue.environment[name] for name in ("PATH", "XDG_RUNTIME_DIR", "FUGUE_TESTING")}
    for number, more in enumerate(
        (
            {"XDG_STATE_HOME": str(fugue.state_home)},
            {"HOME": str(fugue.directory), "XDG_STATE_HOME": "relative", "XDG_CONFIG_HOME": "x"},
            {"HOME": "relative", "XDG_STATE_HOME": str(fugue.state_home), "TERM": ""},
        )
    ):
        for words in (
            ("new-session", "-d", "-s", "w"),
            ("has-session", "-t", "w"),
            ("kill-server",),
        ):
            done = subprocess.run(
                [PROGRAM, "-L", f"poor{number}", *words],
                env={**kept, **more},
                cwd=fugue.directory,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, (more, words, done)
    assert not Path(fugue.directory, "relative").exists()
    assert os.listdir(fugue.directory / ".local" / "state" / "fugue")
