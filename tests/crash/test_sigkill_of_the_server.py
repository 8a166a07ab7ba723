"""SIGKILL of the server under floods: every byte that the processes wrote is there once, in order."""

import os
import random
import select
import signal
from pathlib import Path

import pytest

from tests.support.running import Running, until

KILLS = 40
PANES = 4
LINES_PER_BURST = 3_000

WRITER = r"""
import os, sys, time
name, lines, stop = sys.argv[1], int(sys.argv[2]), sys.argv[3]
number = 0
out = sys.stdout
while not os.path.exists(stop):
    for _ in range(lines):
        number += 1
        out.write("%s line %d of many\n" % (name, number))
    out.flush()
    time.sleep(0.05)
out.write("%s end %d\n" % (name, number))
out.flush()
time.sleep(1000)
"""


def start_floods(fugue: Running, stop: Path) -> list[str]:
    script = fugue.directory / "writer.py"
    script.write_text(WRITER)
    panes = []
    for number in range(PANES):
        command = ["python3", str(script), f"p{number}", str(LINES_PER_BURST), str(stop)]
        if number == 0:
            fugue("new-session", "-d", "-s", "flood", "-x", "100", "-y", "24", "sleep", "1000")
            fugue("set-option", "-g", "history-limit", "10000000")
        panes.append(fugue("new-window", "-dPF", "#{pane_id}", "-t", "flood:", *command))
    return panes


def kill_at_random(fugue: Running, rng: random.Random, kills: int) -> None:
    server = fugue.server_pid()
    for _ in range(kills):
        select.select([], [], [], rng.uniform(0.0, 0.25))
        os.kill(server, signal.SIGKILL)
        server = fugue.wait_for_server(other_than=server)


def wrong_lines(fugue: Running, panes: list[str]) -> list[str]:
    wrong = []
    for number, pane in enumerate(panes):
        lines = fugue.history(pane).splitlines()
        count = len([line for line in lines if " line " in line])
        expected = [f"p{number} line {n} of many" for n in range(1, count + 1)]
        expected.append(f"p{number} end {count}")
        if lines[: len(expected)] != expected:
            at = next(
                i for i, pair in enumerate(zip(lines, expected, strict=False)) if pair[0] != pair[1]
            )
            wrong.append(f"{pane}: {lines[at]!r} instead of {expected[at]!r}")
    return wrong


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(300)
def test_a_flood_in_four_panes_survives_forty_kills(fugue: Running, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    panes = start_floods(fugue, stop)
    before = fugue.pane_pids()
    kill_at_random(fugue, random.Random(20), KILLS)
    assert fugue.pane_pids() == before
    stop.touch()
    for number, pane in enumerate(panes):
        until(f"end of p{number}", lambda pane=pane, n=number: f"p{n} end " in fugue.screen(pane))  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
    assert wrong_lines(fugue, panes) == []


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(300)
def test_numbers_are_there_once_and_in_order_after_twenty_kills(fugue: Running) -> None:
    """What `seq 1 300000` prints while the server is killed at random moments."""
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("set-option", "-g", "history-limit", "400000")
    rng = random.Random(7)
    for round_number in range(20):
        fugue("send-keys", "-t", "work", f"clear; seq 1 300000; echo done-{round_number}", "Enter")
        server = fugue.server_pid()
        select.select([], [], [], rng.uniform(0.0, 0.4))
        os.kill(server, signal.SIGKILL)
        fugue.wait_for_server(other_than=server)
        until("end", lambda n=round_number: f"\ndone-{n}\n" in fugue.screen("work"))  # type: ignore[misc]  # the same
        lines = fugue.history("work").splitlines()
        numbers = [line for line in lines if line.isdigit()]
        assert numbers == [str(n) for n in range(1, 300_001)]
        fugue("clear-history", "-t", "work")
