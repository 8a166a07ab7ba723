"""Compares layouts with the real tmux: the same splits, resizes and closes give the same layout strings, to the cell."""

import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.model.layout import (
    Direction,
    Edge,
    Layout,
    NoSpace,
    leaf,
    panes_of,
    remove,
    resize,
    split,
)
from fuguemux.model.layout_strings import layout_string, parse_layout_string
from fuguemux.model.pane_places import rectangles_within, text_rows_within
from fuguemux.model.pane_resizing import resize_pane, resize_pane_to

AXES: tuple[Direction, ...] = ("row", "column")
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


def step(rng: random.Random, tmux: Tmux, layout: Layout, edge: Edge = "off") -> Layout:
    panes = panes_of(layout)
    target = rng.choice(panes)
    kind = rng.choice(["split", "split", "split", "resize", "resize", "to", "remove", "window"])
    where = ["-t", f"%{target}"]
    axis = rng.choice(AXES)
    if kind == "split":
        before, full = rng.random() < 0.3, rng.random() < 0.2
        size = rng.choice([None, None, rng.randint(1, 20)])
        flags = ["-h" if axis == "row" else "-v"]
        flags += ["-b"] * before + ["-f"] * full + (["-l", str(size)] if size else [])
        beside = partial(split, size=size, before=before, full=full, edge=edge)
        answer = tmux("split-window", *flags, *where, "-PF", "#{pane_id}", "sleep 1000")
        if answer.returncode != 0:
            with pytest.raises(NoSpace):
                beside(layout, target, axis, PaneId(9999))
            return layout
        pane = PaneId(int(answer.stdout.strip()[1:]))
        return beside(layout, target, axis, pane)
    if kind == "resize":
        flag = rng.choice("LRUD")
        amount = rng.randint(1, 12)
        tmux("resize-pane", f"-{flag}", *where, str(amount))
        change = amount if flag in "RD" else -amount
        return resize_pane(layout, target, "row" if flag in "LR" else "column", change, edge=edge)
    if kind == "to":
        size = rng.randint(1, 60)
        tmux("resize-pane", "-x" if axis == "row" else "-y", str(size), *where)
        if axis == "column":
            size += text_rows_within(layout, target, edge)
        return resize_pane_to(layout, target, axis, size, edge=edge)
    if kind == "remove":
        if len(panes) == 1:
            return layout
        tmux("kill-pane", *where)
        left = remove(layout, target)
        assert left is not None
        return left
    columns, rows = rng.randint(20, 200), rng.randint(10, 80)
    tmux("resize-window", "-x", str(columns), "-y", str(rows))
    return resize(layout, columns, rows, edge)


def rectangles_shown(tmux: Tmux) -> list[str]:
    shown = "#{pane_id} #{pane_left},#{pane_top},#{pane_width},#{pane_height}"
    return tmux("list-panes", "-F", shown).stdout.splitlines()


@pytest.mark.real
@pytest.mark.parametrize("seed", range(8))
def test_a_line_of_text_at_the_edge_takes_the_same_rows(tmux: Tmux, seed: int) -> None:
    rng = random.Random(100 + seed)
    edge: Edge = "top" if seed % 2 else "bottom"
    tmux("set-option", "-g", "pane-border-status", edge)
    layout: Layout = leaf(PaneId(0), 131, 43)
    if seed > 3:
        tmux("resize-window", "-x", "40", "-y", "9")
        layout = resize(layout, 40, 9, edge)
    for number in range(8):
        before = layout
        layout = step(rng, tmux, layout, edge)
        assert layout_string(layout) == shown(tmux), (number, layout_string(before))
        assert rectangles_shown(tmux) == [
            f"%{pane} {cell.x},{cell.y},{cell.columns},{cell.rows}"
            for pane, cell in rectangles_within(layout, edge)
        ]


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
