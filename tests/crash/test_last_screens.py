"""The server dies while it stores last screens: the next one takes them again, from the log and the last checkpoint."""

from pathlib import Path

import pytest

from fuguemux.observe.failpoints import NAMES
from tests.support.failpoint_run import reaped
from tests.support.logged_events import foreground
from tests.support.running import until

POINTS = (
    "commit.after_write",
    "recovery.restored",
    "recovery.last_screen_kept",
    "checkpoint.published",
)
WAIT_SECONDS = 30.0
UNSAVED = r"printf '\033[?1049h\033[3;5H\033[1;31munsaved\033[0m text'; cat"
assert set(POINTS) <= set(NAMES)


@pytest.mark.real
@pytest.mark.parametrize("point", POINTS)
def test_a_recovery_that_is_killed_keeps_them(tmp_path: Path, point: str) -> None:
    with reaped(tmp_path, point) as (fugue, reaper):
        fugue("new-session", "-d", "-s", "work", "-x", "60", "-y", "10")
        fugue.wait_for("$", "work")
        fugue("send-keys", "-t", "work", UNSAVED, "Enter")
        fugue.wait_for("unsaved text", "work")
        until("cat in the log", lambda: foreground(fugue.state, 0) == (b"cat",))
        before = fugue("capture-pane", "-pe", "-t", "work")
        assert "\x1b[" in before
        fugue("checkpoint")
        fugue.kill_everything()
        reaper.arm()
        fugue.run("start-server")
        if point.startswith("checkpoint"):
            fugue.run("checkpoint")
        assert reaper.killed.wait(WAIT_SECONDS), f"the recovery never comes to {point}"
        fugue.wait_for_server()
        assert fugue("recovery", "screen", "-e", "%0") == before
        # And once more, with the server that has taken it again: nothing is left of it but the file.
        fugue("checkpoint")
        fugue.kill_everything()
        fugue("start-server")
        assert fugue("recovery", "screen", "-e", "%0") == before
        assert len(list((fugue.state / "screens").iterdir())) in (1, 2)
