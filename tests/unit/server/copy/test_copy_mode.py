"""Copy mode on lines of every kind: positions, rows and selections agree with the text."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.persistence.scrollback.blocks import BlockLines, joined_text
from fuguemux.persistence.scrollback.pattern import Pattern
from fuguemux.persistence.scrollback.scrollback_search import SearchPart
from fuguemux.server.copy.copy_document import Document, RowAt, Spot
from fuguemux.server.copy.copy_mode import CopyMode, Styles
from fuguemux.server.copy.copy_motions import MOTIONS, MotionContext
from fuguemux.terminal.emulator import ScreenSize
from fuguemux.terminal.ghostty.rewrap import plain
from fuguemux.terminal.style import text_width

STYLES = Styles(b"\x1b[0;1m", b"\x1b[0;4m", b"\x1b[0;7m")
lines = st.lists(st.text("ab 漢é", max_size=30), min_size=1, max_size=30)


def document(history: Sequence[str], screen: Sequence[str] = ("",), first: int = 100) -> Document:
    parts: list[SearchPart] = []
    for at in range(0, len(history), 4):
        some = history[at : at + 4]
        content = BlockLines(joined_text([line.encode() for line in some]), len(some), frozenset())
        parts.append(SearchPart(first + at, len(some), lambda content=content: content))  # type: ignore[misc]  # bound now
    return Document(parts, [line.encode() for line in screen], continues=False)


def mode_of(history: Sequence[str], size: ScreenSize, screen: Sequence[str] = ("",)) -> CopyMode:
    found = document(history, screen)
    rows = sum(len(found.starts(line, size.columns)) for line in range(found.first, found.tail))
    return CopyMode(found, rows, size)


@settings(max_examples=200, deadline=None)
@given(lines, st.integers(2, 20))
def test_rows_hold_the_whole_text(history: list[str], columns: int) -> None:
    found = document(history)
    rows = found.rows(RowAt(found.first, 0), 10_000, columns)
    shown: dict[int, str] = {}
    for at, row in rows:
        assert text_width(plain(row).decode()) <= columns
        shown[at.line] = shown.get(at.line, "") + plain(row).decode()
    for number, text in enumerate(history, found.first):
        assert shown[number].replace(" ", "") == text.replace(" ", "")
    total = sum(len(found.starts(line, columns)) for line in range(found.first, found.stop))
    assert len(rows) == total
    last, moved = found.rows_behind(RowAt(found.first, 0), 10_000, columns)
    assert (last, moved) == (rows[-1][0], total - 1)
    assert found.rows_behind(last, -10_000, columns) == (RowAt(found.first, 0), total - 1)


@settings(max_examples=200, deadline=None)
@given(lines, st.integers(2, 20), st.data())
def test_spots_are_where_their_columns_are(
    history: list[str], columns: int, data: st.DataObject
) -> None:
    found = document(history)
    line = data.draw(st.integers(found.first, found.stop - 1))
    offset = data.draw(st.integers(0, max(len(found.text(line)) - 1, 0)))
    spot = Spot(line, offset)
    at, column = found.row_of(spot, columns), found.column_of(spot, columns)
    assert found.spot_at(at, column, columns) == spot


@settings(max_examples=100, deadline=None)
@given(
    lines,
    st.integers(2, 20),
    st.lists(st.sampled_from(sorted(MOTIONS)), max_size=30),
    st.booleans(),
)
def test_any_commands_leave_a_view_that_shows_the_cursor(
    history: list[str], columns: int, commands: list[str], vi: bool
) -> None:
    mode = mode_of(history, ScreenSize(columns, 4), ("x", "y", "z", "w"))
    mode.pattern, mode.matches_shown = Pattern("a+b?", regex=True), True
    for number, command in enumerate(commands):
        MOTIONS[command](mode, MotionContext("a", "-", vi))
        if number == 10:
            mode.fit(ScreenSize(columns + 3, 5))
        view = mode.view(STYLES, vi=vi)
        assert view.cursor is not None
        assert 0 <= view.cursor[0] < mode.columns
        assert 0 <= view.cursor[1] < len(view.rows) <= mode.rows
        assert view.position >= 0
        mode.selected(vi=vi)


def test_a_selection_over_wrapped_lines_is_one_line() -> None:
    mode = mode_of(["abcdefghij", "second   "], ScreenSize(4, 3), ("end",))
    mode.top_of_history()
    mode.cursor = mode.anchor = Spot(100, 2)
    mode.go(Spot(101, 4))
    assert mode.selected(vi=False) == "cdefghij\nseco"
    assert mode.selected(vi=True) == "cdefghij\nsecon"
    mode.anchor, mode.rectangle = Spot(100, 1), True
    mode.go(Spot(100, 6))
    assert mode.selected(vi=True) == "bc\nfg"


def test_matches_are_highlighted_across_rows() -> None:
    mode = mode_of(["xxneedlexx"], ScreenSize(5, 3), ("end",))
    mode.pattern, mode.matches_shown = Pattern("needle"), True
    mode.top_of_history()
    assert mode.view(STYLES, vi=False).rows[:2] == [
        b"xx\x1b[0;1mnee\x1b[0m",
        b"\x1b[0;1mdle\x1b[0mxx",
    ]


@given(
    st.lists(st.tuples(st.integers(0, 700), st.booleans()), min_size=1, max_size=5),
    st.integers(0, 3000),
    st.integers(-3000, 3000),
)
@settings(max_examples=60, deadline=None)
def test_far_rows_are_those_that_steps_lead_to(
    sizes: list[tuple[int, bool]], start: int, rows: int
) -> None:
    """Parts whose lines all take one row are passed as a whole."""
    parts, first = list[SearchPart](), 7
    for size, wide in sizes:
        lines = [
            b"line %d" % number + b" and on" * (wide and number == size // 2)
            for number in range(size)
        ]
        content = BlockLines(joined_text(lines), size, frozenset())
        parts.append(SearchPart(first, size, lambda content=content: content))  # type: ignore[misc]  # bound now
        first += size
    whole = Document(parts, [b"screen"], continues=False)
    line = min(whole.first + start, whole.stop - 1)
    at, moved, step = RowAt(line, 0), 0, 250 if rows > 0 else -250  # too few to pass a part
    while moved < abs(rows):
        left = abs(rows) - moved
        at, done = whole.rows_behind(at, max(min(left, 250), 0) * (1 if step > 0 else -1), 10)
        moved += done
        if not done:
            break
    assert whole.rows_behind(RowAt(line, 0), rows, 10) == (at, moved)
    assert whole.again().rows_behind(RowAt(line, 0), rows, 10) == (at, moved)


def test_at_the_top_the_position_is_the_size_of_the_history() -> None:
    mode = mode_of(["some words"] * 500, ScreenSize(10, 5), screen=["screen"] * 5)
    mode.top_of_history()
    view = mode.view(STYLES, vi=False)
    assert (view.position, view.total) == (500, 500)
    mode.fit(ScreenSize(10, 4))
    view = mode.view(STYLES, vi=False)
    assert (view.position, view.total) == (501, 501), "a row of the screen is above it now"
    mode.fit(ScreenSize(10, 5))
    view = mode.view(STYLES, vi=False)
    assert (view.position, view.total) == (500, 500)


def test_lines_that_are_not_kept_any_more_are_no_history() -> None:
    content = BlockLines(joined_text([b"line %d" % n for n in range(1000)]), 1000, frozenset())
    parts = [SearchPart(0, 1000, lambda: content)]
    found = Document(parts, [b"screen"], continues=False, base=400)
    mode = CopyMode(found, 600, ScreenSize(20, 1))
    mode.top_of_history()
    view = mode.view(STYLES, vi=False)
    assert (view.position, view.total) == (600, 600)
    assert view.rows == [b"line 400"]
    assert found.again().first == 400, "a search looks at the same lines"
