"""Damages every kind of file in every way, and checks that each loss is reported: `python -m tests.damage.run --rounds 3000`.

In each worker a real server creates a state directory with everything in it. Each round restores that directory, damages one
or two things, starts, takes checkpoints with their retention, and starts again. The oracle (`judge.py`) requires:

- no start or checkpoint fails, except that a start may refuse another user's files, and then changes nothing;
- every difference from the truth is reported, and nothing is reported if nothing is damaged;
- only bytes that are known to be superseded are deleted.

Every failing round prints its number, and `--seed N --round K` repeats it.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.damage.rounds import Round, Rounds
from tests.damage.tree import remove_tree
from tests.damage.truth import build

PROGRESS_ROUNDS = 100
DETAIL_CHARACTERS_MAX = 700
MEMORY = Path("/dev/shm")


@contextlib.contextmanager
def workshop(seed: int) -> Iterator[Rounds]:
    """Rounds over a truth of one's own, in memory where there is a file system for that."""
    parent = MEMORY if MEMORY.is_dir() else None
    home = Path(tempfile.mkdtemp(prefix="fugue-damage-", dir=parent))
    try:
        yield Rounds(build(home), seed)
    finally:
        remove_tree(home)


def work(job: tuple[int, int, int, int]) -> list[Round]:
    """Every `step`-th round from `first` on; for a process of its own."""
    seed, first, last, step = job
    results = []
    with workshop(seed) as rounds:
        for number in range(first, last, step):
            done = rounds.run(number)
            results.append(done)
            if done.findings:
                show(seed, done)
            if first == 0 and number and number % PROGRESS_ROUNDS < step:
                print(f"about {number} of {last} rounds", file=sys.stderr, flush=True)
    return results


def show(seed: int, done: Round) -> None:
    """What went wrong in a round."""
    what = "; ".join(map(str, done.damages)) or "no damage"
    for rule, detail in done.findings:
        text = (
            detail if len(detail) <= DETAIL_CHARACTERS_MAX else detail[:DETAIL_CHARACTERS_MAX] + "…"
        )
        print(f"SEED={seed} ROUND={done.number} [{rule}] {what}: {text}", flush=True)


def run(seed: int, rounds: int, workers: int) -> list[Round]:
    """All rounds, in `workers` processes."""
    jobs = [(seed, first, rounds, workers) for first in range(workers)]
    if workers == 1:
        return work(jobs[0])
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return [done for part in pool.imap_unordered(work, jobs) for done in part]


def summary(rounds: list[Round]) -> str:
    """The numbers, and which damage to which kind of file broke which promise."""
    refused = sum(done.refused for done in rounds)
    told = sum(done.changed for done in rounds)
    failing = [done for done in rounds if done.findings]
    lines = [
        f"{len(rounds)} rounds: {told} with a loss that was told, {refused} refused starts, "
        f"{len(failing)} with findings"
    ]
    count: Counter[tuple[str, str]] = Counter()
    for done in failing:
        what = " + ".join(f"{each.how} of {each.kind}" for each in done.damages) or "no damage"
        for rule in {finding.rule for finding in done.findings}:
            count[rule, what] += 1
    lines += [f"  {number:4} {rule}: {what}" for (rule, what), number in count.most_common()]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Damage every kind of file of the state directory."
    )
    parser.add_argument("--rounds", type=int, default=3_000, help="how many rounds")
    parser.add_argument(
        "--seed", type=int, help="of all rounds; else a fresh one, which is printed"
    )
    parser.add_argument("--round", type=int, help="play this one alone")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**8)
    started = time.monotonic()
    if options.round is not None:
        with workshop(seed) as rounds:
            done = [rounds.run(options.round)]
        show(seed, done[0])
    else:
        print(f"seed {seed}", flush=True)
        done = run(seed, options.rounds, options.workers)
    print(summary(done))
    print(f"seed {seed}, {time.monotonic() - started:.0f} s")
    return 1 if any(each.findings for each in done) else 0


if __name__ == "__main__":
    sys.exit(main())
