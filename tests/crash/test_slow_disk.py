"""A disk on which every write and every sync is slow, and SIGKILL while the log is behind the output that is shown.

Panes write numbered lines, one client watches them, and another one makes changes. Afterwards everything that was
shown or acknowledged must exist. `make slow-disk ROUNDS=50` runs more rounds than the usual few; each prints its
seed.
"""

import os
import random
import signal
from pathlib import Path

import pytest

from tests.support.changes import Changes
from tests.support.faults import injected, require
from tests.support.numbered_lines import wait_for_end, watch, writer_command, wrong_line
from tests.support.running import Running, kill

ROUNDS = int(os.environ.get("FUGUE_ROUNDS", "2"))
SEED = int(os.environ.get("FUGUE_SEED") or "0") or random.SystemRandom().randrange(1, 10**6)
DEFERRED = " disk.slow "
ROUNDS_SURE = 10
"""So many rounds have some in which the disk was slow for long enough."""
PANES = ("left", "right")
WRITES_MS = (25, 60)
"""Longer than what a write may take before the log is written beside the loop (flusher.SLOW_WRITE_SECONDS)."""
SYNCS_MS = (50, 800)

pytestmark = [pytest.mark.real, pytest.mark.slow]


def faults(rng: random.Random) -> list[str]:
    """Delays of this round, as `strace -e inject=` says them."""
    write, sync = rng.randint(*WRITES_MS), rng.randint(*SYNCS_MS)
    found = [f"{call}:delay_enter={write * 1000}" for call in ("pwrite64", "pwritev")]
    return found + [f"{call}:delay_enter={sync * 1000}" for call in ("fdatasync", "fsync")]


def begin(fugue: Running, stop: Path) -> dict[str, str]:
    """Two panes beside each other that write numbered lines; their ids by name."""
    left, right = (writer_command(fugue, name, lines=3, seconds=0.02, stop=stop) for name in PANES)
    fugue("new-session", "-d", "-s", "work", "-x", "100", "-y", "24", *left)
    fugue("set-option", "-g", "history-limit", "1000000")
    fugue("split-window", "-h", "-d", "-t", "work", *right)
    ids = fugue("list-panes", "-t", "work", "-F", "#{pane_id}").split()
    return dict(zip(PANES, ids, strict=True))


def one_round(fugue: Running, rng: random.Random) -> bool:
    """Whether the server that was killed had its log written by a thread: only then something waits in the zone alone."""
    stop = fugue.directory / "stop"
    panes = begin(fugue, stop)
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    both = rng.random() < 0.5
    shown = dict.fromkeys(PANES, 0)
    changes = Changes(fugue)
    with fugue.attached("attach-session", "-t", "work", columns=100) as person:
        for name in PANES:
            person.wait_for(f"{name} line ")
        with injected(server, *faults(rng)):
            changes.start()
            watch(person, shown, rng.uniform(0.3, 3.0))
            if both:
                os.kill(keeper, signal.SIGSTOP)  # so that it starts no other server in between
            os.kill(server, signal.SIGKILL)
            person.read()
        kill(server)
        if both:
            kill(keeper)
    deferred = DEFERRED in (fugue.state / "server.log").read_text()
    changes.end()
    fugue("start-server")
    fugue.wait_for_server(other_than=server)
    if not both:
        stop.touch()
        for name, pane in panes.items():
            wait_for_end(fugue, pane, name)
    for name, pane in panes.items():
        assert shown[name], f"nobody saw {name}"
        wrong = wrong_line(fugue.history(pane), name, ended=not both, last=shown[name])
        assert not wrong, f"shown to line {shown[name]}, killed {both=}: {wrong}"
    missing = changes.missing()
    assert not missing, f"{len(missing)} of {len(changes.acknowledged)} acknowledged changes"
    return deferred


@pytest.mark.timeout(60 + 60 * ROUNDS)
def test_what_was_shown_and_acknowledged_outlives_a_kill_on_a_slow_disk(tmp_path: Path) -> None:
    require(programs=["strace"])
    print(f"FUGUE_SEED={SEED}, {ROUNDS} rounds")
    failures, deferred = [], 0
    for number in range(ROUNDS):
        seed = SEED + number
        directory = tmp_path / str(number)
        fugue = Running(directory)
        try:
            deferred += one_round(fugue, random.Random(seed))
        except AssertionError as error:
            failures.append(f"FUGUE_SEED={seed} FUGUE_ROUNDS=1: {str(error).splitlines()[0]}")
            print(failures[-1], flush=True)
        finally:
            fugue.end()
    print(f"the log was written by a thread at the kill in {deferred} rounds")
    assert not failures, "\n".join(failures)
    assert deferred or ROUNDS < ROUNDS_SURE, "no round was about what waits in the zone"
