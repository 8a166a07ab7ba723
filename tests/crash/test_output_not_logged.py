"""Output is shown but cannot be logged, because the disk refuses. However the server ends, the next one reports the
missing output to the byte."""

import json
import resource
from pathlib import Path

import pytest

from tests.support.running import Running, until

FILE_BYTES_MAX = 12_345
SAID = "of output missing"

pytestmark = [pytest.mark.real, pytest.mark.slow]


def panes(fugue: Running) -> list[dict[str, int]]:
    return list(json.loads(fugue("recovery", "--json"))["recovery"]["panes"])


def refuse(fugue: Running) -> None:
    """Writes of the server to files fail from now on, until durability is lost."""
    server = fugue.server_pid()
    resource.prlimit(server, resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, resource.RLIM_INFINITY))
    fugue.run("send-keys", "-t", "work", "x" * 3_000, "Enter")
    fugue.run("send-keys", "-t", "work", "y" * 3_000, "Enter")
    until("lost", lambda: json.loads(fugue("status", "--json"))["status"]["durability"] == "lost")


@pytest.mark.parametrize("everything", [False, True], ids=["server", "everything"])
def test_the_report_and_the_pane_say_what_is_missing(tmp_path: Path, everything: bool) -> None:
    fugue = Running(tmp_path)
    try:
        fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "cat")
        fugue("new-window", "-d", "-t", "work:1", "cat")
        fugue("send-keys", "-t", "work:1", "logged", "Enter")
        fugue.wait_for("logged\nlogged", "work:1")
        refuse(fugue)
        for number in range(50):
            fugue.run("send-keys", "-t", "work:1", f"unlogged-{number}", "Enter")
        fugue.wait_for("unlogged-49\nunlogged-49", "work:1")
        missing = json.loads(fugue("status", "--json"))["status"]["landing"]["missing_bytes"]
        unlogged = 2 * sum(
            len(f"unlogged-{number}\r\n") for number in range(50)
        )  # typed and echoed
        assert missing >= unlogged
        if everything:
            fugue.kill_everything()
        else:
            fugue.kill_server()
        history = fugue.history("work:1")
        assert "logged\nlogged" in history
        assert SAID in history
        pane = panes(fugue)[1]
        assert pane["lost_bytes"] == unlogged
        assert pane["lost_since_ms"] <= pane["lost_before_ms"]
        assert pane["lost_since_ms"] > 0
        assert "Lost: " in fugue("recovery").splitlines()[0]
        fugue("send-keys", "-t", "work:1", "goes on", "Enter")
        fugue.wait_for("goes on", "work:1")
        # And once more, from the log alone: the zone knows nothing of it any more.
        fugue("checkpoint")
        fugue.kill_everything()
        assert SAID in fugue.history("work:1")
        assert panes(fugue)[1]["lost_bytes"] == 0
    finally:
        fugue.end()


def test_what_the_log_gets_after_all_is_not_missing(tmp_path: Path) -> None:
    fugue = Running(tmp_path)
    try:
        fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "cat")
        fugue("new-window", "-d", "-t", "work:1", "cat")
        refuse(fugue)
        fugue.run("send-keys", "-t", "work:1", "unlogged", "Enter")
        fugue.wait_for("unlogged\nunlogged", "work:1")
        server = fugue.server_pid()
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(server, resource.RLIMIT_FSIZE, unlimited)
        until("ok", lambda: json.loads(fugue("status", "--json"))["status"]["durability"] == "ok")
        fugue("send-keys", "-t", "work:1", "logged again", "Enter")
        fugue.wait_for("logged again\nlogged again", "work:1")
        until(
            "word of it in the log",
            lambda: not json.loads(fugue("status", "--json"))["status"]["landing"]["missing_bytes"],
        )
        next(fugue.runtime.rglob("*.landing")).write_bytes(b"")
        fugue.kill_everything()
        history = fugue.history("work:1")
        assert SAID in history
        assert "logged again\nlogged again" in history
        pane = panes(fugue)[1]
        assert pane["lost_bytes"] == 2 * len("unlogged\r\n")
        assert pane["lost_since_ms"] > 0
    finally:
        fugue.end()
