"""A disk that refuses only the watermark: the log continues, the durability reports the problem, and no later start
takes it for a loss."""

import json
import subprocess
from typing import Any

import pytest

from tests.support.faults import LET_GO_SECONDS, injected, require, tampering
from tests.support.running import PROGRAM, Running, until

pytestmark = [pytest.mark.real, pytest.mark.slow]

REFUSED = "the file watermark cannot be written: Input/output error"


@pytest.fixture(autouse=True)
def _strace() -> None:
    require(programs=["strace"])


def status(fugue: Running) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fugue("status", "--json"))["status"]
    return found


def report(fugue: Running) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fugue("recovery", "--json"))["recovery"]
    return found


def windows(fugue: Running) -> list[str]:
    return fugue("list-windows", "-t", "work", "-F", "#{window_name}").splitlines()


@pytest.mark.parametrize("fault", ["pwrite64:error=EIO", "fdatasync:error=EIO"])
def test_a_watermark_that_cannot_be_written_or_synced_is_told_and_costs_no_change(
    fugue: Running, fault: str
) -> None:
    path = fugue.state / "watermark"
    fugue("new-session", "-d", "-s", "work", "-n", "first", "cat")
    with injected(fugue.server_pid(), fault, path=path):
        fugue("new-window", "-d", "-n", "one", "-t", "work:", "cat")
        until("degraded", lambda: status(fugue)["durability"] == "degraded")
        assert status(fugue)["durability_reason"] == REFUSED
        assert REFUSED in fugue("status")
        fugue("new-window", "-d", "-n", "two", "-t", "work:", "cat")
    fugue("new-window", "-d", "-n", "three", "-t", "work:", "cat")
    until("durability", lambda: status(fugue)["durability"] == "ok")
    with injected(fugue.server_pid(), fault, path=path):
        fugue("new-window", "-d", "-n", "four", "-t", "work:", "cat")
        until("degraded", lambda: status(fugue)["durability"] == "degraded")
        fugue("new-window", "-d", "-n", "five", "-t", "work:", "cat")
        fugue.kill_everything()
    assert windows(fugue) == ["first", "one", "two", "three", "four", "five"]
    found = report(fugue)
    assert (found["complete"], found["lost"], found["missing"]) == (True, [], [])


def test_a_watermark_that_cannot_be_read_at_a_start_is_told_and_costs_nothing(
    fugue: Running,
) -> None:
    fugue("new-session", "-d", "-s", "work", "-n", "first", "cat")
    fugue("new-window", "-d", "-n", "one", "-t", "work:", "cat")
    fugue.kill_everything()
    path = fugue.state / "watermark"
    tracer = subprocess.Popen(
        [*tampering(["pread64:error=EIO"], path), PROGRAM, "list-sessions"],
        env=fugue.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        fugue.wait_for_server()
        assert windows(fugue) == ["first", "one"]
        found = report(fugue)
        assert (found["complete"], found["lost"], found["missing"]) == (True, [], [])
        assert any(note.startswith("the file watermark: Input/output") for note in found["notes"])
        fugue("new-window", "-d", "-n", "two", "-t", "work:", "cat")
        until("degraded", lambda: status(fugue)["durability"] == "degraded")
        assert status(fugue)["durability_reason"] == REFUSED
        assert path.exists(), "it may be read another time"
        fugue.kill_everything()
    finally:
        tracer.terminate()
        tracer.wait(timeout=LET_GO_SECONDS)
    assert windows(fugue) == ["first", "one", "two"]
    assert report(fugue)["complete"]
