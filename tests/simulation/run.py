"""Runs the simulation of the log with new seeds: `python -m tests.simulation.run --seeds 20000`, or with one: `--seed
7`."""

import sys
from collections.abc import Iterable
from typing import Final

from tests.simulation import seeds as many
from tests.simulation.world import Outcome, World, simulate


def _replay(seed: int) -> tuple[Outcome, BaseException | None]:
    world = World.of_seed(seed)
    try:
        world.run()
    except Exception as problem:  # noqa: BLE001 - any error of the code under test is a finding of this seed
        return world.outcome, problem
    return world.outcome, None


LOG: Final = many.Simulation(
    "log", "Simulate disk faults under the write-ahead log.", simulate, Outcome, _replay, 100
)


def run_seeds(seeds: Iterable[int]) -> tuple[Outcome, list[many.Failure]]:
    """The sums over `seeds`, and what failed."""
    total, failures = many.run_seeds(LOG, seeds)
    assert isinstance(total, Outcome)
    return total, failures


if __name__ == "__main__":
    sys.exit(many.main(LOG))
