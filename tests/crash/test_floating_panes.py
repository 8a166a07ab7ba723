"""Everything is killed at once: floating panes are back at their places, in their order, with their text."""

from pathlib import Path

import pytest

from tests.support.running import Running

FACTS = "#{pane_id} #{pane_floating_flag} #{pane_x},#{pane_y} #{pane_width}x#{pane_height} z#{pane_z} #{pane_active}"


@pytest.mark.real
@pytest.mark.parametrize("checkpoint", [True, False])
def test_floating_panes_are_back_with_everything(tmp_path: Path, *, checkpoint: bool) -> None:
    fugue = Running(tmp_path)
    try:
        fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
        fugue("split-window", "-h", "-t", "work")
        fugue("new-pane", "-t", "work", "-x", "30", "-y", "8", "-X", "5", "-Y", "3", "-B", "double")
        if checkpoint:
            fugue("checkpoint")
        fugue("new-pane", "-t", "work", "-x", "40", "-y", "6", "-X", "20", "-Y", "6")
        lines = "i=1; while [ $i -le 30 ]; do echo line $i of it; i=$((i+1)); done"
        fugue.wait_for("$", "%2")
        fugue("send-keys", "-t", "%2", lines, "Enter")
        fugue.wait_for("line 30 of it", "%2")
        fugue("move-pane", "-t", "%2", "-D", "2")
        fugue("resize-pane", "-t", "%3", "-R", "5")
        fugue("select-pane", "-t", "%2")
        layout = fugue.format("#{window_layout}", "work")
        before = fugue("list-panes", "-t", "work", "-F", FACTS)
        history = fugue("capture-pane", "-p", "-S", "-", "-t", "%2")
        assert "line 1 of it" in history
        fugue.kill_everything()
        fugue("start-server")
        assert fugue("list-panes", "-t", "work", "-F", FACTS) == before
        assert fugue.format("#{window_layout}", "work") == layout
        assert "line 1 of it" in fugue("capture-pane", "-p", "-S", "-", "-t", "%2")
        assert fugue.format("#{pane_floating_flag}", "%2") == "1"
    finally:
        fugue.end()
