"""Sixty rounds of `make damage`, always the same ones; a hundred in CI. `make damage` itself uses new seeds."""

import os
from pathlib import Path

import pytest

from tests.damage.rounds import Rounds
from tests.damage.run import show
from tests.damage.truth import build

SEEDS = (11, 303)
ROUNDS_EACH = int(os.environ.get("FUGUE_DAMAGE_ROUNDS") or "30")


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_damaged_nothing_is_lost_in_silence(tmp_path: Path, seed: int) -> None:
    rounds, broken = Rounds(build(tmp_path), seed), []
    for number in range(ROUNDS_EACH):
        done = rounds.run(number)
        show(seed, done)
        broken += [f"SEED={seed} ROUND={number}: {each.rule}" for each in done.findings]
    assert broken == []
