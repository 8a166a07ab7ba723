"""What an emulator must do with the sequences that programs send: one case per line, for any engine.

Sources: ECMA-48, DEC STD 070, xterm's ctlseqs. A case is output, and the expected screen or replies.
"""

from __future__ import annotations

import pytest

from fuguemux.terminal.emulator import Emulator, TerminalReply
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator

COLUMNS, ROWS = 10, 4
ENGINES = [GhosttyEmulator]
LETTERS = b"\x1b[1;1Haaa\x1b[2;1Hbbb\x1b[3;1Hccc\x1b[4;1Hddd"

SCREENS: dict[str, tuple[bytes, list[str]]] = {
    "plain": (b"hello", ["hello", "", "", ""]),
    "wrap": (b"0123456789ab", ["0123456789", "ab", "", ""]),
    "no wrap without autowrap": (b"\x1b[?7l0123456789ab", ["012345678b", "", "", ""]),
    "pending wrap is taken back by CR": (b"0123456789\rX", ["X123456789", "", "", ""]),
    "scroll": (b"1\r\n2\r\n3\r\n4\r\n5", ["2", "3", "4", "5"]),
    "backspace": (b"abc\b\bX", ["aXc", "", "", ""]),
    "tab": (b"a\tb", ["a       b", "", "", ""]),
    "tab stops set and cleared": (b"\x1b[3g\x1b[1;4H\x1bH\r\tx", ["   x", "", "", ""]),
    "DEL is ignored": (b"a\x7fb", ["ab", "", "", ""]),
    "NUL is ignored": (b"a\0b", ["ab", "", "", ""]),
    "vertical tab and form feed go down": (b"a\x0bb\x0cc", ["a", " b", "  c", ""]),
    "CUP": (b"\x1b[2;3Hx", ["", "  x", "", ""]),
    "CUP beyond the edge": (b"\x1b[99;99Hx", ["", "", "", "         x"]),
    "CUU CUD CUF CUB": (b"\x1b[3;5H\x1b[A\x1b[2C\x1b[B\x1b[3Dx", ["", "", "   x", ""]),
    "CNL CPL": (b"\x1b[2;5H\x1b[Ex\x1b[2Fy", ["y", "", "x", ""]),
    "CHA VPA HVP": (b"\x1b[5Ga\x1b[3db\x1b[2;2fc", ["    a", " c", "     b", ""]),
    "ED 0": (LETTERS + b"\x1b[2;2H\x1b[J", ["aaa", "b", "", ""]),
    "ED 1": (LETTERS + b"\x1b[2;2H\x1b[1J", ["", "  b", "ccc", "ddd"]),
    "ED 2": (LETTERS + b"\x1b[2J", ["", "", "", ""]),
    "EL 0": (b"abcdef\x1b[3G\x1b[K", ["ab", "", "", ""]),
    "EL 1": (b"abcdef\x1b[3G\x1b[1K", ["   def", "", "", ""]),
    "EL 2": (b"abcdef\x1b[2K", ["", "", "", ""]),
    "ECH": (b"abcdef\x1b[2G\x1b[3X", ["a   ef", "", "", ""]),
    "DCH": (b"abcdef\x1b[2G\x1b[3P", ["aef", "", "", ""]),
    "ICH": (b"abcdef\x1b[2G\x1b[2@", ["a  bcdef", "", "", ""]),
    "insert mode": (b"abc\x1b[2G\x1b[4hX\x1b[4lY", ["aXYc", "", "", ""]),
    "IL": (LETTERS + b"\x1b[2;1H\x1b[L", ["aaa", "", "bbb", "ccc"]),
    "DL": (LETTERS + b"\x1b[2;1H\x1b[M", ["aaa", "ccc", "ddd", ""]),
    "SU": (LETTERS + b"\x1b[S", ["bbb", "ccc", "ddd", ""]),
    "SD": (LETTERS + b"\x1b[T", ["", "aaa", "bbb", "ccc"]),
    "IND at the bottom": (LETTERS + b"\x1bDx", ["bbb", "ccc", "ddd", "   x"]),
    "RI at the top": (LETTERS + b"\x1b[1;1H\x1bMx", ["x", "aaa", "bbb", "ccc"]),
    "NEL": (b"ab\x1bEc", ["ab", "c", "", ""]),
    "REP": (b"x\x1b[4b", ["xxxxx", "", "", ""]),
    "DECSTBM scrolls its region": (LETTERS + b"\x1b[2;3r\x1b[3;1H\nx", ["aaa", "ccc", "x", "ddd"]),
    "DECOM": (b"\x1b[2;3r\x1b[?6h\x1b[1;1Hx\x1b[9;1Hy", ["", "x", "y", ""]),
    "left and right margins": (b"\x1b[?69h\x1b[3;5s\x1b[1;3Habcdef", ["  abc", "  def", "", ""]),
    "DECSC DECRC": (b"ab\x1b7\x1b[3;3H\x1b8c", ["abc", "", "", ""]),
    "SCOSC SCORC": (b"ab\x1b[s\x1b[3;3H\x1b[uc", ["abc", "", "", ""]),
    "DECALN": (b"\x1b#8", ["E" * 10] * 4),
    "DEC graphics": (b"\x1b(0lqk\x1b(Bx", ["┌─┐x", "", "", ""]),
    "SO SI": (b"\x1b)0\x0eq\x0fq", ["─q", "", "", ""]),
    "alternate screen 1049": (b"main\x1b[?1049halt\x1b[?1049l!", ["main!", "", "", ""]),
    "alternate screen 47": (b"main\x1b[?47h\x1b[Halt", ["alt", "", "", ""]),
    "RIS": (b"abc\x1bcx", ["x", "", "", ""]),
    "wide characters": ("漢字x".encode(), ["漢字x", "", "", ""]),
    "a wide character wraps whole": ("012345678漢".encode(), ["012345678", "漢", "", ""]),
    "half a wide character goes": ("漢字\x1b[2GX".encode(), [" X字", "", "", ""]),
    "combining": ("e\u0301x".encode(), ["e\u0301x", "", "", ""]),
    "emoji with modifier": ("👍🏽x".encode(), ["👍🏽x", "", "", ""]),
    "broken UTF-8": (b"a\xffb", ["a\ufffdb", "", "", ""]),
    "ESC k title": (b"a\x1bktitle\x1b\\b", ["ab", "", "", ""]),
    "passthrough": (b"a\x1bPtmux;\x1b\x1b]2;x\x07y\x1b\\b", ["ab", "", "", ""]),
    "flags": ("🇩🇪🇫🇷x\x1b[6Gy".encode(), ["🇩🇪🇫🇷xy", "", "", ""]),
    "joined emoji": ("👨\u200d👩\u200d👧x\x1b[4Gy".encode(), ["👨\u200d👩\u200d👧xy", "", "", ""]),
    "variation selector": ("❤\ufe0fx\x1b[3Gy".encode(), ["❤\ufe0fxy", "", "", ""]),
    "OSC is not printed": (b"a\x1b]999;x\x07b\x1b]0;t\x1b\\c", ["abc", "", "", ""]),
    "DCS and APC are not printed": (b"a\x1bPq#0\x1b\\b\x1b_x\x1b\\c", ["abc", "", "", ""]),
    "CAN ends a sequence": (b"a\x1b[3\x18b", ["ab", "", "", ""]),
    "unknown CSI is not printed": (b"a\x1b[?99999zb\x1b[5!~c", ["abc", "", "", ""]),
    "control inside of CSI": (b"ab\x1b[\b1Cx", ["abx", "", "", ""]),
    "DECSED keeps protected text": (b'\x1b[1"qab\x1b[0"qcd\x1b[?2J', ["ab", "", "", ""]),
}

REPLIES: dict[str, tuple[bytes, bytes]] = {
    "DSR 5": (b"\x1b[5n", b"\x1b[0n"),
    "CPR": (b"\x1b[2;3H\x1b[6n", b"\x1b[2;3R"),
    "DA1": (b"\x1b[c", b"\x1b[?62;22c"),
    "DA2": (b"\x1b[>c", b"\x1b[>1;0;0c"),
    "XTVERSION": (b"\x1b[>q", b"\x1bP>|fugue\x1b\\"),
    "DECRQM set": (b"\x1b[?2004h\x1b[?2004$p", b"\x1b[?2004;1$y"),
    "DECRQM reset": (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
    "DECRQSS SGR": (b"\x1b[1m\x1bP$qm\x1b\\", b"\x1bP1$r0;1m\x1b\\"),
    "size in cells": (b"\x1b[18t", b"\x1b[8;4;10t"),
    "kitty keyboard": (b"\x1b[>5u\x1b[?u", b"\x1b[?5u"),
    "OSC 10 to 12, unknown": (b"\x1b]10;?\x07\x1b]11;?\x1b\\\x1b]12;?\x07", b""),
    "OSC 10": (b"\x1b]10;#123456\x07\x1b]10;?\x07", b"\x1b]10;rgb:1212/3434/5656\x07"),
    "OSC 4": (b"\x1b]4;1;rgb:12/34/56\x07\x1b]4;1;?\x07", b"\x1b]4;1;rgb:1212/3434/5656\x07"),
    "XTGETTCAP TN": (b"\x1bP+q544e\x1b\\", b"\x1bP1+r544E=787465726D2D323536636F6C6F72\x1b\\"),
    "no title report": (b"\x1b]2;$(evil)\x07\x1b[21t", b""),
    "no clipboard read": (b"\x1b]52;c;?\x07", b""),
    "no answer to ENQ": (b"\x05", b""),
}

# Not implemented by the engine; a new version that passes must be noticed.
MISSING: dict[str, tuple[bytes, list[str]]] = {
    "DECSTR": (b"\x1b[4h\x1b[!pabc\x1b[1GX", ["Xbc", "", "", ""]),
    "DECFRA": (b"\x1b[88;1;1;1;3$x", ["XXX", "", "", ""]),
}


@pytest.fixture(params=ENGINES)
def emulator(request: pytest.FixtureRequest) -> Emulator:
    made: Emulator = request.param(COLUMNS, ROWS)
    return made


@pytest.mark.parametrize("name", SCREENS)
def test_screen(emulator: Emulator, name: str) -> None:
    output, expected = SCREENS[name]
    emulator.feed(output)
    assert emulator.screen_text() == expected


@pytest.mark.parametrize("name", SCREENS)
def test_screen_byte_by_byte(emulator: Emulator, name: str) -> None:
    output, expected = SCREENS[name]
    for byte in output:
        emulator.feed(bytes([byte]))
    assert emulator.screen_text() == expected


@pytest.mark.parametrize("name", REPLIES)
def test_reply(emulator: Emulator, name: str) -> None:
    output, expected = REPLIES[name]
    events = emulator.feed(output)
    assert b"".join(event.data for event in events if isinstance(event, TerminalReply)) == expected


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.xfail(strict=True, reason="the engine does not implement it")
def test_missing(emulator: Emulator, name: str) -> None:
    output, expected = MISSING[name]
    emulator.feed(output)
    assert emulator.screen_text() == expected
