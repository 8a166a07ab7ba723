"""A few seeds of the checkpoint simulation in every run; `python -m tests.simulation.run_checkpoints` runs many."""

from dataclasses import fields

import pytest

from tests.simulation.checkpoint_world import Outcome, simulate

CHUNKS = 8
SEEDS_PER_CHUNK = 12


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_promise_is_broken(chunk: int) -> None:
    total = Outcome()
    for seed in range(chunk * SEEDS_PER_CHUNK, (chunk + 1) * SEEDS_PER_CHUNK):
        outcome = simulate(seed)
        for each in fields(Outcome):
            if each.name != "trace":
                value = getattr(total, each.name) + getattr(outcome, each.name)
                setattr(total, each.name, value)
    # The faults do happen.
    assert total.checkpoints > 50
    assert total.crashes_in_checkpoints
    assert total.failed_checkpoints
    assert total.from_checkpoint
    assert total.rotted
