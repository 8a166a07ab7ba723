"""Every seed that ever failed is run again, and a test shows its failure. `make sim` runs new seeds."""

from pathlib import Path

import pytest

from tests.simulation import seeds as many
from tests.simulation.run import LOG
from tests.simulation.run_checkpoints import CHECKPOINTS

ROOT = Path(__file__).parents[2]
SIMULATIONS = (LOG, CHECKPOINTS)
CASES = [(each, case) for each in SIMULATIONS for case in many.kept_cases(each)]
NAMES = [f"{each.name}-{case.seed}" for each, case in CASES]


@pytest.mark.parametrize(("simulation", "case"), CASES, ids=NAMES)
def test_a_case(simulation: many.Simulation, case: many.Case) -> None:
    assert many.run_seeds(simulation, [case.seed])[1] == []


@pytest.mark.parametrize(("simulation", "case"), CASES, ids=NAMES)
def test_a_test_tells_its_story(simulation: many.Simulation, case: many.Case) -> None:
    where = (
        f"name a test that tells it in {simulation.cases.name}: SEED STORY{many.TOLD_BY}FILE::TEST"
    )
    file, _, name = case.test.partition("::")
    assert name, where
    assert f"def {name}(" in (ROOT / file).read_text("utf-8"), where


def test_what_fails_is_kept_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(many, "CASES", tmp_path)
    assert many.kept_cases(LOG) == []
    assert many.keep(LOG, [(7, "Traceback\nsilently missing\n"), (8, "")]) == [7, 8]
    assert many.keep(LOG, [(8, "again"), (9, "order | of things")]) == [9]
    assert many.kept_cases(LOG) == [
        many.Case(7, "silently missing", ""),
        many.Case(8, "", ""),
        many.Case(9, "order of things", ""),
    ]
    lines = LOG.cases.read_text().splitlines()
    assert lines[0] == "7 silently missing"
    LOG.cases.write_text(f"{lines[0]} | tests/a.py::test_b\n")
    assert many.kept_cases(LOG) == [many.Case(7, "silently missing", "tests/a.py::test_b")]
