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


def test_hooks_of_events_run_after_the_whole_sequence_and_before_the_answer(fugue: Running) -> None:
    """`after-` hooks run at once, those of events when the sequence is over. The caller then finds what they did."""
    fugue("new-session", "-d", "-s", "main", "cat")
    for hook in ("after-rename-window", "window-renamed"):
        fugue("set-hook", "-g", hook, NOTE)
    for _ in range(5):
        fugue("set-option", "-g", "@log", "")
        fugue("rename-window", "-t", "main:0", "one", ";", "rename-window", "-t", "main:0", "two")
        assert fugue("show-options", "-gqv", "@log") == (
            "|after-rename-window::|after-rename-window::|window-renamed::one|window-renamed::two"
        )


def test_a_hook_that_waits_does_not_hold_the_command_that_caused_it(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "main", "cat")
    fugue("set-hook", "-g", "window-renamed", "wait-for mine ; set-option -g @done yes")
    fugue("rename-window", "-t", "main:0", "one")
    assert fugue("show-options", "-gqv", "@done") == ""
    fugue("wait-for", "-S", "mine")
    until("the hook", lambda: fugue("show-options", "-gqv", "@done") == "yes")


def test_set_hook_runs_a_hook_on_demand(fugue: Running) -> None:
    """Also one that would run itself, which in tmux never ends."""
    fugue("new-session", "-d", "-s", "main", "-n", "only", "cat")
    fugue("set-hook", "-g", "window-renamed", f"{NOTE} ; set-hook -R window-renamed")
    fugue("set-hook", "-R", "-t", "main:", "window-renamed")
    assert fugue("show-options", "-gqv", "@log") == "|window-renamed::"
    fugue("set-hook", "-R", "nonsense")
