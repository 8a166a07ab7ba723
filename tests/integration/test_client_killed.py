"""SIGKILL of an attached client: the terminal is restored."""

import os
import signal
import termios

import pytest

from tests.support.running import Running, until


@pytest.mark.real
def test_a_killed_client_leaves_a_clean_terminal(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    with fugue.attached("attach-session", "-t", "work") as client:
        slave = os.open(client.tty, os.O_RDWR | os.O_NOCTTY)
        cooked = termios.ECHO | termios.ICANON | termios.ISIG
        client.wait_for("[work]")
        assert not termios.tcgetattr(slave)[3] & cooked
        os.kill(client.process.pid, signal.SIGKILL)
        client.process.wait()
        until("line settings", lambda: termios.tcgetattr(slave)[3] & cooked == cooked)
        client.read()
        assert client.raw.rstrip().endswith(b"\x1b[23;0t")
        assert not client.terminal.modes.alternate_screen
        os.close(slave)
    until("no client", lambda: fugue("list-clients") == "")


@pytest.mark.real
def test_a_client_that_leaves_by_itself_is_given_back_once(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    with fugue.attached("attach-session", "-t", "work") as client:
        client.wait_for("[work]")
        client.type(b"\x02d")
        assert client.wait_exit() == 0
        assert client.raw.count(b"\x1b[?1049l") == 1
