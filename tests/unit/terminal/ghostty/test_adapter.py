"""The adapter: events, history, reset, the format of snapshots, and the refusal of a wrong library."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fuguemux.terminal.emulator import (
    Bell,
    ClipboardWrite,
    CwdChanged,
    EngineError,
    HistoryErased,
    Notification,
    ProgressReport,
    PromptMark,
    SnapshotError,
    TitleChanged,
    Unknown,
    joined,
)
from fuguemux.terminal.ghostty import library
from fuguemux.terminal.ghostty._abi import ffi
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.ghostty.history import BATCH_ROWS, EngineHistory

NUMBERS = b"".join(b"%d\r\n" % number for number in range(100))


@pytest.fixture
def terminal() -> GhosttyEmulator:
    return GhosttyEmulator(20, 5)


@pytest.mark.parametrize(
    ("output", "event"),
    [
        (b"\x07", Bell()),
        (b"\x1b]0;a title\x07", TitleChanged("a title")),
        (b"\x1b]7;file://host/tmp/a%20b\x1b\\", CwdChanged("file://host/tmp/a%20b", "/tmp/a b")),
        (b"\x1b]52;c;aGVsbG8=\x07", ClipboardWrite("clipboard", b"hello")),
        (b"\x1b]9;done\x07", Notification("", "done")),
        (b"\x1b]777;notify;t;b\x07", Notification("t", "b")),
        (b"\x1b]9;4;1;50\x07", ProgressReport("set", 50)),
        (b"\x1b]133;A\x07", PromptMark("A", None)),
        (b"\x1b]133;A;cl=m;aid=7\x07", PromptMark("A", None)),
        (b"\x1b]133;D;127\x1b\\", PromptMark("D", 127)),
        (b"\x1b]133;D\x07", PromptMark("D", None)),
        (b"\x1b[3J", HistoryErased()),
        (b"\x1b_hello\x1b\\", Unknown("apc", b"hello")),
    ],
)
def test_events_also_when_they_come_byte_by_byte(
    terminal: GhosttyEmulator, output: bytes, event: object
) -> None:
    assert terminal.feed(output) == [event]
    assert [e for byte in output for e in terminal.feed(bytes([byte]))] == [event]


@pytest.mark.parametrize("at", range(1, 13))
@pytest.mark.parametrize("place", [0, 1023, 1024, 5000])
def test_a_long_read_goes_on_with_a_sequence_and_holds_more(
    terminal: GhosttyEmulator, at: int, place: int
) -> None:
    mark, text = b"\x1b]133;D;127\x1b\\", b"x" * 78 + b"\r\n"
    rest = mark[at:] + (text * 200)[:place] + b"\x1b]133;A\x07" + text * 200
    assert terminal.feed(text + mark[:at]) + terminal.feed(rest) == [
        PromptMark("D", 127),
        PromptMark("A", None),
    ]


def test_an_erased_history_is_reported_to_the_store(terminal: GhosttyEmulator) -> None:
    terminal.feed(NUMBERS)
    first = terminal.archive(everything=True)
    terminal.feed(NUMBERS + b"\x1b[3J" + b"after\r\n" * 6)
    second = terminal.archive(everything=True)
    assert first is not None
    assert len(first.lines) == 96
    assert second is not None
    assert second.cleared
    assert second.lines == [b"96", b"97", b"98", b"99", b"after", b"after"]
    assert joined([first, second]) == second.lines
    terminal.clear_history()
    third = terminal.archive()
    assert third is not None
    assert third.cleared
    assert third.lines == []


def test_the_history_outlives_a_full_reset(terminal: GhosttyEmulator) -> None:
    terminal.feed(NUMBERS + b"\x1bc" + b"new")
    taken = terminal.archive(everything=True)
    assert taken is not None
    assert taken.lines[:3] == [b"0", b"1", b"2"]
    assert not taken.cleared
    assert terminal.screen_text()[0] == "new"


def test_the_alternate_screen_has_no_history(terminal: GhosttyEmulator) -> None:
    terminal.feed(NUMBERS + b"\x1b[?1049h" + b"x\r\n" * 50 + b"\x1b[3J")
    taken = terminal.archive(everything=True)
    assert taken is not None
    assert taken.lines == [b"%d" % number for number in range(96)]
    assert terminal.archive(everything=True) is None


def test_lines_below_an_alternate_screen_entered_unseen_are_not_lost() -> None:
    terminal = GhosttyEmulator(20, 5)
    terminal.feed(NUMBERS + b"\x1b[?10")
    terminal.feed(b"49h")
    taken = terminal.archive(everything=True)
    assert taken is not None
    assert len(taken.lines) == 96
    assert terminal.archive(everything=True) is None
    terminal = GhosttyEmulator.restore(terminal.snapshot())
    terminal.feed(b"\x1b[?1049l" + b"more\r\n" * 2)
    later = terminal.archive(everything=True)
    assert later is not None
    assert later.lines == [b"96", b"97"]


def test_a_resize_brings_nothing_back_and_loses_nothing(terminal: GhosttyEmulator) -> None:
    terminal.feed(NUMBERS)
    terminal.resize(20, 12)
    assert terminal.screen_text()[:5] == ["96", "97", "98", "99", ""]
    terminal.resize(20, 3)
    taken = terminal.archive(everything=True)
    assert taken is not None
    assert taken.lines == [b"%d" % number for number in range(98)]
    assert terminal.screen_text() == ["98", "99", ""]


def test_reset_for_a_new_process(terminal: GhosttyEmulator) -> None:
    terminal.feed(
        b"text\r\n\x1b[?1049h\x1b[?1000;1006;2004;1004;1h\x1b=\x1b[2;4r\x1b[31m\x1b(0\x1b[?25l\x1b[>5u"
    )
    terminal.feed(b"\x1b[5 q\x1b]0;unfinished")
    terminal.reset_for_new_process()
    fresh = GhosttyEmulator(20, 5)
    assert terminal.modes == fresh.modes
    assert terminal.at_ground
    terminal.feed(b"q\r\n2\r\n3\r\n4")
    assert terminal.render() == [b"text", b"q", b"2", b"3", b"4"]
    assert terminal.cursor._replace(column=0, row=0) == fresh.cursor


def test_capture_joins_wrapped_rows(terminal: GhosttyEmulator) -> None:
    terminal.feed(b"w" * 30 + b"\r\nx  \r\n")
    assert terminal.screen_text() == ["w" * 20, "w" * 10, "x", "", ""]
    assert terminal.screen_text(join=True, trim=False) == ["w" * 30, "x  ", "", ""]
    assert terminal.screen_ansi(join=True)[0] == b"w" * 30


def test_links_are_drawn(terminal: GhosttyEmulator) -> None:
    terminal.feed('a \x1b]8;;http://x/?p=1&q="\x1b\\漢\x1b[1mb c\x1b[0m\x1b]8;;\x1b\\ d'.encode())
    copy = GhosttyEmulator(20, 5)
    copy.feed(terminal.render()[0])
    assert copy.render() == terminal.render()
    assert terminal.render()[0].count(b'\x1b]8;;http://x/?p=1&q="\x1b\\') == 1


def test_half_a_wide_character_at_an_edge_is_blank(terminal: GhosttyEmulator) -> None:
    terminal.feed("a漢字漢字b".encode())
    assert terminal.render(2, 0, 4, 1) == [" 字".encode()]
    assert terminal.render(1, 0, 3, 1) == ["漢".encode()]


@pytest.mark.parametrize("blob", [b"", b"x" * 50, b"FTSN\x02" + bytes(50), b"FTSN\x01" + bytes(13)])
def test_what_is_no_snapshot_is_refused(blob: bytes) -> None:
    with pytest.raises(SnapshotError):
        GhosttyEmulator.restore(blob)


def test_a_snapshot_that_is_too_large_is_refused(
    terminal: GhosttyEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = terminal.snapshot()
    limit = "fuguemux.terminal.ghostty.snapshot.SNAPSHOT_BYTES_MAX"
    monkeypatch.setattr(limit, len(taken))
    GhosttyEmulator.restore(taken).close()
    monkeypatch.setattr(limit, len(taken) - 1)
    with pytest.raises(SnapshotError, match="at most"):
        GhosttyEmulator.restore(taken)


def test_a_wrong_library_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"cannot load .*pip install"):
        library.load(str(tmp_path / "none.so"))
    assert library.differences(b'{"types": {}}')[0] == "GhosttyString is missing"


def test_moved_fields_are_noticed() -> None:
    lib = library.load().lib
    description: bytes = ffi.string(lib.ghostty_type_json())
    assert library.differences(description) == []
    moved = description.replace(b'"ptr":{"offset":0', b'"ptr":{"offset":4')
    assert "the fields of GhosttyString have moved" in library.differences(moved)


def test_the_bindings_own_parser_is_not_imported() -> None:
    code = (
        "import sys, fuguemux.terminal.ghostty.adapter as g; g.GhosttyEmulator(80, 24).feed(b'x');"
        "print([m for m in ('pyghostty', 'pycparser', 'importlib.metadata', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("character", ["漢", "👍", "👍🏽", "👨‍👩‍👧"])
def test_a_wide_character_at_the_borders_corner_is_in_the_history_once(character: str) -> None:
    """It did not fit into the last row that is history, and opens the first row of the screen."""
    terminal = GhosttyEmulator(17, 3)
    terminal.feed(f"{'x' * 50}{character} \r\n\r\n".encode())
    taken = terminal.archive(everything=True)
    assert taken is not None
    assert taken.lines == [b"x" * 50]
    assert taken.continues
    assert terminal.screen_ansi(join=True)[0] == f"{character} ".encode()


def test_two_threads_format_rows_of_their_own_terminals_at_once() -> None:
    """The library runs without Python's lock: what one thread formats must not be written over by another."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def wrong(letter: bytes) -> int:
        terminal = GhosttyEmulator(200, 50)
        terminal.feed(letter * 200 * 50)
        return sum(terminal.screen_ansi() != [letter * 200] * 50 for _ in range(300))

    try:
        with ThreadPoolExecutor(2) as threads:
            assert sum(threads.map(wrong, (b"a", b"b"))) == 0
    finally:
        sys.setswitchinterval(before)


def test_a_full_history_is_taken_in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    lines_of = EngineHistory._lines

    def counted(
        self: EngineHistory, start: int, stop: int, columns: int
    ) -> tuple[list[bytes], bool]:
        taken[-1] += stop - start
        return lines_of(self, start, stop, columns)

    monkeypatch.setattr(EngineHistory, "_lines", counted)
    terminal = GhosttyEmulator(100, 30)
    terminal.keep_lines = 10_000
    text = b"x" * 100 * 500  # one line without an end: none of it can be left out
    lines: list[bytes] = []
    for _ in range(140):
        taken.append(0)
        terminal.feed(text)
        if (part := terminal.archive()) is not None:
            lines += part.lines
    assert sum(taken) > 30_000
    assert max(taken) <= 2 * BATCH_ROWS + 500
    if (part := terminal.archive(everything=True)) is not None:
        lines += part.lines
    screen = 30 * 100
    assert abs(sum(map(len, lines)) - (140 * len(text) - screen)) <= 100
