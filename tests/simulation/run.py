"""Run the simulation over many seeds: `python -m tests.simulation.run --seeds 20000 [--seed 7]`."""

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterable
from dataclasses import fields

from tests.simulation.world import Outcome, Violation, World, simulate

CHUNK = 100


def run_seeds(seeds: Iterable[int]) -> tuple[Outcome, list[tuple[int, str]]]:
    """The sums over `seeds`, and what failed."""
    total = Outcome()
    failures: list[tuple[int, str]] = []
    for seed in seeds:
        try:
            outcome = simulate(seed)
        except Violation as violation:
            failures.append((seed, str(violation)))
            continue
        except Exception:  # noqa: BLE001 - any error of the code under test is a finding of this seed
            failures.append((seed, traceback.format_exc()))
            continue
        for each in fields(Outcome):
            if each.name != "trace":
                setattr(total, each.name, getattr(total, each.name) + getattr(outcome, each.name))
    return total, failures


def _chunk(first: int) -> tuple[Outcome, list[tuple[int, str]]]:
    return run_seeds(range(first, first + CHUNK))


def replay(seed: int) -> int:
    """One seed with its story."""
    world = World(seed, rot=seed % 4 == 3)
    try:
        world.run()
    except Violation as violation:
        print("\n".join(world.outcome.trace))
        print(f"seed {seed}: {violation}")
        return 1
    print("\n".join(world.outcome.trace))
    print(f"seed {seed}: no promise broken")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Simulate disk faults under the write-ahead log.")
    parser.add_argument("--seeds", type=int, default=20_000, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay this one and tell its story")
    parser.add_argument("--minutes", type=float, help="fresh seeds for so long instead")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.seed is not None:
        return replay(options.seed)
    started = time.monotonic()
    starts: Iterable[int] = range(options.first, options.first + options.seeds, CHUNK)
    if options.minutes:
        first = int.from_bytes(os.urandom(6), "little") * CHUNK
        starts = range(first, first + (1 << 40), CHUNK)
    total, failures, seeds = Outcome(), [], 0
    with multiprocessing.Pool(options.workers) as pool:
        for outcome, failed in pool.imap_unordered(_chunk, starts):
            seeds += CHUNK
            failures += failed
            for each in fields(Outcome):
                if each.name != "trace":
                    value = getattr(total, each.name) + getattr(outcome, each.name)
                    setattr(total, each.name, value)
            if options.minutes and time.monotonic() - started > options.minutes * 60:
                pool.terminate()
                break
    for seed, story in failures[:20]:
        print(f"seed {seed}: {story}")
    figures = ", ".join(
        f"{each.name} {getattr(total, each.name)}"
        for each in fields(Outcome)
        if each.name != "trace"
    )
    print(
        f"{seeds} seeds in {time.monotonic() - started:.0f} s: {len(failures)} failures; {figures}"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
