"""Run the checkpoint simulation over many seeds: `python -m tests.simulation.run_checkpoints --seeds 2000 [--seed 7]`."""

import argparse
import multiprocessing
import os
import sys
import time
import traceback
from dataclasses import fields

from tests.simulation.checkpoint_world import CheckpointWorld, Outcome, Violation, simulate


def one(seed: int) -> tuple[int, Outcome, str]:
    try:
        return seed, simulate(seed), ""
    except Violation as violation:
        return seed, Outcome(), str(violation)
    except Exception:  # noqa: BLE001 - any error of the code under test is a finding of this seed
        return seed, Outcome(), traceback.format_exc()


def replay(seed: int) -> int:
    """One seed with its story."""
    world = CheckpointWorld(seed, rot=seed % 4 == 3)
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
    parser = argparse.ArgumentParser(description="Simulate disk faults under checkpoints.")
    parser.add_argument("--seeds", type=int, default=2_000, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay this one and tell its story")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.seed is not None:
        return replay(options.seed)
    started = time.monotonic()
    total, failed, done = Outcome(), 0, 0
    numbers = [each.name for each in fields(Outcome) if each.name != "trace"]
    with multiprocessing.Pool(options.workers) as pool:
        seeds = range(options.first, options.first + options.seeds)
        for seed, outcome, story in pool.imap_unordered(one, seeds, chunksize=20):
            for name in numbers:
                setattr(total, name, getattr(total, name) + getattr(outcome, name))
            if story:
                failed += 1
                print(f"seed {seed}: {story}", flush=True)
            done += 1
            if done % 1000 == 0 and sys.stderr.isatty():
                print(f"{done} of {options.seeds} seeds, {failed} failures", file=sys.stderr)
    figures = ", ".join(f"{name} {getattr(total, name)}" for name in numbers)
    seconds = time.monotonic() - started
    print(f"{options.seeds} seeds in {seconds:.0f} s: {failed} failures; {figures}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
