"""The simulation finds no violation, and finds one if a defence is removed."""

import pytest

from tests.simulation import seeds as many
from tests.simulation.mutations import MUTATIONS
from tests.simulation.run import run_seeds

SEEDS = 1_000


@pytest.mark.slow
def test_no_promise_is_broken() -> None:
    outcome, failures = run_seeds(range(SEEDS))
    assert failures == []
    # The faults really happened.
    assert outcome.torn > 300
    assert outcome.rotted > 200
    assert outcome.lost > 100
    assert outcome.sync_fails > 700
    assert outcome.durability_lost > 300


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_missing_defence_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation = MUTATIONS[name]
    mutation.patch(monkeypatch)
    for seed in range(mutation.first_seed, mutation.first_seed + mutation.seeds):
        _outcome, failures = many.run_seeds(mutation.simulation, [seed])
        if failures:
            return
    pytest.fail(f"the simulation does not notice: {name}")
