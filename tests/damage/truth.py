"""A state directory as a real server leaves it, with everything that one can contain, and what must come back from
it.

It has several sessions, two generations of checkpoints, a save and a closed session, scrollback in packs, several
segments of the log, buffers, options at every level, a pipe, a pane in copy mode, the last screen of a program, older
recovery reports, a file in the quarantine, and output that was read and not yet logged when the server was killed.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from fuguemux.server.landing import zone as landing_zone
from tests.damage.facts import Facts
from tests.damage.kinds import STATE
from tests.damage.light_start import Plan, start
from tests.damage.real_start import SHAPE, Answers, real_start
from tests.damage.tree import Tree, read_tree, write_tree
from tests.support.running import Running, kill, until

CONFIGURATION = """
[persistence]
checkpoint_interval_secs = 3600
wal_segment_mb = 1
max_wal_size_mb = 1000
"""
SETTLE_SECONDS = 3.0
KILLS_MAX = 20


@dataclass
class Truth:
    """`tree` is the home directory: state and runtime directory. `facts` is what comes back of it undamaged."""

    home: Path
    environment: dict[str, str]
    tree: Tree
    older: Tree
    """The state directory of an earlier day, below the same home directory."""
    facts: Facts
    notes: list[str]
    """What the report notes although nothing is damaged."""
    answers: Answers
    """What a real start answers undamaged."""


def build(home: Path) -> Truth:
    """Let a real server make a state below `home`, kill it, and look what an undamaged start makes of it. Takes seconds.

    Raises AssertionError if that start does not bring everything back.
    """
    fugue = Running(home)
    fugue.config.write_text(CONFIGURATION)
    try:
        _first_life(fugue)
        older = read_tree(home)
        _second_life(fugue)
        _behind_the_checkpoint(fugue)
        rows = sorted(fugue("list-panes", "-a", "-F", SHAPE).splitlines())
        _killed_in_a_flood(fugue)
    finally:
        _kill_leftovers(fugue)
    tree = read_tree(home)
    outcome = start(Plan(fugue.environment, checkpoints=0))
    write_tree(home, tree)
    real, answers = real_start(home)
    write_tree(home, tree)
    assert not real.failed, real.failed
    assert not real.refused, real.refused
    assert [row for row in answers.rows if "|last|" not in row] == rows
    assert not outcome.failed, outcome.failed
    assert not outcome.refused, outcome.refused
    assert outcome.complete, outcome.told
    files = {name: data for name, data in older.files.items() if name.startswith(f"{STATE}/")}
    directories = tuple(name for name in older.directories if name.startswith(STATE))
    return Truth(
        home,
        fugue.environment,
        tree,
        Tree(files, directories),
        outcome.facts,
        [*outcome.notes, *real.notes],
        answers,
    )


def _lines(name: str, count: int) -> str:
    return f"stty -echo; seq -f '{name} %.0f' 1 {count}; exec cat"


def _first_life(fugue: Running) -> None:
    """A program with a last screen, and a file that is no segment: both are there after the first crash."""
    fugue("new-session", "-d", "-s", "a", "-x", "120", "-y", "40", "-n", "one", "cat")
    fugue("set-option", "-g", "history-limit", "20000")
    fugue("send-keys", "-t", "a:one", "sleep 1000 is here", "Enter")
    fugue.wait_for("sleep 1000 is here", "a:one")
    fugue.kill_everything()
    stray = fugue.state / "wal" / f"{0xFFFFFFFF:016x}.wal"
    stray.write_bytes(b"not a segment" * 1000)
    stray.chmod(0o600)


def _second_life(fugue: Running) -> None:
    for number in range(3):
        line = _lines(f"pane{number}", 1500 + number)
        pane = fugue("split-window", "-dPF", "#{pane_id}", "-t", "a:one", line)
        fugue.wait_for(f"pane{number} {1500 + number}", pane)
    fugue("select-layout", "-t", "a:one", "tiled")
    red = "printf '\\033[31mred\\033[0m\\n'; " + _lines("two", 2500)
    fugue("new-window", "-d", "-t", "a:", "-n", "two", red)
    fugue("new-session", "-d", "-s", "b", "-x", "90", "-y", "30", "-n", "bw", _lines("b", 1200))
    fugue("new-session", "-d", "-s", "closed", _lines("closed", 300))
    for text, pane in (("two 2500", "a:two"), ("b 1200", "b"), ("closed 300", "closed")):
        fugue.wait_for(text, pane)
    fugue("checkpoint")
    fugue("kill-session", "-t", "closed")
    fugue("set-option", "-p", "-t", "a:two", "@mark", "m1")
    fugue("select-pane", "-t", "b", "-T", "titled")
    fugue("set-buffer", "-b", "buf", "content of a buffer")
    fugue("set-environment", "-g", "DAMAGE_RUN", "value")
    fugue("bind-key", "F5", "display-message", "bound")
    until("closed session", lambda: list((fugue.state / "checkpoints").glob("SAVE-*")))
    fugue("checkpoint", "-s", "mysave")
    fugue("send-keys", "-t", "b", "typed after the second checkpoint", "Enter")
    fugue.wait_for("typed after the second checkpoint", "b")
    fugue("rename-window", "-t", "b:bw", "renamed")
    fugue("checkpoint")


def _behind_the_checkpoint(fugue: Running) -> None:
    """What the log alone has: several segments of output that does not compress, and changes."""
    flood = "stty -echo; head -c 2000000 /dev/urandom | base64 -w 100; echo flood-is-over; exec cat"
    fugue("split-window", "-d", "-t", "a:two", flood)
    fugue.wait_for("flood-is-over", "a:two.1")
    fugue("send-keys", "-t", "a:two.0", "behind the last checkpoint", "Enter")
    fugue.wait_for("behind the last checkpoint", "a:two.0")
    fugue("split-window", "-d", "-h", "-t", "b", _lines("late", 1800))
    fugue.wait_for("late 1800", "b:renamed.1")
    fugue("set-option", "-g", "@late", "yes")
    fugue("set-buffer", "-b", "late", "a buffer behind the checkpoint")
    fugue("resize-pane", "-Z", "-t", "a:one.1")
    fugue("rename-session", "-t", "b", "bee")
    fugue("pipe-pane", "-o", "-t", "a:two.0", "cat > /dev/null")
    fugue("copy-mode", "-t", "a:one.2")
    with fugue.attached("attach-session", "-t", "a") as client:  # when who was where is kept
        client.wait_for("[a]")
    until("attached", lambda: (fugue.state / "attached").exists())


def _killed_in_a_flood(fugue: Running) -> None:
    """SIGKILL of everything, until the landing zone holds something that was read and perhaps not logged."""
    writer = "stty -echo; exec seq -f 'last line %.0f' 1 100000000"
    fugue("new-window", "-d", "-t", "a:", "-n", "last", writer)
    fugue.wait_for("last line", "a:last")  # a number may be out of the history before anybody looks
    deadline = time.monotonic() + SETTLE_SECONDS
    zone = fugue.runtime / "fugue" / "default.landing"
    if not zone.exists():
        zone = fugue.state / "landing"
    store = (fugue.state / "STORE").read_text().strip()
    server, keeper, panes = fugue.server_pid(), fugue.keeper_pid(), fugue.pane_pids()
    while time.monotonic() < deadline:  # a look at a living zone may find it empty
        os.kill(server, signal.SIGSTOP)
        until("stop of the server", lambda: _stopped(server))
        copy = fugue.directory / "copy-of-the-zone"  # the zone itself is locked
        copy.write_bytes(zone.read_bytes())
        found = landing_zone.recover(str(copy), store=store).salvaged
        copy.unlink()
        if found:
            break
        os.kill(server, signal.SIGCONT)
    os.kill(keeper, signal.SIGSTOP)  # so that it starts no other server
    kill(server)
    kill(keeper, *panes)


def _stopped(pid: int) -> bool:
    """Whether every thread of the process is stopped."""
    stats = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


def _kill_leftovers(fugue: Running) -> None:
    until("end of everything", lambda: not fugue._kill_leftovers())  # without a clean stop
