"""Titles of windows, passthroughs and joined characters mean the same wherever the output is cut, also by a snapshot."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.terminal.emulator import Event, Passthrough, TitleChanged, WindowNamed
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator

PARTS = (
    b"\x1bktitle\x1b\\",
    b"\x1bk\x1b\\",
    b"\x1bkcut\x18",
    b"\x1bPtmux;\x1b\x1b]2;outside\x07\x1b\\",
    b"\x1bPtmux;\x18plain\x1b\\",
    b"\x1b]2;\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa\x07",
    b"\x1b]133;A\x07",
    b"\x1b[1234b",
    b"\x1b[?2027$p",
    b"\x1bP+q544e\x1b\\",
    b"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",
    b"\xf0\x9f\x87\xa9",
    b"\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9",
    b"\xe2\x80\x8d",
    b"\xe2\x9d\xa4\xef\xb8\x8f",
    b"\xf0\x9f",
    b"\xe4\xb8\x96",
    b"k",
    b"Ptmux;",
    b"\x1b",
    b"x\r\n",
)
output = st.lists(st.sampled_from(PARTS), max_size=12).map(b"".join)


def _passed(events: Sequence[Event]) -> list[Event]:
    return [each for each in events if isinstance(each, Passthrough | WindowNamed | TitleChanged)]


def _state(emulator: GhosttyEmulator) -> object:
    return emulator.render(), emulator.cursor


@given(output, st.lists(st.integers(0, 200), max_size=6))
@settings(max_examples=200, deadline=None)
def test_where_the_output_is_cut_does_not_matter(data: bytes, places: list[int]) -> None:
    whole, cut = GhosttyEmulator(12, 4), GhosttyEmulator(12, 4)
    expected = whole.feed(data)
    events: list[Event] = []
    at = 0
    for place in sorted(min(place, len(data)) for place in [*places, len(data)]):
        events += cut.feed(data[at:place])
        at = place
    assert _state(cut) == _state(whole)
    assert _passed(events) == _passed(expected)


@given(output, st.integers(0, 200))
@settings(max_examples=200, deadline=None)
def test_a_snapshot_may_cut_the_output(data: bytes, place: int) -> None:
    whole, first = GhosttyEmulator(12, 4), GhosttyEmulator(12, 4)
    whole.feed(data)
    first.feed(data[:place])
    second = GhosttyEmulator.restore(first.snapshot())
    second.feed(data[place:])
    assert _state(second) == _state(whole)


def test_what_is_withheld_becomes_an_event() -> None:
    emulator = GhosttyEmulator(20, 3)
    events = emulator.feed(b"a\x1bkname\x1b\\b\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\c")
    assert events == [WindowNamed("name"), Passthrough(b"\x1b]9;x\x07")]
    assert emulator.screen_text()[0] == "abc"


def test_what_is_withheld_has_a_limit() -> None:
    emulator = GhosttyEmulator(20, 3)
    assert emulator.feed(b"\x1bPtmux;" + b"x" * (2 << 20)) == []
    assert emulator.feed(b"y\x1b\\z") == []
    events = emulator.feed(b"\x1bk" + b"n" * 5000 + b"\x1b\\")
    assert events == [WindowNamed("n" * 1024)]
    assert emulator.screen_text()[0] == "z"
