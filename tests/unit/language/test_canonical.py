"""The canonical text of commands, in which keys and hooks are stored."""

import pytest

from fuguemux.commands.table import TABLE
from fuguemux.language.canonical import (
    COMMANDS_CHARS_MAX,
    canonical_commands,
    canonical_sequence,
)
from fuguemux.model.decision import Refused


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("neww -n 'a b' -Pd", 'new-window -Pd -n "a b"'),
        ("killp ; ls", "kill-pane ; list-sessions"),
        ("bind x { killp\nls }", "bind-key x { kill-pane ; list-sessions }"),
        ("send -- -x", "send-keys -- -x"),
    ],
)
def test_names_are_full_flags_in_order_and_blocks_canonical(text: str, stored: str) -> None:
    assert canonical_commands(TABLE, text) == stored
    assert canonical_commands(TABLE, stored) == stored


def test_words_that_are_split_already_give_the_same_text() -> None:
    assert canonical_sequence(TABLE, [("neww", "-d"), ("ls",)]) == "new-window -d ; list-sessions"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no-such-command", "unknown command: no-such-command"),
        ("kill-pane -Q", "command kill-pane: unknown flag -Q"),
        ("bind x { kill-pane -Q }", "command kill-pane: unknown flag -Q"),
        ("bind x {", "a block is not closed"),
    ],
)
def test_a_command_that_could_not_run_is_refused(text: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        canonical_commands(TABLE, text)


def test_too_much_text_is_refused() -> None:
    long = "ls " + "x" * COMMANDS_CHARS_MAX
    with pytest.raises(Refused, match="commands are too long"):
        canonical_commands(TABLE, long)
    inner = "set-buffer " + "x" * (COMMANDS_CHARS_MAX // 8)
    nested = inner
    for _ in range(8):
        nested = f"bind x {{ {nested} }}"
    with pytest.raises(Refused, match="too much"):
        canonical_commands(TABLE, nested)
