"""A stopped server: its clients say so and wait. Also a stopped keeper when everything is to end."""

import os
import select
import signal

from tests.integration.test_stopped_keeper import stopped
from tests.support.running import Running, kill, until, wait_dead


def test_a_client_says_that_the_server_is_stopped_and_waits(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    pid = fugue.server_pid()
    with stopped(pid):
        waiting, given_up = fugue.begin("list-sessions"), fugue.begin("list-sessions")
        for client in (waiting, given_up):
            assert client.stderr is not None
            assert select.select([client.stderr], [], [], 30)[0]
            line = client.stderr.readline()
            assert line.startswith(
                f"fugue: the server (process {pid}) is stopped: kill -CONT {pid}"
            )
        given_up.send_signal(signal.SIGINT)
        assert given_up.wait(timeout=30) == 130
        given_up.communicate()
        assert waiting.poll() is None
    output, rest = waiting.communicate(timeout=30)
    assert (waiting.returncode, rest) == (0, "")
    assert output.startswith("work: 1 windows")


def test_a_stopped_client_holds_nobody_up(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    with fugue.attached() as client:
        client.wait_for("[work]")
        os.kill(client.process.pid, signal.SIGSTOP)
        fugue("send-keys", "-t", "work", "seq 1 100000; echo en''d", "Enter")
        until("the end of the flood", lambda: "\nend" in fugue.screen("work"))
        os.kill(client.process.pid, signal.SIGCONT)
        client.wait_for("end")


def test_kill_server_ends_a_stopped_keeper_too(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    keeper, server, panes = fugue.keeper_pid(), fugue.server_pid(), fugue.pane_pids()
    with stopped(keeper):
        fugue("kill-server")
        for pid in (server, keeper, *panes):
            wait_dead(pid)


def test_without_a_server_the_stopped_keeper_is_named(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    keeper = fugue.keeper_pid()
    with stopped(keeper):
        kill(fugue.server_pid())
        waiting = fugue.begin("list-sessions")
        assert waiting.stderr is not None
        line = waiting.stderr.readline()
        assert line == "fugue: waiting for the server to start (C-c ends the wait)…\n"
    output, _ = waiting.communicate(timeout=30)
    assert output.startswith("work: 1 windows")
