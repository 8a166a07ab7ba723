"""A soft limit of open files that is much lower than the hard limit: it does not limit panes, and programs see it
unchanged."""

import resource
import subprocess
from pathlib import Path

import pytest

from tests.support.running import PROGRAM, Running, kill, until

SOFT, HARD = 24, 4000
LIMIT = "ulimit -Sn"

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/limits").exists(), reason="limits of other processes are read from /proc"
)


def soft_limit(pid: int) -> int:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Max open files")).split()[3])


def begin(fugue: Running, *argv: str) -> None:
    """A command of somebody whose shell has the small limit: it starts keeper and server."""
    done = subprocess.run(
        [PROGRAM, *argv],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, HARD)),
        env=fugue.environment,
        cwd=fugue.directory,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def programs_see(fugue: Running, name: str) -> tuple[str, str, str]:
    """What a pane, run-shell and pipe-pane have as their limit."""
    files = [fugue.directory / f"{name}-{kind}" for kind in ("pane", "shell", "pipe")]
    pane, shell, pipe = files
    fugue("new-window", "-d", "-t", "work:", f"{LIMIT} > {pane}.tmp; mv {pane}.tmp {pane}")
    fugue("run-shell", f"{LIMIT} > {shell}")
    fugue("pipe-pane", "-t", "work:0", f"{LIMIT} > {pipe}.tmp; mv {pipe}.tmp {pipe}")
    until("what programs see", lambda: all(file.exists() for file in files))
    fugue("pipe-pane", "-t", "work:0")
    return pane.read_text().strip(), shell.read_text().strip(), pipe.read_text().strip()


def test_the_limit_is_raised_and_no_program_sees_that_whoever_starts_it(fugue: Running) -> None:
    begin(fugue, "new-session", "-d", "-s", "work", "cat")
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    assert (soft_limit(server), soft_limit(keeper)) == (HARD, HARD)
    assert programs_see(fugue, "first") == (str(SOFT),) * 3

    server = fugue.kill_server()
    assert soft_limit(server) == HARD
    assert programs_see(fugue, "next-server") == (str(SOFT),) * 3

    kill(keeper)
    assert programs_see(fugue, "next-keeper") == (str(SOFT),) * 3, "a window waits for the next one"


def test_more_panes_than_the_soft_limit_has_descriptors(fugue: Running) -> None:
    begin(fugue, "new-session", "-d", "-s", "work", "cat")
    for number in range(SOFT):
        fugue("new-window", "-d", "-t", "work:", "-n", f"w{number}", "cat")
    assert len(fugue("list-windows", "-t", "work").splitlines()) == SOFT + 1


@pytest.mark.parametrize("limit", [20, 30])
def test_with_too_few_for_a_server_none_is_left_behind(fugue: Running, limit: int) -> None:
    """One that lets nobody in cannot be told to end either."""
    done = subprocess.run(
        [PROGRAM, "new-session", "-d", "-s", "work", "cat"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
        env=fugue.environment,
        cwd=fugue.directory,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert f"limit of open files of one program is {limit}, and 36 are needed" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "error connecting to" in fugue.refused("-N", "list-sessions"), "no socket was made"


def begin_at_limit(fugue: Running, limit: int) -> None:
    done = subprocess.run(
        [PROGRAM, "new-session", "-d", "-s", "work", "-n", "first", "cat"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
        env=fugue.environment,
        cwd=fugue.directory,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_at_the_true_limit_a_pane_is_refused_and_everything_else_goes_on(fugue: Running) -> None:
    limit = 42
    begin_at_limit(fugue, limit)
    refusal = ""
    while not refusal:
        done = fugue.run("new-window", "-d", "-t", "work:", "cat")
        refusal = done.stderr
    assert f"the limit of open files of one program is reached ({limit}, " in refusal
    windows, processes = fugue("list-windows", "-t", "work"), fugue.pane_pids()
    assert len(windows.splitlines()) == len(processes) > 2, "nothing of the refused one is left"
    assert fugue.refused("split-window", "-d", "-t", "work:first") == refusal.removesuffix("\n")
    reason = refusal[refusal.index("the limit") :].removesuffix("\n")
    assert fugue.refused("pipe-pane", "-t", "work:first", "cat") == f"pipe-pane: {reason}"
    assert fugue.format("#{pane_pipe}", "work:first") == "0"
    assert fugue("run-shell", "echo out") == "out"
    assert fugue("checkpoint").startswith("checkpoint ")
    assert "durability     ok" in fugue("status")

    keeper = fugue.keeper_pid()
    fugue.kill_server()
    assert fugue.pane_pids() == processes, "a server that follows takes all over"
    kill(keeper)
    assert fugue.pane_pids() == processes
    assert fugue.refused("new-window", "-d", "-t", "work:", "cat") == refusal.removesuffix("\n")
    fugue("kill-window", "-t", "work:1")
    fugue("kill-window", "-t", "work:2")  # what is open besides panes is not quite the same now
    fugue("new-window", "-d", "-t", "work:1", "cat")
    assert len(fugue.pane_pids()) == len(processes) - 1
    assert fugue("checkpoint").startswith("checkpoint ")
