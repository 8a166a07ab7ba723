"""Hooks of what happened, in tmux's order and with its names."""

import pytest

from tests.support.running import Running, until

pytestmark = pytest.mark.real

NOTE = 'set-option -gaF @log "|#{hook}:#{hook_session_name}:#{hook_window_name}"'


def test_the_end_of_a_session_is_told_from_the_inside_out(fugue: Running) -> None:
    """What is gone by then is still called by its name."""
    fugue("new-session", "-d", "-s", "keep", "cat")
    for hook in ("session-closed", "window-unlinked", "pane-exited"):
        fugue("set-hook", "-g", hook, NOTE)
    fugue("new-session", "-d", "-s", "short", "-n", "only", "true")
    until("last hook", lambda: "session-closed" in fugue("show-options", "-gqv", "@log"))
    told = fugue("show-options", "-gqv", "@log")
    assert told == "|pane-exited::|window-unlinked:short:only|session-closed:short:"
