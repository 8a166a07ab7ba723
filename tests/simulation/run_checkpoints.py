"""Runs the simulation of checkpoints with new seeds: `python -m tests.simulation.run_checkpoints --seeds 2000`, or
with one: `--seed 7`."""

import sys
from typing import Final

from tests.simulation import seeds as many
from tests.simulation.checkpoint_world import CheckpointWorld, Outcome, simulate


def _replay(seed: int) -> tuple[Outcome, BaseException | None]:
    world = CheckpointWorld.of_seed(seed)
    try:
        world.run()
    except Exception as problem:  # noqa: BLE001 - any error of the code under test is a finding of this seed
        return world.outcome, problem
    return world.outcome, None


CHECKPOINTS: Final = many.Simulation(
    "checkpoints", "Simulate disk faults under checkpoints.", simulate, Outcome, _replay, 20
)


if __name__ == "__main__":
    sys.exit(many.main(CHECKPOINTS))
