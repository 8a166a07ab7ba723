"""Text that a user has erased is nowhere on disk: neither in a checkpoint nor in the log."""

import pytest

from tests.support.running import Running
from tests.support.state_bytes import holders

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

SECRET = b"hunter2-in-the-clear"


# The secret is not among the words of the command, which are stored as well.
PROGRAM = (
    "echo hunter2-in-$WORDS; "
    "i=0; while [ $i -lt 30 ]; do echo line $i; i=$((i+1)); done; exec sleep 600"
)


def test_cleared_history_leaves_the_log_with_the_next_checkpoint(fugue: Running) -> None:
    fugue(
        "new-session",
        "-d",
        "-s",
        "work",
        "-x",
        "80",
        "-y",
        "10",
        "sh",
        "-c",
        f"WORDS=the-clear; {PROGRAM}",
    )
    fugue.wait_for("line 29", "work")
    assert any(name.startswith("wal/") for name in holders(fugue.state, SECRET))
    fugue("clear-history", "-t", "work")
    fugue("checkpoint")
    assert holders(fugue.state, SECRET) == []
    fugue("set-environment", "-t", "work", "later", "value")
    fugue.kill_everything()
    assert "later=value" in fugue("show-environment", "-t", "work")
    assert "line 29" in fugue.history("work")
    assert "Output and changes: complete" in fugue("recovery")
