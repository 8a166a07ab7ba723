"""A snapshot that an earlier build wrote is read by this one, or refused with a reason. It is never misread."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuguemux.terminal.emulator import ScreenSize
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator, engine_name

FIRST = Path(__file__).parent / "terminal_snapshot_v1.bin"
SECOND = Path(__file__).parent / "terminal_snapshot_v2.bin"
ENGINE = "ghostty 0.1.0-dev/1"
OUTPUT = (
    b"\x1b]0;golden\x07plain \x1b[1;31mred\x1b[0m\r\n" + "漢字 e\u0301".encode() + b"\r\n"
    b"\x1b]8;;http://example.org/\x1b\\link\x1b]8;;\x1b\\"
    + b"w" * 60
    + b"\x1b[?2004h\x1b[5 q\x1b[3"
)


def made() -> GhosttyEmulator:
    terminal = GhosttyEmulator(40, 6)
    terminal.feed(OUTPUT)
    return terminal


@pytest.mark.parametrize("golden", [FIRST, SECOND])
def test_the_golden_snapshots_are_read(golden: Path) -> None:
    assert engine_name() == ENGINE, "a new engine needs a new golden file beside the old one"
    restored, expected = GhosttyEmulator.restore(golden.read_bytes()), made()
    assert restored.size == ScreenSize(40, 6)
    for terminal in (restored, expected):
        terminal.feed(b"5mend")
    assert restored.render() == expected.render()
    assert restored.cursor == expected.cursor
    assert restored.modes == expected.modes
    assert restored.title == "golden"


def test_the_format_has_not_changed() -> None:
    assert made().snapshot()[:22] == SECOND.read_bytes()[:22]


def test_the_first_version_has_no_lines_that_come_back() -> None:
    assert GhosttyEmulator.restore(FIRST.read_bytes()).returnable_lines == 0
    second = made()
    second.feed(b"m\r\n" * 20)
    second.archive(everything=True)
    assert (
        GhosttyEmulator.restore(second.snapshot()).returnable_lines == second.returnable_lines > 0
    )
