"""A hundred rounds of `make damage`: half of them the same ones every time, half with a fresh seed, which is printed."""

import os
import random
from pathlib import Path

import pytest

from tests.damage.rounds import Rounds
from tests.damage.run import show
from tests.damage.truth import build

FIXED_SEED = 11
ROUNDS_EACH = 50


@pytest.mark.skipif("FUGUE_ROUNDS" not in os.environ, reason="runs by `make damage` alone")
@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_whatever_is_damaged_nothing_is_lost_in_silence(tmp_path: Path) -> None:
    truth = build(tmp_path)
    broken = []
    for seed in (FIXED_SEED, random.SystemRandom().randrange(10**8)):
        print(f"seed {seed}")
        rounds = Rounds(truth, seed)
        for number in range(ROUNDS_EACH):
            done = rounds.run(number)
            show(seed, done)
            broken += [f"SEED={seed} ROUND={number}: {each.rule}" for each in done.findings]
    assert broken == []
