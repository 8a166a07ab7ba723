"""A real fugue per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import Running


@pytest.fixture
def fugue(tmp_path: Path) -> Iterator[Running]:
    """A private fugue; nothing of it is left behind."""
    running = Running(tmp_path)
    yield running
    running.end()
