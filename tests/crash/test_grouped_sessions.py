"""Everything is killed at once: grouped sessions are back, each with its own current window, and still share their windows."""

from pathlib import Path

import pytest

from tests.support.running import Running

FACTS = "#{session_name} #{session_group} #{session_group_size} #{window_index} #{window_id} #{window_active}"


@pytest.mark.real
@pytest.mark.parametrize("checkpoint", [True, False])
def test_grouped_sessions_still_share_their_windows(tmp_path: Path, *, checkpoint: bool) -> None:
    fugue = Running(tmp_path)
    try:
        fugue("new-session", "-d", "-s", "work", "cat")
        fugue("new-session", "-d", "-t", "work", "-s", "second")
        if checkpoint:
            fugue("checkpoint")
        fugue("new-window", "-d", "-t", "work:5", "cat")
        fugue("select-window", "-t", "second:5")
        before = fugue("list-windows", "-a", "-F", FACTS)
        assert len(before.splitlines()) == 4
        fugue.kill_everything()
        fugue("start-server")
        assert fugue("list-windows", "-a", "-F", FACTS) == before
        fugue("new-window", "-d", "-t", "second:7", "cat")
        assert fugue("list-windows", "-t", "work", "-F", "#{window_index}").split() == [
            "0",
            "5",
            "7",
        ]
        fugue("kill-session", "-t", "work")
        assert fugue("list-windows", "-t", "second", "-F", "#{window_index}").split() == [
            "0",
            "5",
            "7",
        ]
        fugue.kill_server()
        assert fugue("list-windows", "-t", "second", "-F", "#{window_index}").split() == [
            "0",
            "5",
            "7",
        ]
    finally:
        fugue.end()
