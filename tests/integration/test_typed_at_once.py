"""A large amount of input at once is handled in parts, completely and in order, while other clients are served."""

import contextlib
import os
import shlex
import signal

import pytest

from tests.support.running import Attached, until
from tests.support.timed_turns import Timed

pytestmark = [pytest.mark.real, pytest.mark.slow]

TEXT = b"".join(b"%05d " % number for number in range(8_000))
PART_BYTES = 4_000
TURN_MAX_MS = 150.0
"""Some 15 ms on a quick machine; all at once it would be 400."""


def typed(client: Attached) -> None:
    """Type TEXT as fast as the terminal takes it."""
    left = bytearray(TEXT)

    def all_taken() -> bool:
        client.read()
        with contextlib.suppress(BlockingIOError):
            del left[: os.write(client._master, left[:PART_BYTES])]
        return not left

    until("room in the terminal", all_taken)


def test_what_is_typed_at_once_arrives_whole_and_holds_nobody_up(timed: Timed) -> None:
    fugue = timed.fugue
    got = fugue.directory / "got"
    program = f"stty raw -echo; echo ready; head -c {len(TEXT)} > {shlex.quote(os.fspath(got))}"
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", f"{program}; exec sleep 1000")
    with fugue.attached() as client:
        client.wait_for("ready")
        timed.turns_ms()
        # What is typed while the server is stopped is there all at once when it goes on.
        timed.signal(signal.SIGSTOP)
        typed(client)
        timed.signal(signal.SIGCONT)

        def arrived() -> bool:
            client.read()
            return got.stat().st_size == len(TEXT)

        until("everything typed", arrived)
        assert got.read_bytes() == TEXT
        assert timed.turns_ms()[-1] < TURN_MAX_MS
        assert fugue("display-message", "-p", "x") == "x"
