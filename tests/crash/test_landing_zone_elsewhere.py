"""A server dies with output in its landing zone, and the next start has another runtime directory, or none."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.failpoint_run import reaped
from tests.support.running import kill, until

pytestmark = pytest.mark.real


@pytest.mark.parametrize("set_before", [True, False])
def test_what_was_read_is_found_wherever_it_is(tmp_path: Path, set_before: bool) -> None:
    with reaped(tmp_path, "output.landed") as (fugue, reaper):
        socket = ("-S", str(fugue.runtime / "socket"))
        runtime = fugue.environment["XDG_RUNTIME_DIR"]
        if not set_before:
            del fugue.environment["XDG_RUNTIME_DIR"]
        go = fugue.directory / "go"
        # One write: an echo of what is typed may come in pieces, and the server dies with the first one.
        program = f"until [ -e {go} ]; do sleep 0.05; done; printf %s-in-the-zone marker; exec cat"
        fugue(*socket, "new-session", "-d", "-s", "work", "-x", "80", "-y", "24", program)
        target = (*socket, "display-message", "-t", "work", "-p")
        server, pane = (int(fugue(*target, word)) for word in ("#{pid}", "#{pane_pid}"))
        keeper = int(Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(keeper, signal.SIGSTOP)  # so that it starts no other server
        reaper.arm()
        go.touch()
        assert reaper.killed.wait(30)
        kill(keeper, pane)
        zones = [*fugue.runtime.rglob("*.landing"), *fugue.state_home.rglob("landing")]
        assert [path for path in zones if b"marker-in-the-zone" in path.read_bytes()]
        fugue.environment.pop("XDG_RUNTIME_DIR", None)
        if not set_before:
            fugue.environment["XDG_RUNTIME_DIR"] = runtime
        shown = fugue(*socket, "capture-pane", "-p", "-t", "work")
        assert "marker-in-the-zone" in shown
        until(
            "end of what is logged",
            lambda: (
                not [path for path in zones if path.exists() and b"marker" in path.read_bytes()]
            ),
        )
        fugue(*socket, "kill-server")
