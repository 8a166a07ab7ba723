"""The frames of a client: all differences together always give the whole screen, and each difference is small."""

from __future__ import annotations

import random

import pytest

from fuguemux.terminal import borders, style, styled_row
from fuguemux.terminal.borders import BorderLook, CellRectangle
from fuguemux.terminal.compose import ENTER, Composer, PaneView, Scene, ScrolledRows
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.terminal_streams import STREAMS

THREE = (CellRectangle(0, 0, 20, 10), CellRectangle(21, 0, 19, 5), CellRectangle(21, 6, 19, 4))


def scene(
    emulators: list[GhosttyEmulator], active: int = 0, scroll: ScrolledRows | None = None
) -> Scene:
    panes = [
        PaneView(rectangle, emulator, index == active, scroll if index == active else None)
        for index, (rectangle, emulator) in enumerate(zip(THREE, emulators, strict=True))
    ]
    return Scene(40, 11, panes, [styled_row.line("[s] 0:sh*", 40, "bg=green,fg=black")])


@pytest.fixture
def emulators() -> list[GhosttyEmulator]:
    return [GhosttyEmulator(rectangle.columns, rectangle.rows) for rectangle in THREE]


@pytest.fixture
def client() -> GhosttyEmulator:
    terminal = GhosttyEmulator(40, 11)
    terminal.feed(ENTER)
    return terminal


def test_three_panes(emulators: list[GhosttyEmulator], client: GhosttyEmulator) -> None:
    for number, emulator in enumerate(emulators):
        emulator.feed(b"pane %d\r\n$ " % number)
    client.feed(Composer().compose(scene(emulators, 1)))
    assert client.screen_text() == [
        "pane 0              │pane 1",
        "$                   │$",
        "                    │",
        "                    │",
        "                    │",
        "                    ├───────────────────",
        "                    │pane 2",
        "                    │$",
        "                    │",
        "                    │",
        "[s] 0:sh*",
    ]
    assert client.cursor[:3] == (23, 1, True)


def test_nothing_new_sends_nothing(emulators: list[GhosttyEmulator]) -> None:
    composer = Composer()
    assert composer.compose(scene(emulators))
    assert composer.compose(scene(emulators)) == b""
    emulators[2].feed(b"x")
    update = composer.compose(scene(emulators))
    assert update.startswith(b"\x1b[?2026h")
    assert update.endswith(b"\x1b[?2026l")
    assert len(update) < 80


def test_differences_add_up_to_the_picture(
    emulators: list[GhosttyEmulator], client: GhosttyEmulator
) -> None:
    draw = random.Random(3)
    composer = Composer()
    for _ in range(60):
        stream = STREAMS[draw.choice(sorted(STREAMS))]
        at = draw.randrange(len(stream))
        draw.choice(emulators).feed(stream[at : at + draw.randrange(400)])
        now = scene(emulators, draw.randrange(3))
        client.feed(composer.compose(now))
        fresh = GhosttyEmulator(40, 11)
        fresh.feed(ENTER + Composer().compose(now))
        assert client.render() == fresh.render()
        assert client.cursor.visible == fresh.cursor.visible
        assert client.cursor[:3] == fresh.cursor[:3] or not client.cursor.visible
        assert client.modes == fresh.modes


def test_a_repaint_heals_a_garbled_client(
    emulators: list[GhosttyEmulator], client: GhosttyEmulator
) -> None:
    emulators[0].feed(b"text")
    composer = Composer()
    client.feed(composer.compose(scene(emulators)))
    before = client.render()
    client.feed(b"\x1b[Hgarbage\x1b[44m\x1b[5;5H\x1b[J\x1b[m")
    composer.repaint()
    client.feed(composer.compose(scene(emulators)))
    assert client.render() == before


def test_a_client_smaller_than_the_window(emulators: list[GhosttyEmulator]) -> None:
    emulators[1].feed("漢字漢字".encode())
    client = GhosttyEmulator(24, 5)
    client.feed(ENTER + Composer().compose(scene(emulators, 1)._replace(columns=24, rows=5)))
    assert client.screen_text()[0] == " " * 20 + "│漢"
    assert client.screen_text()[4].startswith("[s]")


def test_a_client_larger_than_the_window(emulators: list[GhosttyEmulator]) -> None:
    client = GhosttyEmulator(44, 13)
    now = scene(emulators)._replace(columns=44, rows=13, window=(40, 10))
    client.feed(ENTER + Composer().compose(now))
    assert client.screen_text()[0].endswith("│···")
    assert client.screen_text()[11] == "·" * 44


def test_scroll_view(emulators: list[GhosttyEmulator], client: GhosttyEmulator) -> None:
    emulators[0].feed(b"live\x1b[?1000h")
    view = ScrolledRows([b"old line that fills it!"[:20], b"\x1b[31mtwo\x1b[0m"], 7, 42, (3, 1))
    client.feed(Composer().compose(scene(emulators, 0, view)))
    assert client.screen_text()[0][:20] == "old line that [7/42]"
    assert client.screen_text()[1].startswith("two")
    assert client.cursor[:3] == (3, 1, True)
    assert client.modes.mouse == "off"


def test_two_panes_share_their_border() -> None:
    left, right = CellRectangle(0, 0, 3, 4), CellRectangle(4, 0, 3, 4)
    for active in (0, 1):
        runs = borders.draw(
            (left, right), active, window=(7, 4), client=(7, 4), look=BorderLook((b"<", b">"), b"?")
        )
        assert [run.content[:1] for run in runs] == [b"<", b"<", b"<", b">"]
        whole = BorderLook((b"<", b">"), b"?", halves=False)
        runs = borders.draw((left, right), active, window=(7, 4), client=(7, 4), look=whole)
        assert {run.content[:1] for run in runs} == {b"<>"[active : active + 1]}


@pytest.mark.parametrize(
    ("text", "sgr"),
    [
        ("default", b"\x1b[0m"),
        ("fg=red", b"\x1b[0;31m"),
        ("bg=green,fg=black", b"\x1b[0;30;42m"),
        ("fg=brightblue bold", b"\x1b[0;1;94m"),
        ("fg=colour208,bg=#102030", b"\x1b[0;38;5;208;48;2;16;32;48m"),
        ("bold,underscore,nobold", b"\x1b[0;4m"),
        ("reverse,none,bg=brightred", b"\x1b[0;101m"),
    ],
)
def test_styles(text: str, sgr: bytes) -> None:
    assert style.parse(text).sgr() == sgr


@pytest.mark.parametrize("text", ["fg=reddish", "blod", "bg=colour256"])
def test_bad_styles_are_named(text: str) -> None:
    with pytest.raises(ValueError, match=text.split("=")[-1]):
        style.parse(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("left#[align=right]right", "left           right"),
        ("#[align=centre]mid", "         mid"),
        ("a much too long left part#[align=right]r", "a much too long left"),
        ("漢" * 11, "漢" * 10),
        ("x" + "漢" * 11, "x" + "漢" * 9),
        ("a\x1b[31mb\nc", "a[31mbc"),
        ("#[fg=red]a#[bad=,]b", "ab"),
    ],
)
def test_a_status_line_is_exactly_as_wide_as_told(text: str, shown: str) -> None:
    terminal = GhosttyEmulator(20, 2)
    terminal.feed(styled_row.line(text, 20, "reverse"))
    assert terminal.screen_text() == [shown, ""]
    assert terminal.cursor.pending_wrap
