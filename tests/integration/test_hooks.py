"""Hooks of events run in tmux's order and under its names."""

import pytest

from tests.support.running import Running, until

pytestmark = pytest.mark.real

NOTE = 'set-option -gaF @log "|#{hook}:#{hook_session_name}:#{hook_window_name}"'


def test_the_end_of_a_session_is_told_in_the_order_of_tmux(fugue: Running) -> None:
    """What is gone by then is still called by its name."""
    fugue("new-session", "-d", "-s", "keep", "cat")
    for hook in ("session-closed", "window-unlinked", "pane-exited"):
        fugue("set-hook", "-g", hook, NOTE)
    fugue("new-session", "-d", "-s", "short", "-n", "only", "true")
    until("last hook", lambda: "window-unlinked" in fugue("show-options", "-gqv", "@log"))
    told = fugue("show-options", "-gqv", "@log")
    assert told == "|pane-exited::|session-closed:short:|window-unlinked:short:only"


def test_what_a_hook_started_has_hooks_of_its_own_when_it_ends(fugue: Running) -> None:
    """A window that a hook opens whenever one ends: the context of the hook must not go on in its process."""
    fugue("new-session", "-d", "-s", "keep", "cat")
    fugue("set-hook", "-g", "pane-exited", "set-option -ga @ends x ; new-window -d -t keep: true")
    fugue("new-window", "-d", "-t", "keep:", "true")
    until("ten ends", lambda: len(fugue("show-options", "-gqv", "@ends")) >= 10)
    fugue("set-hook", "-gu", "pane-exited")
