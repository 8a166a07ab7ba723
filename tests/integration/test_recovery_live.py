"""Panes whose processes live on while the server is away: nothing lost, doubled, leaked, or taken for what it is not.

Complaints: "server panics take all running processes", "recovery note wanted", "pane visible, input dead".
"""

import json
import os
import signal

import pytest

from tests.support.running import Running, alive, kill, until

ASKER = r"""
import os, sys, termios, tty, select
tty.setraw(0)
count = int(sys.argv[1])
for number in range(count):
    os.write(1, b"\x1b[6n")
    answer = b""
    while not answer.endswith(b"R"):
        # A reply is lost if the server dies in the instant before it is written; it is never given twice.
        if select.select([0], [], [], 10)[0]:
            answer += os.read(0, 1)
        else:
            os.write(1, b"\x1b[6n")
    print(f"answer {number}", end="\r\n", flush=True)
extra, _, _ = select.select([0], [], [], 0.5)
print("extra" if extra else "done", end="\r\n", flush=True)
select.select([], [], [], 1000)
"""


def panes(fugue: Running) -> list[dict[str, object]]:
    found = json.loads(fugue("recovery", "--json"))["recovery"]["panes"]
    assert isinstance(found, list)
    return found


def without_server(fugue: Running) -> tuple[int, int]:
    """Stop the keeper, so that it starts no other server, and kill the server; both pids."""
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)
    kill(server)
    return server, keeper


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_process_that_ended_while_the_server_was_away_shows_its_status(
    fugue: Running, number: signal.Signals
) -> None:
    fugue("new-session", "-d", "-s", "stays")
    pane = fugue(
        "new-session",
        "-dPF",
        "#{pane_id}",
        "-s",
        "ends",
        "sh",
        "-c",
        "echo last words; exec sleep 1000",
    )
    fugue.wait_for("last words", pane)
    pid = int(fugue.format("#{pane_pid}", pane))
    server, keeper = without_server(fugue)
    os.kill(pid, number)
    until("end of the process", lambda: not alive(pid))
    os.kill(keeper, signal.SIGCONT)
    fugue.wait_for_server(other_than=server)
    report = next(each for each in panes(fugue) if f"%{each['pane']}" == pane)
    assert (report["status"], report["exit_code"], report["exit_signal"]) == (
        "held-dead",
        None,
        number,
    )
    assert (
        fugue.format("#{pane_dead}/#{pane_dead_status}/#{pane_dead_signal}", pane) == f"1//{number}"
    )
    assert "last words" in fugue.history(pane)
    fugue.kill_server()  # and it stays so
    assert fugue.format("#{pane_dead}/#{pane_dead_status}", pane) == "1/"
    assert (
        next(each for each in panes(fugue) if f"%{each['pane']}" == pane)["status"] == "held-dead"
    )


@pytest.mark.real
def test_a_code_is_shown_as_it_was(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "stays")
    go = fugue.directory / "go"
    script = f"echo waits; while [ ! -e {go} ]; do sleep 0.05; done; exit 7"
    pane = fugue("new-session", "-dPF", "#{pane_id}", "-s", "ends", "sh", "-c", script)
    fugue.wait_for("waits", pane)
    pid = int(fugue.format("#{pane_pid}", pane))
    server, keeper = without_server(fugue)
    go.touch()
    until("end of the process", lambda: not alive(pid))
    os.kill(keeper, signal.SIGCONT)
    fugue.wait_for_server(other_than=server)
    assert fugue.format("#{pane_dead}/#{pane_dead_status}", pane) == "1/7"


@pytest.mark.real
def test_terminal_queries_are_answered_once_around_kills(fugue: Running) -> None:
    script = fugue.directory / "asker.py"
    script.write_text(ASKER)
    fugue("new-session", "-d", "-s", "work", "python3", str(script), "3000")
    for wanted in (100, 1000, 2000):
        fugue.wait_for(f"answer {wanted}", "work")
        fugue.kill_server()
    until("end", lambda: any(word in fugue.screen("work") for word in ("\ndone", "\nextra")), 60)
    assert "extra" not in fugue.screen("work")
    lines = [line for line in fugue.history("work").splitlines() if line.startswith("answer")]
    assert lines[-1] == "answer 2999"
    assert lines == [f"answer {number}" for number in range(3000 - len(lines), 3000)]


@pytest.mark.real
def test_reattach_keeps_session_window_and_scroll_position(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "first", "-x", "80", "-y", "23")
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "23")
    fugue("new-window", "-t", "work:")
    fugue("send-keys", "-t", "work:1", "seq 1 500", "Enter")
    fugue.wait_for("\n500\n", "work:1")
    with fugue.attached("attach-session", "-t", "work:1") as client:
        client.wait_for("500")
        client.type(b"\x02[\x1b[5~\x1b[5~\x1b[5~")
        until("scrolling", lambda: int(fugue.format("#{scroll_position}", "work:1") or 0) > 40)
        place = fugue.format("#{scroll_position}", "work:1")
        fugue.kill_server()
        until("client", lambda: fugue("list-clients", "-F", "#{client_session}") == "work")
        assert fugue.format("#{window_index}", "work") == "1"
        assert fugue.format("#{scroll_position}", "work:1") == place
        client.type(b"qecho alive-$((40+2))\r")
        client.wait_for("alive-42")


@pytest.mark.real
def test_a_client_that_may_only_look_may_only_look_after_a_restart(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    with fugue.attached("attach-session", "-r", "-t", "work") as client:
        client.wait_for("[work]")
        fugue.kill_server()
        until("client", lambda: fugue("list-clients", "-F", "#{client_readonly}") == "1")


@pytest.mark.real
def test_the_first_attach_and_the_status_line_tell_of_a_recovery(fugue: Running) -> None:
    """Complaint: "reports success but restores nothing", "the result is logged only and no client ever sees it"."""
    fugue("new-session", "-d", "-s", "work")
    fugue("new-window", "-d", "-t", "work:")
    fugue.kill_everything()
    fugue("list-sessions")
    with fugue.attached("attach-session", columns=120) as client:
        client.wait_for("⟲ 2 respawned, recovered 2 panes, nothing lost")
        client.type(b"\r")
        client.wait_for("⟲ 2 respawned ")
        client.type(b"\x02R")
        client.wait_for("panes of the last recovery")
        client.wait_for("work:1 respawned")
        client.type(b"q")
    text = fugue("recovery")
    assert "loss: nothing" in text
    assert fugue.format("#{recovery_summary}") == "recovered 2 panes, nothing lost"
    assert fugue("recovery", "list").count("\n") == 1


@pytest.mark.real
def test_a_pane_that_failed_is_dropped_from_the_chooser(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    fugue("new-window", "-d", "-t", "work:")
    fugue("set-option", "-w", "-t", "work:1", "restore-policy", "none")
    fugue.kill_everything()
    fugue("list-sessions")
    with fugue.attached("attach-session", columns=120) as client:
        client.wait_for("respawned")
        client.type(b"\x02R")
        client.wait_for("drop %1")
        client.type(b"\x1b[B\x1b[B\x1b[B\r")
        until("pane gone", lambda: fugue("list-panes", "-a", "-F", "#{pane_id}") == "%0")
