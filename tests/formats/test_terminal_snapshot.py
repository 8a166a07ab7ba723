"""A snapshot that an earlier build wrote is read by this one, or refused with a reason. It is never misread."""

from __future__ import annotations

from pathlib import Path

from fuguemux.terminal.emulator import ScreenSize
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator, engine_name

GOLDEN = Path(__file__).parent / "terminal_snapshot_v1.bin"
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


def test_the_golden_snapshot_is_read() -> None:
    assert engine_name() == ENGINE, "a new engine needs a new golden file beside the old one"
    restored, expected = GhosttyEmulator.restore(GOLDEN.read_bytes()), made()
    assert restored.size == ScreenSize(40, 6)
    for terminal in (restored, expected):
        terminal.feed(b"5mend")
    assert restored.render() == expected.render()
    assert restored.cursor == expected.cursor
    assert restored.modes == expected.modes
    assert restored.title == "golden"


def test_the_format_has_not_changed() -> None:
    assert made().snapshot()[:18] == GOLDEN.read_bytes()[:18]
