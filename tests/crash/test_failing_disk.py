"""A failing disk under the real server: errors and delays of fdatasync and write, injected into its system calls.

Panes continue, nothing is acknowledged that is not durable, users are told once of each change of durability, and
logging resumes by itself. Afterwards everything that was acknowledged survives the death of all processes.
"""

import json
import resource
import shutil

import pytest

from tests.support.faults import injected, require
from tests.support.running import Running, until

NOT_DURABLE = "not on disk yet"
"""What a person is told of a change that is made and not durable; an answer without it is an acknowledgement."""

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _strace() -> None:
    require(programs=["strace"])


@pytest.fixture
def pane(fugue: Running) -> str:
    """A pane that echoes, in a session that has been there before the fault."""
    fugue("new-session", "-d", "-s", "work", "-n", "first", "-x", "100", "-y", "24", "cat")
    return "work:0"


def durability(fugue: Running) -> str:
    return str(json.loads(fugue("status", "--json"))["status"]["durability"])


def windows(fugue: Running) -> list[str]:
    return fugue("list-windows", "-t", "work", "-F", "#{window_name}").splitlines()


def echo(fugue: Running, pane: str, text: str) -> None:
    """The pane is still running: what is typed comes back from its program."""
    fugue.run("send-keys", "-t", pane, text, "Enter")
    until("echo", lambda: fugue.history(pane).count(text) >= 2)


def changes_of_durability(fugue: Running) -> list[str]:
    """What people were told, from the diagnostics, one word per change."""
    told = []
    for path in fugue.state.glob("*.log"):
        for line in path.read_text().splitlines():
            if '"durability"' in line or " durability" in line:
                word = line.partition("now")[2].strip('":= ').split()[0].strip('",}')
                told.append(word)
    return [word for at, word in enumerate(told) if at == 0 or told[at - 1] != word]


def assert_all_survives(fugue: Running, names: list[str], *texts: str) -> None:
    fugue.kill_everything()
    assert windows(fugue) == names
    history = fugue.history("work:0")
    for text in texts:
        assert text in history


def test_a_disk_that_refuses_to_sync_is_told_once_and_waited_for(fugue: Running, pane: str) -> None:
    fugue("set-option", "-g", "display-time", "0")  # messages stay until the next one
    with fugue.attached("attach-session", "-t", "work") as person:
        person.wait_for("0:first")
        with injected(fugue.server_pid(), "fdatasync:error=EIO"):
            refused = fugue.run("new-window", "-d", "-n", "unsure", "-t", "work:", "cat")
            assert NOT_DURABLE in refused.stderr, "acknowledged without durability"
            assert refused.returncode == 1
            until("lost durability", lambda: durability(fugue) == "lost")
            echo(fugue, pane, "while-lost")
            assert NOT_DURABLE in fugue.run("rename-window", "-t", "work:0", "other").stderr
            person.wait_for("durability lost")
        until("durability", lambda: durability(fugue) == "ok")
        person.wait_for("durability restored")
    assert changes_of_durability(fugue) in (["degraded", "lost", "ok"], ["lost", "ok"])
    fugue("new-window", "-d", "-n", "sure", "-t", "work:", "cat")
    echo(fugue, pane, "after-it")
    assert_all_survives(fugue, ["other", "unsure", "sure"], "after-it")


def test_one_failed_sync_costs_nobody_anything(fugue: Running, pane: str) -> None:
    with injected(fugue.server_pid(), "fdatasync:error=EIO:when=1"):
        fugue("new-window", "-d", "-n", "next", "-t", "work:", "cat")
        until("durability", lambda: durability(fugue) == "ok")
        echo(fugue, pane, "during")
        fugue("new-window", "-d", "-n", "after", "-t", "work:", "cat")
    assert changes_of_durability(fugue) == ["degraded", "ok"]
    assert_all_survives(fugue, ["first", "next", "after"], "during")


def test_writes_without_space_cost_no_acknowledged_change(fugue: Running, pane: str) -> None:
    faults = ("pwrite64:error=ENOSPC", "pwritev:error=ENOSPC", "fallocate:error=ENOSPC")
    with injected(fugue.server_pid(), *faults):
        echo(fugue, pane, "no space left")
        until("trouble", lambda: durability(fugue) != "ok")
        done = fugue.run("new-window", "-d", "-n", "unsure", "-t", "work:", "cat")
        assert NOT_DURABLE in done.stderr, "acknowledged without durability"
        echo(fugue, pane, "still none")
    until("durability", lambda: durability(fugue) == "ok")
    fugue("new-window", "-d", "-n", "sure", "-t", "work:", "cat")
    assert_all_survives(fugue, ["first", "unsure", "sure"])


def test_a_write_cut_short_is_gone_on_with_elsewhere(fugue: Running, pane: str) -> None:
    """A limit on the size of files cuts a write short, as a full disk does, and then refuses the rest."""
    server = fugue.server_pid()
    before = resource.prlimit(server, resource.RLIMIT_FSIZE)
    resource.prlimit(server, resource.RLIMIT_FSIZE, (12_345, before[1]))
    fugue.run("send-keys", "-t", pane, "x" * 3_000, "Enter")
    fugue.run("send-keys", "-t", pane, "y" * 3_000, "Enter")
    until("trouble", lambda: durability(fugue) != "ok")
    done = fugue.run("new-window", "-d", "-n", "unsure", "-t", "work:", "cat")
    assert NOT_DURABLE in done.stderr, "acknowledged without durability"
    resource.prlimit(server, resource.RLIMIT_FSIZE, before)
    until("durability", lambda: durability(fugue) == "ok")
    fugue("new-window", "-d", "-n", "sure", "-t", "work:", "cat")
    assert_all_survives(fugue, ["first", "unsure", "sure"])


def test_a_slow_disk_delays_answers_and_nothing_else(fugue: Running, pane: str) -> None:
    """Syncs take half a second, writes take 30 ms: panes do not wait for either."""
    faults = (
        "fdatasync:delay_exit=500000",
        "pwrite64:delay_exit=30000",
        "pwritev:delay_exit=30000",
    )
    with injected(fugue.server_pid(), *faults):
        for number in range(6):
            echo(fugue, pane, f"slow-{number}")
        fugue("new-window", "-d", "-n", "slow", "-t", "work:", "cat")
        assert durability(fugue) == "ok"
    log = "".join(path.read_text() for path in fugue.state.glob("*.log"))
    assert "disk.slow" in log
    assert_all_survives(fugue, ["first", "slow"], "slow-5")


def test_sigkill_in_the_midst_of_a_fault_loses_nothing_acknowledged(
    fugue: Running, pane: str
) -> None:
    """The pages of a failed sync look written and are not: the next server must not trust them."""
    fugue("new-window", "-d", "-n", "sure", "-t", "work:", "cat")
    with injected(fugue.server_pid(), "fdatasync:error=EIO"):
        fugue.run("new-window", "-d", "-n", "unsure", "-t", "work:", "cat")
        until("lost durability", lambda: durability(fugue) == "lost")
        fugue.kill_everything()
    assert windows(fugue)[:2] == ["first", "sure"]
    assert set(windows(fugue)[2:]) <= {"unsure"}


def test_every_segment_is_in_order_after_all_that(fugue: Running, pane: str) -> None:
    with injected(fugue.server_pid(), "fdatasync:error=EIO:when=2+3"):
        for number in range(6):
            fugue.run("new-window", "-d", "-n", f"w{number}", "-t", "work:", "cat")
    until("durability", lambda: durability(fugue) == "ok")
    fugue("rename-session", "-t", "work", "done")
    fugue.kill_everything()
    assert fugue("state", "verify", str(fugue.state)).splitlines()[-1] == "clean"


def test_a_state_directory_that_is_removed_under_the_server_is_durability_lost(
    fugue: Running, pane: str
) -> None:
    """The log's file would go on being synced, and nobody would ever find it: nothing may be acknowledged any more."""
    aside = fugue.state.with_name("aside")
    fugue.state.rename(aside)  # in its place by now there is nothing
    shutil.rmtree(aside)
    said = fugue.run("new-window", "-d", "-n", "late", "-t", "work:", "cat").stderr
    assert NOT_DURABLE in said
    assert "moved, removed or unmounted" in said
    assert durability(fugue) == "lost"
    echo(fugue, pane, "runs-on")
    assert NOT_DURABLE in fugue.run("rename-window", "-t", "work:late", "later").stderr
    assert windows(fugue) == ["first", "later"]
    assert durability(fugue) == "lost"
