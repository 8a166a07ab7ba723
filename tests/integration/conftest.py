"""Fixtures with a real fugue for each test, run by the user of the tests or by a user without a name."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faults import require
from tests.support.running import Running
from tests.support.timed_turns import Timed, timed_server

NUMBER = "54321"
"""A user id without an entry in the password database."""


@pytest.fixture
def fugue(tmp_path: Path) -> Iterator[Running]:
    """A private fugue; nothing of it is left behind."""
    running = Running(tmp_path)
    yield running
    running.end()


@pytest.fixture
def timed(fugue: Running) -> Iterator[Timed]:
    """A private fugue whose server's turns are measured; it has no session yet."""
    with timed_server(fugue) as server:
        yield server


@pytest.fixture
def anonymous(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A fugue whose processes have the id NUMBER in a name space of users: none is root, and files of the test are theirs."""
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
