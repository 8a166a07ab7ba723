"""In which order changes are told to hooks and control clients, as tmux tells them."""

import pytest

from fuguemux.commands import (
    break_pane,
    join_pane,
    kill_pane,
    kill_session,
    kill_window,
    new_session,
    new_window,
    rename_window,
    select_window,
    split_window,
)
from fuguemux.commands.command import Command
from fuguemux.server.control.hook_notices import notices_of
from tests.support.builders import session, state, window
from tests.support.folding import run

TWO = state(session("a", window("one", panes=2), window("two")), session("b"))


@pytest.mark.parametrize(
    ("command", "words", "names"),
    [
        (new_session.COMMAND, "-d -s c", "window-linked session-created"),
        (new_window.COMMAND, "-t a", "session-window-changed window-linked"),
        (new_window.COMMAND, "-d -t a", "window-linked"),
        (split_window.COMMAND, "-t a:0", "window-pane-changed window-layout-changed"),
        (split_window.COMMAND, "-d -t a:0", "window-layout-changed"),
        (kill_pane.COMMAND, "-t a:0.0", "window-layout-changed window-pane-changed"),
        (kill_pane.COMMAND, "-t a:0.1", "window-layout-changed"),
        (kill_window.COMMAND, "-t a:0", "session-window-changed window-unlinked"),
        (kill_window.COMMAND, "-t a:1", "window-unlinked"),
        (kill_session.COMMAND, "-t a", "session-closed window-unlinked window-unlinked"),
        (rename_window.COMMAND, "-t a:0 x", "window-renamed"),
        (select_window.COMMAND, "-t a:1", "session-window-changed"),
        (
            break_pane.COMMAND,
            "-d -s a:0.0",
            "window-pane-changed window-layout-changed window-renamed window-linked",
        ),
        (
            join_pane.COMMAND,
            "-s a:1 -t b:0",
            "window-pane-changed window-unlinked window-layout-changed",
        ),
        (join_pane.COMMAND, "-d -s a:0.1 -t b:0", "window-layout-changed window-layout-changed"),
    ],
)
def test_notices_come_in_the_order_of_tmux(command: Command, words: str, names: str) -> None:
    outcome = run(command, TWO, *words.split())
    found = notices_of(TWO, outcome.state, outcome.decision.events)
    assert " ".join(notice.name for notice in found) == names
