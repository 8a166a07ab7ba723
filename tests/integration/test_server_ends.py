"""Commands that arrive while a server or its keeper ends: the next server runs them, and none is lost."""

import fcntl
import json
import os
import signal
import socket
from pathlib import Path

import pytest

from fuguemux.protocol import messages
from tests.support.failpoint_listener import FailpointListener
from tests.support.fake_server import Peer
from tests.support.running import Running, alive, connected, kill, until

pytestmark = pytest.mark.real

POINT = "checkpoint.before_manifest"


def test_what_is_asked_behind_kill_server_is_for_the_next_server(tmp_path: Path) -> None:
    """The server has much to do until its end: a checkpoint that is under way is waited for."""
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment(f"{POINT}=pause@1"))
        try:
            fugue("new-session", "-d", "-s", "old", "cat")
            server = fugue.server_pid()
            checkpoint = fugue.begin("checkpoint")
            points.wait(POINT)
            fugue("kill-server")
            assert "no server running on" in fugue.refused("list-sessions")
            new = fugue.begin("new-session", "-d", "-s", "new", "cat")
            listed = fugue.begin("-N", "list-sessions")
            assert listed.communicate(timeout=60)[0] == ""
            assert alive(server)
            points.answer(POINT)
            assert new.communicate(timeout=60) == ("", "")
            assert new.returncode == 0
            checkpoint.communicate(timeout=60)
            assert not alive(server)
            assert fugue("list-sessions", "-F", "#{session_name}") == "new"
        finally:
            fugue.end()


def test_what_an_ending_server_has_not_begun_it_does_not_acknowledge(tmp_path: Path) -> None:
    """Its client was let in before: it is told to ask the next server."""
    hello = messages.Hello(1, 1, "test").encode()
    command = messages.CommandMessage(
        tuple(b"new-session -d -s lost cat".split()), b"/", {b"HOME": os.fsencode(tmp_path)}
    )
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment(f"{POINT}=pause@1"))
        try:
            fugue("new-session", "-d", "-s", "old", "cat")
            checkpoint = fugue.begin("checkpoint")
            points.wait(POINT)
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(fugue.runtime / "fugue" / "default"))
                sock.sendall(hello)
                client = Peer(sock)
                client.until(messages.HELLO)
                fugue("kill-server")
                client.send(command.encode())
                assert client.next() == (messages.NOT_BEGUN, b"")
                client.until_end()
            points.answer(POINT)
            checkpoint.communicate(timeout=60)
            fugue("new-session", "-d", "-s", "new", "cat")
            assert fugue("list-sessions", "-F", "#{session_name}") == "new"
        finally:
            fugue.end()


def told_keeper(fugue: Running) -> object:
    return json.loads(fugue("status", "--json"))["status"]["keeper_pid"]


def test_a_process_that_is_wanted_between_two_keepers_is_started_by_the_next(
    fugue: Running,
) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    keeper = fugue.keeper_pid()
    lock = fugue.runtime / "fugue" / "default.keeper.lock"
    os.kill(keeper, signal.SIGSTOP)  # it would make the file again
    lock.unlink()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # the next keeper waits for it
        kill(keeper)
        until("loss of the keeper", lambda: told_keeper(fugue) is None)
        asking = fugue.begin("new-window", "-dPF", "#{pane_pid}", "-t", "work:", "cat")
        until("the question", lambda: connected(asking.pid))
    pid, error = asking.communicate(timeout=60)
    assert error == ""
    assert fugue.pane_pids()[1:] == [int(pid)]
    assert alive(int(pid))


def test_a_process_that_a_keeper_died_over_is_started_by_the_next(fugue: Running) -> None:
    """It is killed with the request unread."""
    fugue("new-session", "-d", "-s", "work", "cat")
    keeper = fugue.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)
    asking = fugue.begin("new-window", "-dPF", "#{pane_pid}", "-t", "work:", "cat")
    until("the question", lambda: connected(asking.pid))
    kill(keeper)
    pid, error = asking.communicate(timeout=60)
    assert error == ""
    assert fugue.pane_pids()[1:] == [int(pid)]
    assert alive(int(pid))


def test_a_keeper_that_is_on_its_way_at_the_end_ends_as_well(fugue: Running) -> None:
    """One that did not know of the end would start a server that nobody wants."""
    fugue("new-session", "-d", "-s", "work", "cat")
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    lock = fugue.runtime / "fugue" / "default.keeper.lock"
    os.kill(keeper, signal.SIGSTOP)  # it would make the file again
    lock.unlink()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # the next keeper waits for it
        kill(keeper)
        until("loss of the keeper", lambda: told_keeper(fugue) is None)
        fugue("kill-server")
    log = fugue.state / "keeper.log"
    until("end of the next keeper", lambda: "keeper ends" in log.read_text())
    until("end of the server", lambda: not alive(server))
