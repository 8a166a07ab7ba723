"""A user id without an entry in the password database, as `docker run -u 12345` gives: everything works."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faults import require
from tests.support.running import Running

NUMBER = "54321"


@pytest.fixture
def anonymous(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A fugue whose processes have that user id: in a name space of users, where files of this test are theirs."""
    require(programs=["unshare"])
    become = ["unshare", "--user", f"--map-user={NUMBER}", f"--map-group={NUMBER}"]
    probe = subprocess.run([*become, "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        reason = f"needs name spaces of users: {probe.stderr.strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    program = tmp_path / "fugue"
    program.write_text(f'#!/bin/sh\nexec {" ".join(become)} {sys.executable} -m fuguemux "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr("tests.support.running.PROGRAM", str(program))
    fugue = Running(tmp_path)
    yield fugue
    fugue.end()


def test_everything_works_for_a_number_without_a_name(anonymous: Running) -> None:
    fugue = anonymous
    del fugue.environment["SHELL"]
    fugue("new-session", "-d", "-s", "work")
    assert fugue("display-message", "-p", "#{uid}:#{user}:#{default-shell}") == f"{NUMBER}::/bin/sh"
    fugue("send-keys", "-t", "work", "id -u", "Enter")
    fugue.wait_for(NUMBER, "work")
    fugue.kill_everything()
    assert "server and keeper crashed or were killed" in fugue("recovery")
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"
    assert "Traceback" not in fugue.run("doctor").stderr
    assert "ExecStart=" in fugue("service", "print")
    fugue("kill-server")


def test_without_a_home_directory_too(anonymous: Running) -> None:
    fugue = anonymous
    del fugue.environment["HOME"]
    fugue("new-session", "-d", "-s", "work", "cat")
    assert fugue("display-message", "-p", "-t", "work", "~#{session_name}") == "~work"
    assert fugue("new-window", "-d", "-P", "-F", "#{pane_current_path}", "-c", "/", "cat") == "/"
    fugue("kill-server")
