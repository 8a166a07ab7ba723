"""Floating panes over tiled ones: what the client shows, whatever is moved, and that only changes are sent."""

from __future__ import annotations

import random

import pytest

from fuguemux.terminal.borders import BorderLook, CellRectangle
from fuguemux.terminal.compose import ENTER, Composer, PaneView, Scene
from fuguemux.terminal.floats import Frame
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator

COLUMNS, ROWS = 24, 9
WHOLE = CellRectangle(0, 0, COLUMNS, ROWS)


def view(
    text: bytes, place: CellRectangle, frame: Frame | None = None, *, active: bool = False
) -> PaneView:
    emulator = GhosttyEmulator(place.columns, place.rows)
    emulator.feed(text)
    return PaneView(place, emulator, active, None, frame)


def scene(*panes: PaneView, status_at_top: bool = False) -> Scene:
    return Scene(COLUMNS, ROWS + 1, panes, [b"status"], status_at_top)


def shown(*scenes: Scene) -> list[str]:
    client, composer = GhosttyEmulator(COLUMNS, ROWS + 1), Composer()
    client.feed(ENTER)
    for each in scenes:
        client.feed(composer.compose(each))
    return client.screen_text()


BEHIND = view(b"\r\n".join(b"%d behind the others" % row for row in range(ROWS)), WHOLE)
LOWER = view(b"lower", CellRectangle(3, 2, 8, 3), Frame("double"))
UPPER = view(b"upper", CellRectangle(8, 4, 10, 2), Frame(), active=True)


def test_they_lie_over_each_other_with_their_borders() -> None:
    assert shown(scene(BEHIND, LOWER, UPPER)) == [
        "0 behind the others",
        "1 ╔════════╗ others",
        "2 ║lower   ║ others",
        "3 ║    ┌──────────┐",
        "4 ║    │upper     │",
        "5 ╚════│          │",
        "6 behin└──────────┘",
        "7 behind the others",
        "8 behind the others",
        "status",
    ]


def test_with_the_status_line_at_the_top_they_are_one_row_lower() -> None:
    rows = shown(scene(BEHIND, UPPER, status_at_top=True))
    assert rows[0] == "status"
    assert rows[5] == "4 behin│upper     │"


def test_when_one_leaves_what_was_behind_it_is_back() -> None:
    assert shown(scene(BEHIND, LOWER, UPPER), scene(BEHIND, LOWER)) == shown(scene(BEHIND, LOWER))
    assert shown(scene(BEHIND, LOWER), scene(BEHIND)) == shown(scene(BEHIND))


def test_one_without_a_border_covers_only_its_cells() -> None:
    bare = view(b"ab\r\ncd", CellRectangle(2, 1, 2, 2), Frame("none"))
    assert shown(scene(BEHIND, bare))[:4] == [
        "0 behind the others",
        "1 abhind the others",
        "2 cdhind the others",
        "3 behind the others",
    ]


def test_a_wide_character_that_is_half_covered_is_blank() -> None:
    wide = view("漢字漢字漢字".encode(), WHOLE)
    bare = view(b"x", CellRectangle(3, 0, 2, 1), Frame("none"))
    assert shown(scene(wide, bare))[0] == "漢 x  字漢字"


@pytest.mark.parametrize(
    ("frame", "top"),
    [
        (Frame("heavy"), "┏━┓"),
        (Frame("simple"), "+-+"),
        (Frame("number", number=13), "333"),
        (Frame("spaces"), "   "),
    ],
)
def test_kinds_of_lines(frame: Frame, top: str) -> None:
    pane = view(b"x", CellRectangle(1, 1, 1, 1), frame)
    assert shown(scene(BEHIND, pane))[0] == f"{top}ehind the others"


def test_in_a_smaller_client_only_a_part_is_seen() -> None:
    large = view(b"beyond", CellRectangle(20, 6, 30, 20), Frame())
    rows = shown(scene(BEHIND, large))
    assert rows[5:] == [
        "5 behind the others┌────",
        "6 behind the others│beyo",
        "7 behind the others│",
        "8 behind the others│",
        "status",
    ]


def test_the_cursor_of_a_covered_pane_is_hidden() -> None:
    below = view(b"\x1b[4;7H", WHOLE, active=True)
    other = UPPER._replace(active=False)
    assert b"\x1b[?25h" in Composer().compose(scene(below))
    over = LOWER._replace(active=False)
    assert b"\x1b[?25h" not in Composer().compose(scene(below, over, other))
    assert b"\x1b[5;14H\x1b[?25h" in Composer().compose(scene(BEHIND, UPPER))


def test_nothing_new_sends_nothing_and_an_echo_sends_one_row() -> None:
    composer = Composer()
    composer.compose(scene(BEHIND, LOWER, UPPER))
    assert composer.compose(scene(BEHIND, LOWER, UPPER)) == b""
    UPPER.emulator.feed(b"!")
    sent = composer.compose(scene(BEHIND, LOWER, UPPER))
    assert sent.count(b"upper!") == 1
    assert b"behin" not in sent
    assert "\u2500".encode() not in sent


def test_differences_lead_to_the_whole_screen() -> None:
    pick = random.Random(7)
    client, composer = GhosttyEmulator(COLUMNS, ROWS + 1), Composer()
    client.feed(ENTER)
    look = BorderLook([b"\x1b[0m"], b"\x1b[0m")
    panes = [view(b"%d" % at * 90, CellRectangle(1, 1, 6, 3), Frame()) for at in range(3)]
    for _ in range(60):
        pick.choice([BEHIND, *panes]).emulator.feed(pick.choice([b"ab", "字".encode(), b"\r\n"]))
        pick.shuffle(panes)
        floating = [
            pane._replace(
                rectangle=CellRectangle(pick.randrange(16), pick.randrange(6), 6, 3),
                frame=pick.choice([Frame(), Frame("none"), Frame("double", b"\x1b[0;31m")]),
            )
            for pane in panes[: pick.randrange(4)]
        ]
        now = scene(BEHIND, *floating)._replace(look=look)
        client.feed(composer.compose(now))
        afresh = GhosttyEmulator(COLUMNS, ROWS + 1)
        afresh.feed(ENTER + Composer().compose(now))
        assert client.screen_ansi() == afresh.screen_ansi()
