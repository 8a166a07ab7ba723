"""Compares layouts with the real tmux: the same splits, resizes and closes give the same layout strings, to the cell."""

import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.model.layout import (
    Layout,
    NoSpace,
    leaf,
    panes_of,
    remove,
    resize,
    resize_pane,
    resize_pane_to,
    split,
)
from fuguemux.model.layout_strings import layout_string, parse_layout_string

Tmux = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    socket = str(tmp_path / "tmux")

    def run(*argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["tmux", "-S", socket, "-f", "/dev/null", *argv],
            capture_output=True,
            text=True,
            check=False,
        )

    run("new-session", "-d", "-x", "131", "-y", "43", "sleep 1000")
    yield run
    run("kill-server")


def shown(tmux: Tmux) -> str:
    return tmux("display-message", "-p", "#{window_layout}").stdout.strip()


def step(rng: random.Random, tmux: Tmux, layout: Layout) -> Layout:
    panes = panes_of(layout)
    target = rng.choice(panes)
    kind = rng.choice(["split", "split", "split", "resize", "resize", "to", "remove", "window"])
    where = ["-t", f"%{target}"]
    axis = rng.choice(["row", "column"])
    if kind == "split":
        before, full = rng.random() < 0.3, rng.random() < 0.2
        size = rng.choice([None, None, rng.randint(1, 20)])
        flags = ["-h" if axis == "row" else "-v"]
        flags += ["-b"] * before + ["-f"] * full + (["-l", str(size)] if size else [])
        answer = tmux("split-window", *flags, *where, "-PF", "#{pane_id}", "sleep 1000")
        if answer.returncode != 0:
            with pytest.raises(NoSpace):
                split(layout, target, axis, PaneId(9999), size=size, before=before, full=full)  # type: ignore[arg-type]  # a literal
            return layout
        pane = PaneId(int(answer.stdout.strip()[1:]))
        return split(layout, target, axis, pane, size=size, before=before, full=full)  # type: ignore[arg-type]  # a literal
    if kind == "resize":
        flag = rng.choice("LRUD")
        amount = rng.randint(1, 12)
        tmux("resize-pane", f"-{flag}", *where, str(amount))
        change = amount if flag in "RD" else -amount
        return resize_pane(layout, target, "row" if flag in "LR" else "column", change)
    if kind == "to":
        size = rng.randint(1, 60)
        tmux("resize-pane", "-x" if axis == "row" else "-y", str(size), *where)
        return resize_pane_to(layout, target, axis, size)  # type: ignore[arg-type]  # a literal
    if kind == "remove":
        if len(panes) == 1:
            return layout
        tmux("kill-pane", *where)
        left = remove(layout, target)
        assert left is not None
        return left
    columns, rows = rng.randint(20, 200), rng.randint(10, 80)
    tmux("resize-window", "-x", str(columns), "-y", str(rows))
    return resize(layout, columns, rows)


@pytest.mark.real
@pytest.mark.parametrize("seed", range(8))
def test_a_random_walk_gives_the_same_layout_strings(tmux: Tmux, seed: int) -> None:
    rng = random.Random(seed)
    layout: Layout = leaf(PaneId(0), 131, 43)
    for number in range(8):
        before = layout
        layout = step(rng, tmux, layout)
        expected = shown(tmux)
        assert layout_string(layout) == expected, (number, layout_string(before))
        assert parse_layout_string(expected, panes_of(layout)) == layout
