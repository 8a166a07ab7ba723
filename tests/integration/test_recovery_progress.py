"""While the log is read, clients that wait are shown the progress."""

import subprocess
from pathlib import Path

import pytest

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import PROGRAM, Running, kill

POINT = "recovery.reading"


@pytest.mark.real
def test_attach_shows_how_much_of_the_log_is_read(tmp_path: Path) -> None:
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment(f"{POINT}=pause@1"))
        try:
            subprocess.run([PROGRAM, "new-session", "-d"], env=fugue.environment, check=True)
            fugue.kill_everything()
            with fugue.attached("attach-session") as client:
                points.wait(POINT)
                client.wait_for("MiB of log")
                points.answer(POINT)
                client.wait_for("[0] 0:")
                assert "recovering" not in client.text()
                server = fugue.server_pid()  # and who is attached already sees it, too
                kill(server)
                points.wait(POINT, 2)
                client.wait_for("MiB of log")
                points.answer(POINT)
                client.wait_for("[0] 0:")
            assert not list(fugue.runtime.rglob("*.progress"))
        finally:
            fugue.end()
