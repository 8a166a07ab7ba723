"""Hostile output: no crash, no exception, and a snapshot restores the same screen."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.terminal_streams import STREAMS

ROUNDS = 1500
FINALS = b"@ABCDEFGHIJKLMPSTXZ`abcdefghilmnpqrstu{|}~"


def sequence(draw: random.Random) -> bytes:
    """Return something a malicious or broken program might write."""
    kind = draw.randrange(12)
    if kind == 0:
        return draw.randbytes(draw.randrange(1, 200))
    if kind <= 4:
        parameters = b";".join(
            b"%d" % draw.choice([0, 1, 2, 5, 80, 999, 65535, 99999999999])
            for _ in range(draw.randrange(6))
        )
        prefix = draw.choice([b"", b"", b"?", b">", b"=", b"<"])
        between = draw.choice([b"", b"", b"", b" ", b"!", b'"', b"$", b"'", b"*"])
        return b"\x1b[" + prefix + parameters + between + bytes([draw.choice(FINALS)])
    if kind == 5:
        mode = draw.choice([1, 3, 5, 6, 7, 47, 69, 1000, 1047, 1049, 2004, 2026, 2027, 2048])
        return b"\x1b[?%d%c" % (mode, draw.choice(b"hl"))
    if kind == 6:
        return b"\x1b]%d;%b%b" % (
            draw.choice([0, 2, 4, 7, 8, 9, 52, 104, 133, 777, 1337]),
            draw.randbytes(draw.randrange(60)),
            draw.choice([b"\x07", b"\x1b\\", b""]),
        )
    if kind == 7:
        return (
            draw.choice([b"\x1bP", b"\x1b_", b"\x1b^", b"\x1bX"]) + draw.randbytes(40) + b"\x1b\\"
        )
    if kind == 8:
        return b"\x1b" + bytes([draw.randrange(0x20, 0x7F)])
    if kind == 9:
        return "漢字👨‍👩‍👧e\u0301\u0302".encode() * draw.randrange(1, 40)
    if kind == 10:
        return b"\r\n" * draw.randrange(1, 300)
    stream = STREAMS[draw.choice(sorted(STREAMS))]
    at = draw.randrange(len(stream))
    return stream[at : at + draw.randrange(1, 3000)]


@pytest.mark.parametrize("seed", [1, 2, 10, 40])
def test_hostile_input(seed: int) -> None:
    draw = random.Random(seed)
    terminal = GhosttyEmulator(80, 24)
    for _ in range(ROUNDS):
        terminal.feed(sequence(draw))
        action = draw.randrange(40)
        if action == 0:
            terminal.resize(draw.choice([1, 2, 7, 80, 200]), draw.choice([1, 2, 5, 24, 60]))
        elif action <= 2:
            terminal.archive(everything=True)
            restored = GhosttyEmulator.restore(terminal.snapshot())
            assert restored.render() == terminal.render()
            assert restored.modes == terminal.modes
            # The engine leaves a stale flag behind when a tab goes back from the last column.
            assert restored.cursor[:5] == terminal.cursor[:5]
            terminal.close()
            terminal = restored
        elif action == 3:
            terminal.reset_for_new_process()
            assert terminal.at_ground
            assert not terminal.modes.alternate_screen
        elif action == 4:
            GhosttyEmulator(*terminal.size).feed(terminal.to_ansi())
        elif action == 5:
            terminal.clear_history()
        elif action == 6:
            left, top = draw.randrange(terminal.size.columns), draw.randrange(terminal.size.rows)
            assert len(terminal.render(left, top, 3, 2)) <= 2
        terminal.archive()
        columns, rows = terminal.size
        assert len(terminal.render()) == len(terminal.screen_text()) == rows
        assert 0 <= terminal.cursor.column < columns
        assert 0 <= terminal.cursor.row < rows


PIECES = st.one_of(
    st.binary(max_size=12),
    st.integers(0, 2**32 - 1).map(lambda seed: sequence(random.Random(seed))),
    st.sampled_from(
        [b"\x1b[?2026h", b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b]52;c;QUJD\x07", b"\x1b]2;a title\x07", b"\x1bP",
         b"\x1b]", b"\x1b\\"]
    ),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(PIECES, max_size=25), cuts=st.lists(st.integers(0, 4_000), max_size=6))
def test_however_it_arrives_the_same_is_shown(pieces: list[bytes], cuts: list[int]) -> None:
    """No read from a PTY ends where a sequence does. What is shown goes into a snapshot whole, wherever it is taken."""
    data = b"".join(pieces)
    whole, parts = GhosttyEmulator(40, 10), GhosttyEmulator(40, 10)
    whole.feed(data)
    start = 0
    for cut in [*sorted(cut for cut in cuts if cut < len(data)), len(data)]:
        parts.feed(data[start:cut])
        start = cut
    assert parts.render() == whole.render()
    assert (parts.modes, parts.title) == (whole.modes, whole.title)
    assert not any(ord(character) < 0x20 or ord(character) == 0x7F for character in whole.title)
    restored = GhosttyEmulator.restore(parts.snapshot())
    assert restored.render() == whole.render()
