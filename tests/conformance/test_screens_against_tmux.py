"""Compares what attached clients of tmux and of fugue show, cell by cell."""

import shutil
from collections.abc import Iterator

import pytest

from tests.support.side_by_side import SideBySide, Words, side_by_side

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    """One pair of servers for all cases of this module."""
    with side_by_side(tmp_path_factory.mktemp("screens"), columns=60, rows=16) as made:
        yield made


STATUS: dict[str, list[Words]] = {
    "style": [("set-option", "-g", "status-style", "bg=blue,fg=yellow,bold")],
    "left and right": [
        ("set-option", "-g", "status-left", "#[fg=red]<#S> "),
        ("set-option", "-g", "status-right", "#[reverse]right#[default]."),
    ],
}


@pytest.mark.parametrize("name", STATUS)
def test_status_lines(clients: SideBySide, name: str) -> None:
    clients.reset()
    clients.run(*STATUS[name])
    clients.same(rows=[-1])


def test_output_of_programs(clients: SideBySide) -> None:
    clients.reset(
        "printf '\\033[1;31mred\\033[0m and \\033[44m\\033[K\\033[0m\\nend'; exec sleep 10000"
    )
    clients.same(shows="end", cursor=True)
