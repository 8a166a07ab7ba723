"""Rows far back are those that reading everything gives."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fuguemux.model.ids import PaneId
from fuguemux.model.live import CaptureRequest
from fuguemux.persistence.blocks import Line
from fuguemux.persistence.files import RealStorage
from fuguemux.persistence.pack_reader import PackReader
from fuguemux.persistence.scrollback import PaneScrollback, ScrollbackStore
from fuguemux.server.capture import capture, newest_history_rows
from fuguemux.server.pane_terminal import PaneTerminal
from fuguemux.terminal.ghostty import GhosttyEmulator

ALL = 1 << 40


def pane(lines: list[bytes], columns: int) -> PaneTerminal:
    scrollback: PaneScrollback = ScrollbackStore(PackReader(RealStorage(), "nowhere")).pane(
        PaneId(0)
    )
    scrollback.append(lines)
    return PaneTerminal(PaneId(0), GhosttyEmulator(columns, 3), scrollback, lsn=1)


@settings(max_examples=60, deadline=None)
@example(3000, 0, [500], 3000, 2700)
@example(3000, 0, [2500], 2900, 1000)
@given(
    st.integers(0, 3000),
    st.integers(0, 3000),
    st.lists(st.integers(0, 2999), max_size=4),
    st.integers(0, 3100),
    st.integers(0, 3100),
)
def test_skipped_rows_are_those_behind(
    narrow: int, more: int, wide: list[int], wanted: int, skipped: int
) -> None:
    lines = [b"line %d" % number for number in range(narrow + more)]
    for place in wide:
        if place < len(lines):
            lines[place] = b"a wide line " * 5 + b"%d" % place
    terminal = pane(lines, 20)
    everything = newest_history_rows(terminal, ALL, 20)
    expected = everything[max(0, len(everything) - wanted) : max(0, len(everything) - skipped)]
    assert newest_history_rows(terminal, wanted, 20, skipped=skipped) == expected


def test_the_oldest_rows_are_read_alone() -> None:
    terminal = pane([b"line %d" % number for number in range(50_000)], 20)
    read: list[tuple[int, int]] = []
    whole = terminal.scrollback.read

    def noted(start: int, stop: int) -> list[Line]:
        read.append((start, stop))
        return whole(start, stop)

    terminal.scrollback.read = noted  # type: ignore[method-assign]  # to see what is asked of it
    found = capture(terminal, CaptureRequest(start="first", end=-49_990))
    assert found == b"".join(b"line %d\n" % number for number in range(11))
    assert sum(stop - start for start, stop in read) < 2_000
