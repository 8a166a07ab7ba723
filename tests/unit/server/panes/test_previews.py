"""A list with the last screen of the selected pane beside it, or below it on a narrow terminal."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.last_screens import LastScreen
from fuguemux.server.clients.overlays import Page
from fuguemux.server.overlays.outcome import STAYS
from fuguemux.server.panes.last_screens import NoScreen
from fuguemux.server.panes.previews import ScreenPreview
from fuguemux.terminal.ghostty.rewrap import plain
from fuguemux.terminal.key_reader import KeyPress
from fuguemux.terminal.style import text_width


class Kept:
    """All have one but the third; they are read when the test says so."""

    def __init__(self) -> None:
        self.spawn: Callable[[Coroutine[Any, Any, None]], object] = reading.append

    async def fetch(self, pane: PaneId, recovery_ms: int | None) -> LastScreen:
        del recovery_ms
        if pane == 3:
            raise NoScreen("no last screen of %3 is kept")
        lines = tuple(b"%d: row %d of %%%d" % (n, n, pane) for n in range(20))
        return LastScreen(pane, 1, 1, 1, "vim", "work:0", "", 60, 20, 40, 19, True, True, lines)


def page(drawn: list[bool] | None = None) -> Page:
    """`drawn` gets an item each time that there is something else to show."""
    rows = tuple((f"pane {number}", f"select-pane -t %{number}") for number in (1, 2, 3, 4))
    panes = (PaneId(1), PaneId(2), PaneId(3), None)
    redraw = partial((drawn if drawn is not None else []).append, True)
    return Page("panes", rows, chooser=True, preview=ScreenPreview(Kept(), panes, redraw))


reading: list[Coroutine[Any, Any, None]] = []


def read() -> None:
    """What was begun to be read is there."""
    while reading:
        with suppress(StopIteration):
            reading.pop().send(None)


def text(page: Page, columns: int, height: int) -> list[str]:
    page.rows(columns, height)
    read()
    return _text(page, columns, height)


def _text(page: Page, columns: int, height: int) -> list[str]:
    rows = [plain(row).decode() for row in page.rows(columns, height)]
    assert len(rows) <= height
    assert all(text_width(row) <= columns for row in rows), rows
    return [row.rstrip() for row in rows]


def press(page: Page, name: str) -> None:
    page.key(KeyPress(name, b""))


def test_beside_it_with_the_row_of_the_cursor_in_sight() -> None:
    shown = text(page(), 80, 10)
    assert shown[0] == "panes".ljust(32) + "│vim, 60x20"
    assert shown[1] == "(0) pane 1".ljust(32) + "│11: row 11 of %1"
    assert shown[9] == " " * 32 + "│19: row 19 of %1"
    assert len(shown) == 10


def test_below_it_on_a_narrow_terminal() -> None:
    shown = text(page(), 40, 11)
    assert shown[:5] == ["panes", "(0) pane 1", "(1) pane 2", "(2) pane 3", "(3) pane 4"]
    assert shown[5].startswith("vim, 60x20 ────")
    assert len(shown) == 11
    assert text(page(), 40, 3) == ["panes", "(0) pane 1", "(1) pane 2"]


def test_it_follows_the_selection_and_says_why_there_is_none() -> None:
    some = page()
    press(some, "Down")
    assert text(some, 80, 4)[3].endswith("19: row 19 of %2")
    press(some, "Down")
    assert text(some, 80, 4)[0].endswith("│no last screen of %3 is kept")
    press(some, "Down")
    assert text(some, 80, 4)[0].rstrip("│ ") == "panes"
    assert some.key(KeyPress("Enter", b"")).command == "select-pane -t %4"


def test_long_rows_are_moved_to_where_the_cursor_is() -> None:
    narrow = text(page(), 28, 12)
    assert all(
        "row" not in row for row in narrow[6:]
    )  # column 40 is in sight, the text is left of it


def test_while_one_is_read_the_list_goes_on_and_only_the_selected_one_is_shown() -> None:
    drawn: list[bool] = []
    some = page(drawn)
    assert _text(some, 80, 4)[0].endswith("│the last screen is being read…")
    press(some, "Down")
    assert _text(some, 80, 4)[0].endswith("│the last screen is being read…")
    assert len(reading) == 2
    first, second = reading
    reading.clear()
    with suppress(StopIteration):
        second.send(None)
    assert drawn == [True]
    with suppress(StopIteration):
        first.send(None)  # another one is selected by now
    assert drawn == [True]
    assert _text(some, 80, 4)[3].endswith("19: row 19 of %2")


def test_an_empty_list_can_be_moved_in() -> None:
    empty = Page("panes", (), chooser=True)
    for name in ("Down", "Up", "End", "Enter", "0"):
        assert empty.key(KeyPress(name, b"")) == STAYS
        assert text(empty, 40, 3) == ["panes"]
