"""capture-pane of a long history: other clients are served while it is read."""

from pathlib import Path

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running, until

TEXT = "for i in $(seq 1 500); do echo line $i; done; exec sleep 1000"


def test_others_have_their_turn_while_history_is_read(tmp_path: Path) -> None:
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment("capture.text=pause@1"))
        try:
            fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "23", TEXT)
            until("all lines", lambda: fugue.format("#{history_size}", "work") == "478")
            words = ("capture-pane", "-p", "-S", "-", "-t", "work")
            requester = fugue.begin(*words)
            points.wait("capture.text")
            assert fugue.format("#{session_name}", "work") == "work"
            points.answer("capture.text")
            lines = requester.communicate()[0].splitlines()
            assert lines[:500] == [f"line {number}" for number in range(1, 501)]
            fugue("capture-pane", "-S", "-478", "-b", "kept", "-t", "work")
            assert fugue("show-buffer", "-b", "kept").startswith("line 1\nline 2\n")
        finally:
            fugue.end()
