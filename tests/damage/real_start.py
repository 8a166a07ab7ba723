"""A start of server and keeper by the command line, and what their answers say afterwards.

As `light_start`, which is many times quicker. Here the programs of panes are started as well.
"""

import ctypes
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.damage.light_start import Outcome
from tests.support.running import PROGRAM, Running, until

SHAPE = (
    "#{session_name}|#{window_index}|#{window_name}|#{window_layout}|#{window_active}|#{pane_index}|#{pane_id}|"
    "#{pane_title}|#{@mark}|#{window_zoomed_flag}"
)
SECONDS_MAX = 180
RESTORED = "── restored "
PR_CAPBSET_DROP = 24
CAPABILITIES = 41
CHECKPOINTS = 2


@dataclass
class Answers:
    """What a person is answered."""

    rows: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """Of each pane, what it has above the line that says it was restored."""
    buffers: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)


class Bound(Running):
    """A fugue that is bound by owners and permissions although root runs it."""

    def run(
        self, *argv: str, stdin: str | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *argv],
            env={**self.environment, **environment},
            cwd=self.directory,
            input=stdin or "",
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=SECONDS_MAX,
            preexec_fn=_drop_bounding_set,
        )

    def kill_all(self) -> None:
        """Kill every process at once, without a clean stop."""
        until("end of everything", lambda: not self._kill_leftovers())


def _drop_bounding_set() -> None:
    """The program that is executed next has no capability, whoever its user is."""
    if os.geteuid() == 0 and sys.platform == "linux":
        libc = ctypes.CDLL(None)
        for number in range(CAPABILITIES):
            libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)


@dataclass
class Inspection:
    """What `fugue state verify` and `fugue state list` make of a state directory."""

    clean: bool = False
    """Whether verify says that nothing is damaged or missing."""
    broken: str = ""
    """What is wrong with how they answered."""


def inspected(home: Path) -> Inspection:
    """Ask both; no server runs. Blocks for about a second."""
    fugue, found = Bound(home), Inspection()
    for verb in ("list", "verify"):
        try:
            done = fugue.run("state", verb)
        except subprocess.TimeoutExpired:
            found.broken = f"state {verb}: no answer within {SECONDS_MAX} s"
            continue
        if "Traceback" in done.stderr or done.returncode not in (0, 1, 2):
            found.broken = f"state {verb}: {done.returncode} {done.stderr.strip()[-300:]}"
        found.clean = verb == "verify" and done.returncode == 0
    return found


def real_start(home: Path) -> tuple[Outcome, Answers]:
    """Start, ask, take checkpoints, and kill everything. Blocks for a second or two."""
    fugue, outcome, answers = Bound(home), Outcome(), Answers()
    try:
        _ask(fugue, outcome, answers)
    except subprocess.TimeoutExpired as hangs:
        outcome.failed = f"no answer within {SECONDS_MAX} s: {hangs.cmd[1:]}"
    finally:
        fugue.kill_all()
    return outcome, answers


def _ask(fugue: Bound, outcome: Outcome, answers: Answers) -> None:
    done = fugue.run("list-panes", "-a", "-F", SHAPE)
    if done.returncode != 0:
        outcome.refused = done.stderr.strip() or f"exit code {done.returncode} without a word"
        if "Traceback" in done.stderr:
            outcome.failed = done.stderr
        return
    answers.rows = sorted(done.stdout.splitlines())
    panes = fugue.run("list-panes", "-a", "-F", "#{pane_id}").stdout.split()
    for pane in panes:
        text = fugue.run("capture-pane", "-pJ", "-S", "-", "-t", pane).stdout
        answers.texts[pane] = text.partition(RESTORED)[0].rstrip()
    names = fugue.run("list-buffers", "-F", "#{buffer_name}").stdout.split()
    answers.buffers = sorted(
        f"{name}: {fugue.run('show-buffer', '-b', name).stdout}" for name in names
    )
    answers.options = sorted(fugue.run("show-options", "-g").stdout.splitlines())
    for _ in range(CHECKPOINTS):
        done = fugue.run("checkpoint")
        if done.returncode != 0:
            outcome.checkpoint_failed = done.stderr.strip()
    done = fugue.run("recovery", "--json")
    try:
        report = json.loads(done.stdout)["recovery"]
    except (ValueError, KeyError, TypeError):
        outcome.failed = f"recovery --json: {done.returncode} {done.stderr.strip()}"
    else:
        tell_answer(report, outcome)


def tell_answer(report: dict[str, Any], outcome: Outcome) -> None:
    """What a report says, as `fugue recovery --json` prints it."""
    outcome.summary, outcome.complete = report["summary"], report["complete"]
    outcome.notes = report["notes"]
    outcome.lost = [(lost["first_lsn"], lost["last_lsn"]) for lost in report["lost"]]
    outcome.replay_from_lsn = report["replay_from_lsn"]
    outcome.replay_to_lsn = report["replay_to_lsn"]
    outcome.told = [f"lost {first}-{last}" for first, last in outcome.lost]
    outcome.told += [f"damaged {each['what']}: {each['detail']}" for each in report["damages"]]
    outcome.told += report["missing"]
    outcome.told += [
        f"%{each['pane']}: {each['last'] - each['first'] + 1} lines"
        for each in report["scrollback_lost"]
    ]
    for pane in report["panes"]:
        if pane["lost_bytes"] or pane["reason"]:
            outcome.told.append(f"%{pane['pane']}: {pane['reason']} {pane['lost_bytes']}")


def answer_differences(want: Answers, got: Answers) -> list[str]:
    """How the answers differ, one line each; more text at the end of a pane is no difference."""
    found = [f"row {row} is gone" for row in want.rows if row not in got.rows]
    found += [f"row {row} is new" for row in got.rows if row not in want.rows]
    for pane, text in want.texts.items():
        now = got.texts.get(pane)
        if now is None:
            found.append(f"{pane} is gone")
        elif not now.startswith(text):
            pairs = zip(text.splitlines(), [*now.splitlines(), ""], strict=False)
            at = next((n for n, (mine, other) in enumerate(pairs) if mine != other), -1)
            found.append(f"text of {pane} differs from line {at}")
    found += [f"buffer {each[:40]} is gone" for each in want.buffers if each not in got.buffers]
    found += [f"option {each} is gone" for each in want.options if each not in got.options]
    return found
