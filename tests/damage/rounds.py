"""One round: an undamaged state directory, a damage, a start with checkpoints, another start, and the oracle's
judgement."""

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.reader import scan
from tests.damage.damages import OLDER_COPY, Damage, damage
from tests.damage.holdings import Looker
from tests.damage.judge import (
    Finding,
    Keeper,
    allowed_to_refuse,
    judge_alone,
    judge_answers,
    judge_files,
    judge_inspection,
    judge_second,
    judge_start,
)
from tests.damage.kinds import STATE
from tests.damage.light_start import Outcome, Plan, start
from tests.damage.real_start import Answers, inspected, real_start
from tests.damage.tree import PRIVATE_DIRECTORY, PRIVATE_FILE, Tree, changes, read_tree, write_tree
from tests.damage.truth import Truth
from tests.damage.unproven import panes_touched

REAL = 0.05
"""Share of rounds with a real server and keeper."""
UNDAMAGED = 0.03
"""Share of rounds in which nothing is damaged: no alarm may be given."""


@dataclass
class Round:
    """What came of one round."""

    number: int
    damages: list[Damage] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    refused: bool = False
    real: bool = False
    """Whether a real server was started, by the command line."""
    changed: bool = False
    """Whether anything differed from the truth, announced or not."""


class Rounds:
    """Rounds over one truth, in its home directory."""

    def __init__(self, truth: Truth, seed: int) -> None:
        self._truth = truth
        self._seed = seed
        self._looker = Looker()
        self._ranges = ranges(truth)

    def run(self, number: int) -> Round:
        """Round `number`; everything in it follows from the seed and its number."""
        rng = random.Random(f"{self._seed}-{number}")
        truth, done = self._truth, Round(number)
        write_tree(truth.home, truth.tree)
        if rng.random() >= UNDAMAGED:
            done.damages = damage(truth.home, truth.tree, truth.older, rng)
        tree = _files(truth.home)
        before = Keeper(tree, self._looker.holdings(tree, truth.facts.panes), truth.facts.panes)
        unproven = panes_touched(truth.tree, tree)
        done.real = rng.random() < REAL
        inspection = inspected(truth.home) if done.real else None
        touched = changes(tree, _files(truth.home)) if inspection is not None else []
        if touched:
            done.findings.append(Finding("inspection touched", "; ".join(touched)))
        first, answers = self._start(rng, real=done.real)
        if first.refused:
            first, answers = self._refused(done, before.tree, first, rng)
        if first.refused or done.findings:
            return done
        if done.real:
            done.findings += judge_answers(truth, done.damages, first, answers, unproven)
            if inspection is not None and not done.refused:
                done.findings += judge_inspection(truth, done.damages, inspection, answers)
        else:
            done.findings += judge_start(truth, done.damages, first, unproven)
        done.changed = bool(first.told)
        if first.failed:
            return done
        done.findings += self._deleted(before, done.damages, first)
        second = start(Plan(truth.environment, checkpoints=rng.choice((0, 1))))
        if done.real:
            done.findings += judge_alone(second)
        else:
            done.findings += judge_second(first, second)
        if not (second.failed or done.findings):
            done.findings += self._deleted(before, done.damages, first, "second ")
        return done

    def _start(self, rng: random.Random, *, real: bool) -> tuple[Outcome, Answers]:
        if real:
            return real_start(self._truth.home)
        look_first = rng.random() < 0.5
        plan = Plan(self._truth.environment, checkpoints=2, look_first=look_first)
        return start(plan), Answers()

    def _deleted(
        self, before: Keeper, damages: Sequence[Damage], outcome: Outcome, when: str = ""
    ) -> list[Finding]:
        after = _files(self._truth.home)
        known = {} if damages and damages[0].how == OLDER_COPY else self._ranges
        found = judge_files(self._looker, before, after, damages, outcome, known)
        return [Finding(when + rule, detail) for rule, detail in found]

    def _refused(
        self, done: Round, before: Tree, first: Outcome, rng: random.Random
    ) -> tuple[Outcome, Answers]:
        """A refusal touches nothing, and once the owner is right again the start is as if nothing had been."""
        done.refused = True
        if not allowed_to_refuse(done.damages):
            done.findings.append(Finding("refused", first.refused))
            return first, Answers()
        if "\n" in first.refused:
            done.findings.append(Finding("refusal is no single line", first.refused))
        after = _files(self._truth.home)
        touched = [
            name for name, content in before.files.items() if after.files.get(name) != content
        ]
        touched = [name for name in touched if "/wal/" in name or "/checkpoints/" in name]
        if touched:
            done.findings.append(Finding("refusal touched", f"{touched}"))
        for each in done.damages:
            _give_back(self._truth.home / each.name)
        again, answers = self._start(rng, real=done.real)
        if again.refused:
            done.findings.append(Finding("refused again", again.refused))
        done.damages = [each for each in done.damages if not each.keeps]
        return again, answers


def _give_back(path: Path) -> None:
    if not path.exists():
        return
    if os.geteuid() == 0:
        os.chown(path, 0, 0)
    path.chmod(PRIVATE_DIRECTORY if path.is_dir() else PRIVATE_FILE)


def _files(home: Path) -> Tree:
    """Everything below the state and the runtime directory."""
    return read_tree(home)


def ranges(truth: Truth) -> dict[str, tuple[int, int]]:
    """The first and last record of each segment, by the segment's name. A spare is not there."""
    directory = truth.home / STATE / "wal"
    log = scan(RealStorage(), str(directory))
    for _record in log.records():
        pass
    return {
        f"{STATE}/wal/{segment.segment_id:016x}.wal": (segment.base_lsn, segment.last_lsn)
        for segment in log.report.segments
    }
