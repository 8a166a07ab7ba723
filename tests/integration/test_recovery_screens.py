"""A server answers before it has rebuilt all screens. The test holds the thread that rebuilds them, so nothing
depends on time."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running, kill, until, wait_dead

POINT = "recovery.screen_rebuilt"
PANES = 5
LINES = 400

Started = tuple[Running, FailpointListener]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """Some panes with history. Every later server is held when its thread has rebuilt one screen."""
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment(f"{POINT}=pause@1"))
        try:
            fugue("new-session", "-d", "-s", "work", "-x", "90", "-y", "20", shows(0))
            for number in range(1, PANES):
                fugue("new-window", "-d", "-t", f"work:{number}", shows(number))
            for number in range(PANES):
                fugue.wait_for(f"end of {number}", f"work:{number}")
            commands = ("list-panes", "-a", "-F", "#{pane_current_command}")
            until("cat everywhere", lambda: fugue(*commands).split() == ["cat"] * PANES)
            yield fugue, points
        finally:
            fugue.end()


def shows(number: int) -> str:
    return (
        f"for i in $(seq {LINES}); do echo {number}: line $i; done; echo end of {number}; exec cat"
    )


def status(fugue: Running) -> dict[str, object]:
    found = json.loads(fugue("status", "--json"))["status"]
    assert isinstance(found, dict)
    return found


def waiting(fugue: Running) -> int:
    recovery = status(fugue)["recovery"]
    assert isinstance(recovery, dict)
    return int(recovery["screens_waiting"])


def texts(fugue: Running) -> list[str]:
    return [fugue.history(f"work:{number}", "-e") for number in range(PANES)]


def crash(fugue: Running, points: FailpointListener, life: int) -> int:
    """Kill the server, and wait until the next one is held; its pid."""
    kill(fugue.server_pid())
    return points.wait(POINT, life)


@pytest.mark.real
def test_commands_are_answered_while_screens_wait(started: Started) -> None:
    fugue, points = started
    before = texts(fugue)
    shape = fugue("list-panes", "-a", "-F", "#{window_layout} #{pane_pid} #{pane_current_command}")
    held = crash(fugue, points, 1)
    assert fugue.wait_for_server() == held
    # Whatever asks for no screen builds none; the one that the thread has is not taken over yet.
    assert waiting(fugue) >= PANES - 1
    assert (
        fugue("list-panes", "-a", "-F", "#{window_layout} #{pane_pid} #{pane_current_command}")
        == shape
    )
    fugue("rename-window", "-t", "work:3", "three")
    fugue("set-option", "-g", "history-limit", "3000")
    assert waiting(fugue) >= PANES - 1
    # Keys and what comes of them; a screen that somebody asks for.
    fugue("send-keys", "-t", "work:4", "typed meanwhile", "Enter")
    until("echo", lambda: fugue.history("work:4").count("typed meanwhile") == 2)
    assert fugue.history("work:2", "-e") == before[2]
    fugue("kill-window", "-t", "work:3")
    left = waiting(fugue)
    assert 0 < left < PANES - 1
    points.answer(POINT)
    until("all screens", lambda: waiting(fugue) == 0)
    assert fugue("checkpoint").startswith("checkpoint ")
    assert fugue.history("work:0", "-e") == before[0]
    assert fugue.history("work:1", "-e") == before[1]
    assert fugue.history("work:4", "-e").startswith(before[4].rstrip("\n"))


@pytest.mark.real
def test_a_client_sees_its_window_and_resizes_all_of_them_while_screens_wait(
    started: Started,
) -> None:
    fugue, points = started
    crash(fugue, points, 1)
    fugue.wait_for_server()
    with fugue.attached(columns=60, rows=15) as client:
        client.wait_for("end of 0")
        fugue("resize-window", "-t", "work:3", "-x", "50", "-y", "10")
        assert waiting(fugue) > 0
        points.answer(POINT)
        until("all screens", lambda: waiting(fugue) == 0)
        assert fugue.format("#{pane_width}x#{pane_height}", "work:3") == "50x10"
        expected = [f"3: line {number}" for number in range(1, LINES + 1)]
        assert fugue.history("work:3").splitlines()[:LINES] == expected
        assert fugue.screen("work:3").splitlines()[-1] == "end of 3"


@pytest.mark.real
def test_kills_in_the_middle_of_rebuilding_lose_nothing_and_end_in_a_start_that_rebuilds_first(
    started: Started,
) -> None:
    fugue, points = started
    fugue("checkpoint")
    for number in range(PANES):
        fugue("send-keys", "-t", f"work:{number}", f"behind the checkpoint {number}", "Enter")
        fugue.wait_for(f"behind the checkpoint {number}\nbehind", f"work:{number}")
    before = texts(fugue)
    for life in range(1, 4):
        crash(fugue, points, life)
        fugue.wait_for_server()
        assert waiting(fugue) > 0
    kill(fugue.server_pid())  # the third that ended in the middle of it
    fugue.wait_for_server()
    assert waiting(fugue) == 0
    with pytest.raises(TimeoutError):
        points.wait(POINT, 4, timeout_s=0.0)
    assert texts(fugue) == before
    crash(fugue, points, 4)  # that one came to its end: it is as at first
    fugue.wait_for_server()
    assert waiting(fugue) > 0
    assert texts(fugue) == before
    points.answer(POINT)


@pytest.mark.real
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_checkpoint_in_the_middle_of_rebuilding_keeps_what_the_others_need(
    started: Started, end: signal.Signals
) -> None:
    """The interval's, or the one of a stop: screens that wait stay what the last one has, and the log behind it."""
    fugue, points = started
    fugue("checkpoint")
    for number in range(PANES):
        fugue("send-keys", "-t", f"work:{number}", f"seq 1 300 {number}", "Enter")
        fugue.wait_for(f"seq 1 300 {number}\nseq", f"work:{number}")
    before = texts(fugue)
    fugue.config.write_text("[persistence]\ncheckpoint_interval_secs = 1\n")
    held = crash(fugue, points, 1)
    fugue.wait_for_server()
    fugue("send-keys", "-t", "work:4", "more", "Enter")
    until("echo", lambda: fugue.history("work:4").count("more") == 2)
    until("checkpoint", lambda: '"interval"' in json.dumps(status(fugue)["checkpoint"]))
    assert waiting(fugue) > 0
    if end is signal.SIGKILL:
        kill(held)
    else:
        os.kill(held, end)
        points.answer(POINT)
        wait_dead(held)
    fugue("start-server")
    points.answer(POINT)
    fugue.wait_for_server(other_than=held)
    after = texts(fugue)
    if end is signal.SIGKILL:
        assert after[:4] == before[:4]
        assert after[4].startswith(before[4].rstrip("\n"))
    else:  # the processes ended: everything is above the line that says so
        for number in range(PANES):
            assert after[number].startswith(before[number].rstrip("\n"))
            assert "restored" in after[number]
    kept = "nothing lost" if end is signal.SIGKILL else "Output and changes: complete"
    assert kept in fugue("recovery")


@pytest.mark.real
def test_after_a_reboot_processes_start_while_screens_wait(started: Started) -> None:
    fugue, points = started
    before = texts(fugue)
    fugue.kill_everything()
    fugue("start-server")
    points.wait(POINT)
    fugue.wait_for_server()
    assert waiting(fugue) >= PANES - 1
    assert len(fugue.pane_pids()) == PANES
    assert 0 not in fugue.pane_pids()
    fugue("send-keys", "-t", "work:1", "echo $((40 + 2))", "Enter")
    fugue.wait_for("\n42\n", "work:1")
    assert waiting(fugue) > 0
    points.answer(POINT)
    until("all screens", lambda: waiting(fugue) == 0)
    for number, text in enumerate(texts(fugue)):
        assert text.startswith(before[number].rstrip("\n"))
        restored = fugue.history(f"work:{number}").partition(f"end of {number}\n")[2]
        assert restored.startswith("── restored ")
        fugue.wait_for("$", f"work:{number}")
