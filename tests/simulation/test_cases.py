"""Every seed that ever failed is replayed; fresh ones come from `make sim`."""

from pathlib import Path

import pytest

from tests.simulation import seeds as many
from tests.simulation.run import LOG
from tests.simulation.run_checkpoints import CHECKPOINTS


@pytest.mark.parametrize("seed", many.kept_cases(LOG))
def test_a_case_of_the_log(seed: int) -> None:
    assert many.run_seeds(LOG, [seed])[1] == []


@pytest.mark.parametrize("seed", many.kept_cases(CHECKPOINTS))
def test_a_case_of_checkpoints(seed: int) -> None:
    assert many.run_seeds(CHECKPOINTS, [seed])[1] == []


def test_what_fails_is_kept_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(many, "CASES", tmp_path)
    assert many.kept_cases(LOG) == []
    assert many.keep(LOG, [(7, "Traceback\nsilently missing\n"), (8, "")]) == [7, 8]
    assert many.keep(LOG, [(8, "again"), (9, "order")]) == [9]
    assert many.kept_cases(LOG) == [7, 8, 9]
    assert LOG.cases.read_text().splitlines()[0] == "7 silently missing"
