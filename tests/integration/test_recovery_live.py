"""Panes whose processes live on while there is no server: no output is lost, doubled or shown in another pane.

Complaints: "server panics take all running processes", "recovery note wanted", "pane visible, input dead".
"""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.support.failpoint_run import reaped
from tests.support.running import Running, alive, kill, until

REQUESTER = r"""
import os, select, sys, tty
tty.setraw(0)
checked = -1
for number in range(int(sys.argv[1])):
    os.write(1, b"\x1b[6n")
    heard = b""
    while not heard.endswith(b"R"):
        heard = heard[-40:] + os.read(0, 1)
        if heard.endswith(b"!"):  # the test asks whether an answer is missing: answers come in order, so ask for another
            checked = number
            os.write(1, b"\x1b[c")
            heard = b""
        elif heard.endswith(b"c"):
            if checked == number:
                print(f"lost {number}", end="\r\n", flush=True)
                os.write(1, b"\x1b[6n")
            checked = -1
            heard = b""
    print(f"answer {number}", end="\r\n", flush=True)
os.write(1, b"\x1b[c")
heard = b""
while not heard.endswith(b"c"):
    heard += os.read(0, 1)
print("extra" if b"R" in heard else "done", end="\r\n", flush=True)
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
    assert fugue.format("#{pane_restore_status}", pane) == "held-dead(7)"


@pytest.mark.real
def test_terminal_queries_are_answered_once_around_kills(fugue: Running) -> None:
    """Never twice; and not at all only if the server died between its note of an answer and the write of it."""
    script = fugue.directory / "requester.py"
    script.write_text(REQUESTER)
    fugue("new-session", "-d", "-s", "work", "python3", str(script), "3000")
    for wanted in (100, 1000, 2000):
        fugue.wait_for(f"answer {wanted}", "work")
        fugue.kill_server()
        fugue("send-keys", "-t", "work", "-l", "!")  # behind every answer that was owed
    until("end", lambda: any(word in fugue.screen("work") for word in ("\ndone", "\nextra")), 60)
    assert "extra" not in fugue.screen("work")
    lines = fugue.history("work").splitlines()
    answers = [line for line in lines if line.startswith("answer")]
    assert answers[-1] == "answer 2999"
    assert answers == [f"answer {number}" for number in range(3000 - len(answers), 3000)]
    assert sum(line.startswith("lost") for line in lines) <= 3, "one kill costs one answer at most"


@pytest.mark.real
def test_a_query_that_was_read_and_not_answered_is_answered_by_the_next_server(
    tmp_path: Path,
) -> None:
    """The server dies after it logged the query and before it answers."""
    with reaped(tmp_path, "output.logged") as (fugue, reaper):
        fugue("new-session", "-d", "-s", "work", "cat")
        ask = r"""stty raw -echo; printf '\033[6n'; head -c 6 | cat -v; printf '\r\nheard\r\n'; exec cat"""
        go = fugue.directory / "go"
        script = f"echo waits; while [ ! -e {go} ]; do sleep 0.05; done; {ask}"
        fugue("new-window", "-d", "-t", "work:5", "sh", "-c", script)
        fugue.wait_for("waits", "work:5")
        reaper.arm()
        go.touch()
        assert reaper.killed.wait(30)
        fugue.wait_for_server()
        fugue.wait_for("heard", "work:5")
        assert fugue.history("work:5").split() == ["waits", "^[[2;1R", "heard"]


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
        place = str(3 * (23 - 2))  # a page is two rows less than the window
        until("three pages", lambda: fugue.format("#{scroll_position}", "work:1") == place)
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
        client.wait_for("fugue: 2 panes are back as new shells. Output and changes: complete.")
        client.type(b"\r")
        client.wait_for("⟲ 2 new shells")
        client.type(b"\x02R")
        client.wait_for("panes of the last recovery")
        client.wait_for("work:1 new shell")
        client.type(b"q")
    text = fugue("recovery")
    assert fugue.format("#{recovery_summary}") in text.splitlines()[0]
    assert "LSN" not in text
    assert "output and changes lost: nothing" in fugue("recovery", "-v")
    assert fugue("recovery", "list").count("\n") == 1


@pytest.mark.real
def test_a_pane_that_failed_is_dropped_from_the_chooser(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    fugue("new-window", "-d", "-t", "work:")
    fugue("set-option", "-w", "-t", "work:1", "restore-policy", "none")
    fugue.kill_everything()
    fugue("list-sessions")
    with fugue.attached("attach-session", columns=120) as client:
        client.wait_for("waits for Enter")
        client.type(b"\x02R")
        client.wait_for("drop %1")
        client.type(b"\x1b[B\x1b[B\x1b[B\r")
        until("pane gone", lambda: fugue("list-panes", "-a", "-F", "#{pane_id}") == "%0")
