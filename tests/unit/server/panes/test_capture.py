"""Reading rows far back gives the same rows as reading everything."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fuguemux.model.ids import PaneId
from fuguemux.model.live import CaptureRequest
from fuguemux.persistence.scrollback.blocks import Line
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import PaneScrollback, ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.panes.capture import CapturedRow, _history, _newest, capture, moment
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator

ALL = 1 << 40


def pane(lines: list[bytes], columns: int) -> PaneTerminal:
    scrollback: PaneScrollback = ScrollbackStore(PackReader(RealStorage(), "nowhere")).pane(
        PaneId(0)
    )
    scrollback.append(lines)
    return PaneTerminal(PaneId(0), GhosttyEmulator(columns, 3), scrollback, lsn=1)


def newest(
    terminal: PaneTerminal, wanted: int, columns: int, *, skipped: int = 0
) -> list[CapturedRow]:
    """The last `wanted` rows above the screen, without the last `skipped` of them."""
    terminal.take_archive(everything=True)
    return _newest(_history(terminal, columns), wanted, columns, skipped=skipped)


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
    everything = newest(terminal, ALL, 20)
    expected = everything[max(0, len(everything) - wanted) : max(0, len(everything) - skipped)]
    assert newest(terminal, wanted, 20, skipped=skipped) == expected


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


def in_pieces(length: int, piece: int) -> tuple[PaneTerminal, bytes]:
    line = b"".join(b"%07d " % number for number in range(length // 8))
    terminal = pane([line[:piece]], 100)
    for at in range(piece, len(line), piece):
        terminal.scrollback.append([line[at : at + piece]], continued=True)
    return terminal, line


def test_a_line_of_megabytes_is_joined_in_linear_time() -> None:
    terminal, line = in_pieces(8 << 20, 16_000)
    request = CaptureRequest(start="first", join=True, trim=False)
    assert capture(terminal, request).removesuffix(b"\n" * 3) == line + b"\n"


def test_a_moment_has_what_was_there_whatever_comes_behind_it() -> None:
    terminal, _ = in_pieces(100_000, 5_000)
    terminal.emulator.feed(b"on the screen")
    for request in (
        CaptureRequest(start="first", join=True, trim=False),
        CaptureRequest(start="first"),
        CaptureRequest(start=-30, end=-10),
        CaptureRequest(start=-5, end=1),
    ):
        wanted = capture(terminal, request)
        taken = moment(terminal, request)
        terminal.scrollback.append([b"later"])
        terminal.emulator.feed(b"\x1b[2J")
        assert taken.text() == wanted


def test_basic_colours_are_written_as_tmux_writes_them() -> None:
    terminal = pane([b"\x1b[38;5;9mold"], 40)
    terminal.emulator.feed(
        b"\x1b[31ma\x1b[m\x1b[44mb\x1b[m\x1b[95mc\x1b[m\x1b[103md\x1b[m\x1b[38;5;16me"
    )
    seen = capture(terminal, CaptureRequest(start="first", escapes=True))
    for colour in (b"91mold", b"31ma", b"44mb", b"95mc", b"103md", b"38;5;16me"):
        assert b"\x1b[" + colour in seen
