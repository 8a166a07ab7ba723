"""Scripts that differed once, and some fresh ones, are answered alike by tmux and fugue.

A fresh script that differs prints its seed: `python -m tests.differential.run --seed N --keep` stores it as a case.
"""

from collections.abc import Iterator

import pytest

from tests.differential.generate import KINDS, script
from tests.differential.programs import TMUX, Both, both
from tests.differential.run import CASES, read_case

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]
SEEDS_FIRST, SEEDS_OF_A_KIND = 1, 4
OPEN = frozenset((22, 52))
"""Seeds whose scripts still differ. The list only gets shorter."""
KEPT = sorted(path.name for path in CASES.iterdir() if not path.name.startswith("."))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with both(tmp_path_factory.mktemp("both")) as made:
        yield made


@pytest.mark.parametrize("name", KEPT)
def test_what_differed_once_is_the_same_now(servers: Both, name: str) -> None:
    assert servers.case(read_case(CASES / name)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_generated_scripts_are_answered_alike(servers: Both, kind: str) -> None:
    """The same few seeds each time, without those of which docs/tmux-differences.md tells; `run` tries fresh ones."""
    first = SEEDS_FIRST * len(KINDS) + list(KINDS).index(kind)
    for seed in range(first, first + SEEDS_OF_A_KIND * len(KINDS), len(KINDS)):
        made, lines = script(seed)
        assert made == kind
        found = servers.case(lines)
        assert found is None or seed in OPEN, f"seed {seed}: {found}"
