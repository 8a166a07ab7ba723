"""SIGKILL of the server during floods: every byte that the processes wrote is shown once, in order.

`make kills ROUNDS=200` kills more often than usual. It prints the seed, and FUGUE_SEED repeats it.
"""

import os
import random
import select
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.changes import Changes
from tests.support.numbered_lines import writer_command
from tests.support.running import Running, until

KILLS = int(os.environ.get("FUGUE_ROUNDS") or "40")
SEED = int(os.environ.get("FUGUE_SEED") or "20")
SEQUENCES = 5
KILLS_PER_SEQUENCE = 4
PANES = 4
LINES_PER_BURST = 3_000 * 40 // max(KILLS, 40)
"""Fewer where the run is longer: all of them are in the history at the end."""


def start_floods(fugue: Running, stop: Path) -> list[str]:
    panes = []
    for number in range(PANES):
        command = writer_command(
            fugue, f"p{number}", lines=LINES_PER_BURST, seconds=0.05, stop=stop
        )
        if number == 0:
            fugue("new-session", "-d", "-s", "flood", "-x", "100", "-y", "24", "sleep", "1000")
            fugue("set-option", "-g", "history-limit", "10000000")
        panes.append(fugue("new-window", "-dPF", "#{pane_id}", "-t", "flood:", *command))
    for number, pane in enumerate(panes):
        until(f"begin of p{number}", lambda: f"p{number} line" in fugue.screen(pane))  # noqa: B023  # called at once
    return panes


def kill_at_random(fugue: Running, rng: random.Random, kills: int) -> None:
    server = fugue.server_pid()
    for _ in range(kills):
        select.select([], [], [], rng.uniform(0.0, 0.25))
        os.kill(server, signal.SIGKILL)
        server = fugue.wait_for_server(other_than=server)


def wait_for_ends(fugue: Running, panes: list[str]) -> None:
    for number, pane in enumerate(panes):
        until(f"end of p{number}", lambda: f"p{number} end " in fugue.screen(pane))  # noqa: B023  # called at once


def wrong_lines(fugue: Running, panes: list[str], *, ended: bool = False) -> list[str]:
    """The first line of each pane that is not what it must be. The last line may be half written, until the end."""
    wrong = []
    for number, pane in enumerate(panes):
        lines = fugue.history(pane).rstrip("\n").splitlines()
        count = len(lines) - 1
        expected = [f"p{number} line {n} of many" for n in range(1, count + 1)]
        expected.append(f"p{number} end {count}" if ended else lines[-1])
        if lines != expected:
            pairs = enumerate(zip(lines, expected, strict=True))
            at = next(i for i, (line, wanted) in pairs if line != wanted)
            wrong.append(f"{pane}: {lines[at]!r} instead of {expected[at]!r}")
    return wrong


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(300 + 5 * KILLS)
def test_a_flood_in_four_panes_survives_forty_kills(fugue: Running, tmp_path: Path) -> None:
    print(f"FUGUE_SEED={SEED}, {KILLS} kills")
    stop = tmp_path / "stop"
    panes = start_floods(fugue, stop)
    before = fugue.pane_pids()
    changes = Changes(fugue)
    changes.start()
    kill_at_random(fugue, random.Random(SEED), KILLS)
    changes.end()
    assert fugue.pane_pids() == before
    stop.touch()
    wait_for_ends(fugue, panes)
    assert wrong_lines(fugue, panes, ended=True) == []
    print(f"{len(changes.acknowledged)} acknowledged changes")
    assert changes.acknowledged
    assert changes.missing() == []


class WithoutRuntimeDirectory(Running):
    """As in a cron job or after `su`: XDG_RUNTIME_DIR is not set, and the socket has a path of its own."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        del self.environment["XDG_RUNTIME_DIR"]

    def run(
        self, *argv: str, stdin: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return super().run("-S", str(self.runtime / "socket"), *argv, stdin=stdin, **environment)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(300)
def test_without_a_runtime_directory_the_zone_is_with_the_state_and_as_good(tmp_path: Path) -> None:
    fugue = WithoutRuntimeDirectory(tmp_path)
    try:
        stop = tmp_path / "stop"
        panes = start_floods(fugue, stop)
        zones = list(fugue.state_home.rglob("landing"))
        assert [stat.S_IMODE(zone.stat().st_mode) for zone in zones] == [0o600]
        kill_at_random(fugue, random.Random(21), 10)
        stop.touch()
        wait_for_ends(fugue, panes)
        assert wrong_lines(fugue, panes, ended=True) == []
    finally:
        fugue.end()


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(300)
def test_numbers_are_there_once_and_in_order_after_twenty_kills(fugue: Running) -> None:
    """What `seq 1 300000` prints while the server is killed at random moments."""
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("set-option", "-g", "history-limit", "400000")
    rng = random.Random(7)
    for round_number in range(SEQUENCES):
        fugue("send-keys", "-t", "work", f"clear; seq 1 300000; echo done-{round_number}", "Enter")
        kill_at_random(fugue, rng, KILLS_PER_SEQUENCE)
        until("end", lambda n=round_number: f"\ndone-{n}\n" in fugue.screen("work"))  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        lines = fugue.history("work").splitlines()
        numbers = [line for line in lines if line.isdigit()]
        assert numbers == [str(n) for n in range(1, 300_001)]
        fugue("clear-history", "-t", "work")


@pytest.mark.real
def test_without_the_landing_zone_the_same_flood_loses_bytes(tmp_path: Path) -> None:
    """What the zone is for, and that the test above would notice: read into private memory, bytes die with the server."""
    fugue = Running(tmp_path, FUGUE_LANDING="off")
    try:
        stop = tmp_path / "stop"
        panes = start_floods(fugue, stop)
        rng = random.Random(20)
        wrong: list[str] = []
        for _ in range(10):
            kill_at_random(fugue, rng, KILLS_PER_SEQUENCE)
            wrong = wrong_lines(fugue, panes)
            if wrong:
                break
        assert wrong, (
            "nothing was lost without the landing zone: the flood does not show what it is for"
        )
    finally:
        fugue.end()
