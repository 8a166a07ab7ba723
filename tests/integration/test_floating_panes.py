"""Floating panes in an attached client: made with a key, moved with the mouse and with keys, used beside copy mode."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import Attached, Running, until

pytestmark = pytest.mark.real
PLACES = "#{pane_id} #{pane_x},#{pane_y} #{pane_width}x#{pane_height} #{pane_active}"


@pytest.fixture
def fugue(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    try:
        made("new-session", "-d", "-s", "work", "-x", "60", "-y", "15", "cat")
        made("set-option", "-g", "mouse", "on")
        made("set-option", "-g", "default-command", "cat")
        yield made
    finally:
        made.end()


def mouse(code: int, column: int, row: int, end: str = "M") -> bytes:
    """A report of the mouse; columns and rows from 0."""
    return f"\x1b[<{code};{column + 1};{row + 1}{end}".encode()


def dragged(client: Attached, *places: tuple[int, int], code: int = 0) -> None:
    client.type(mouse(code, *places[0]))
    for place in places:
        client.type(mouse(code + 32, *place))
    client.type(mouse(code, *places[-1], "m"))


def wait_place(fugue: Running, expected: str) -> None:
    until(expected, lambda: expected in fugue("list-panes", "-t", "work", "-F", PLACES))


def test_keys_and_mouse(fugue: Running) -> None:
    with fugue.attached("attach-session", "-t", "work", columns=60, rows=15) as client:
        client.wait_for("[work]")
        client.type(b"\x02*")
        wait_place(fugue, "%1 4,2 30x3 1")
        client.type(b"over\r")
        client.wait_for("│over")
        dragged(client, (20, 1), (24, 3))
        wait_place(fugue, "%1 8,4 30x3 1")
        dragged(client, (38, 7), (42, 9))
        wait_place(fugue, "%1 8,4 34x5 1")
        dragged(client, (20, 5), (22, 4), code=8)
        wait_place(fugue, "%1 10,3 34x5 1")
        client.type(mouse(0, 1, 12) + mouse(0, 1, 12, "m"))
        wait_place(fugue, "%0 0,0 60x14 1")
        client.type(b"below\r")
        client.wait_for("below")
        assert "below" in fugue("capture-pane", "-p", "-t", "%0")
        client.type(mouse(0, 20, 4) + mouse(0, 20, 4, "m"))
        wait_place(fugue, "%1 10,3 34x5 1")
        client.type(b"\x02g2")
        wait_place(fugue, "%1 25,1 34x5 1")
        client.wait_for("below                   ┌─")
        client.type(b"\x02@")
        wait_place(fugue, "%1 0,8 60x6 1")
        client.type(b"\x02@")
        wait_place(fugue, "%1 25,1 34x5 1")


def test_a_smaller_client_has_it_inside_and_a_larger_one_back(fugue: Running) -> None:
    fugue("new-pane", "-t", "work", "-x", "30", "-y", "8", "-X", "28", "-Y", "5")
    with fugue.attached("attach-session", "-t", "work", columns=60, rows=15) as client:
        wait_place(fugue, "%1 29,6 28x6 1")
        client.resize(24, 7)
        wait_place(fugue, "%1 1,1 22x4 1")
        client.wait_for("┌──────────────────────┐")
        client.resize(60, 15)
        wait_place(fugue, "%1 29,6 28x6 1")
