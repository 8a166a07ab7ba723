"""Runs many seeds of a simulation: new ones each time, in parallel. Every seed that fails is stored as a case.

A case is a line in `cases/NAME`: the seed, and what it showed when it was found. The test suite repeats all of them.
But a seed shows the same failure only with the code of that day, because the random choices, and the number of
operations before a crash, change with the code. So each case also names a test that shows the failure independently
of random choices. The developer who repairs it writes that test.
"""

import argparse
import contextlib
import gc
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Final

CASES: Final = Path(__file__).parent / "cases"
SEEDS: Final = 20_000
FRESH_BELOW: Final = 1 << 40
ENDLESS: Final = 1 << 40
STORY_CHARACTERS_MAX: Final = 160
PROGRESS_SECONDS: Final = 10
COMMENT: Final = "#"
TOLD_BY: Final = " | "

Failure = tuple[int, str]
"""A seed, and what it showed."""


@dataclass(frozen=True)
class Simulation:
    """One world that can be run by seed. `simulate` returns its outcome, a dataclass of numbers and a `trace`, or raises."""

    name: str
    what: str
    simulate: Callable[[int], Any]
    outcome: type[Any]
    replay: Callable[[int], tuple[Any, BaseException | None]]
    chunk: int

    @property
    def cases(self) -> Path:
        """Where its cases are kept."""
        return CASES / self.name


def run_seeds(simulation: Simulation, seeds: Iterable[int]) -> tuple[Any, list[Failure]]:
    """The sums over `seeds`, and what failed."""
    total = simulation.outcome()
    failures: list[Failure] = []
    for seed in seeds:
        try:
            outcome = simulation.simulate(seed)
        except AssertionError as violation:
            failures.append((seed, str(violation) or traceback.format_exc()))
        except Exception:  # noqa: BLE001 - any error of the code under test is a finding of this seed
            failures.append((seed, traceback.format_exc()))
        else:
            add(total, outcome)
    return total, failures


def add(total: Any, outcome: Any) -> None:
    """Add the numbers of one outcome to those of another."""
    for name in numbers_of(total):
        setattr(total, name, getattr(total, name) + getattr(outcome, name))


def numbers_of(outcome: Any) -> list[str]:
    """The names of its numbers."""
    return [each.name for each in fields(outcome) if each.name != "trace"]


@dataclass(frozen=True)
class Case:
    """A seed that failed once, its story, and the test that tells it: `tests/FILE::NAME`, empty as long as there is none."""

    seed: int
    story: str
    test: str


def kept_cases(simulation: Simulation) -> list[Case]:
    """What failed once."""
    if not simulation.cases.exists():
        return []
    cases: list[Case] = []
    for line in simulation.cases.read_text("utf-8").splitlines():
        if line and not line.startswith(COMMENT):
            seed, _, rest = line.partition(" ")
            story, _, test = rest.partition(TOLD_BY)
            cases.append(Case(int(seed), story, test))
    return cases


def keep(simulation: Simulation, failures: Iterable[Failure]) -> list[int]:
    """Add what failed to the cases; the seeds that were not among them."""
    known = {case.seed for case in kept_cases(simulation)}
    new = {seed: story for seed, story in failures if seed not in known}
    with simulation.cases.open("a", encoding="utf-8") as file:
        for seed, story in new.items():
            last = story.strip().splitlines()[-1] if story.strip() else ""
            last = last.replace(TOLD_BY, " ")
            file.write(f"{seed} {last[:STORY_CHARACTERS_MAX]}\n")
    return list(new)


def _quick() -> None:
    """A worker process: what a seed leaves behind is collected between chunks."""
    gc.freeze()
    gc.disable()


def _chunk(simulation: Simulation, seeds: range) -> tuple[Any, list[Failure]]:
    gc.collect()
    return run_seeds(simulation, seeds)


def _replay(simulation: Simulation, seed: int) -> int:
    """One seed with its story."""
    outcome, problem = simulation.replay(seed)
    print("\n".join(outcome.trace))
    if problem is None:
        print(f"seed {seed}: no promise broken")
        return 0
    if not isinstance(problem, AssertionError):
        traceback.print_exception(problem)
    print(f"seed {seed}: {problem}")
    return 1


def main(simulation: Simulation) -> int:
    """The command line of a simulation; the exit code."""
    parser = argparse.ArgumentParser(description=simulation.what)
    parser.add_argument("--seeds", type=int, help=f"how many fresh seeds (default {SEEDS})")
    parser.add_argument("--first", type=int, help="begin with this seed instead of a fresh one")
    parser.add_argument("--seed", type=int, help="replay this one and tell its story")
    parser.add_argument("--minutes", type=float, help="stop after so long")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes at the same time"
    )
    options = parser.parse_args()
    if options.seed is not None:
        return _replay(simulation, options.seed)
    first = options.first
    if first is None:
        # A multiple of 4: each fourth seed has rot, in a short run as well.
        first = int.from_bytes(os.urandom(8), "little") % FRESH_BELOW // 100 * 100
    print(f"{simulation.name}: seeds from {first} on; again: --first {first}", flush=True)
    seeds = options.seeds or (ENDLESS if options.minutes else SEEDS)
    return _run(simulation, range(first, first + seeds), options.minutes, options.jobs)


def _run(simulation: Simulation, seeds: range, minutes: float | None, jobs: int) -> int:
    begun = told = time.monotonic()
    total, failures, done = simulation.outcome(), list[Failure](), 0
    until = begun + minutes * 60 if minutes else None
    with contextlib.closing(_results(simulation, seeds, jobs)) as results:
        for outcome, failed in results:
            done += min(simulation.chunk, len(seeds) - done)
            add(total, outcome)
            for seed, story in failed:
                print(f"seed {seed}: {story}", flush=True)
            keep(simulation, failed)
            failures += failed
            now = time.monotonic()
            if now - told >= PROGRESS_SECONDS:
                told = now
                of = f" of {len(seeds)}" if len(seeds) < ENDLESS else ""
                print(
                    f"{done}{of} seeds, {now - begun:.0f} s, {len(failures)} failures",
                    file=sys.stderr,
                )
            if until is not None and now > until:
                break
    figures = ", ".join(f"{name} {getattr(total, name)}" for name in numbers_of(total))
    seconds = time.monotonic() - begun
    print(
        f"{simulation.name}: {done} seeds from {seeds.start} in {seconds:.0f} s: {len(failures)} failures; {figures}"
    )
    if failures:
        print(f"kept in {simulation.cases.relative_to(CASES.parents[2])}; replay one with --seed N")
    return 1 if failures else 0


def _results(
    simulation: Simulation, seeds: range, jobs: int
) -> Generator[tuple[Any, list[Failure]], None, None]:
    """What came of each chunk of seeds, as it is done. One job is this process."""
    chunks = (seeds[at : at + simulation.chunk] for at in range(0, len(seeds), simulation.chunk))
    if jobs == 1:
        _quick()
        yield from (_chunk(simulation, chunk) for chunk in chunks)
        return
    with multiprocessing.Pool(jobs, _quick) as pool:
        yield from pool.imap_unordered(partial(_chunk, simulation), chunks)
