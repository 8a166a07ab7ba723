"""A snapshot taken anywhere in a program's output restores to the same screen, and stays the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.terminal.emulator import Archived, Cursor, Modes, SnapshotError
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.terminal_streams import STREAMS

COLUMNS, ROWS = 80, 24


def state(terminal: GhosttyEmulator) -> tuple[list[bytes], Cursor, Modes, str, str, bool]:
    return (
        terminal.render(),
        terminal.cursor,
        terminal.modes,
        terminal.title,
        terminal.cwd,
        terminal.at_ground,
    )


def shown(batch: Archived | None) -> tuple[bool, bool, bool, list[bytes]]:
    """A batch with its lines as cells: where a style is told again within a line is no difference."""
    if batch is None:
        return False, False, False, []
    terminal = GhosttyEmulator(400, 800)
    terminal.feed(b"\r\n".join(batch.lines))
    return batch.cleared, batch.continued, batch.continues, terminal.screen_ansi()


@pytest.mark.parametrize("name", sorted(STREAMS))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_cut_restores_to_the_same_screen(name: str, data: st.DataObject) -> None:
    stream = STREAMS[name]
    cut = data.draw(st.integers(0, len(stream)))
    size = data.draw(st.sampled_from([(80, 24), (100, 30), (61, 17)]))
    terminal = GhosttyEmulator(COLUMNS, ROWS)
    terminal.feed(stream[:cut])
    terminal.archive(everything=True)
    restored = GhosttyEmulator.restore(terminal.snapshot())
    assert state(restored) == state(terminal)
    for part in (stream[cut : cut + 700], stream[cut + 700 :]):
        assert restored.feed(part) == terminal.feed(part)
        assert state(restored) == state(terminal)
        terminal.resize(*size)
        restored.resize(*size)
        assert state(restored) == state(terminal)
    assert shown(restored.archive(everything=True)) == shown(terminal.archive(everything=True))


@pytest.mark.parametrize("name", sorted(STREAMS))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_fallback_gives_the_same_screen_at_any_cut(name: str, data: st.DataObject) -> None:
    stream = STREAMS[name]
    cut = data.draw(st.integers(0, len(stream)))
    terminal = GhosttyEmulator(COLUMNS, ROWS)
    terminal.feed(stream[:cut])
    rebuilt = GhosttyEmulator(COLUMNS, ROWS)
    rebuilt.feed(terminal.to_ansi())
    assert state(rebuilt)[:5] == state(terminal)[:5]
    assert rebuilt.screen_ansi(join=True) == terminal.screen_ansi(join=True)


def test_no_damaged_snapshot_is_taken_for_a_good_one() -> None:
    terminal = GhosttyEmulator(COLUMNS, ROWS)
    terminal.feed(STREAMS["editor"])
    blob = terminal.snapshot()
    draw = random.Random(7)
    for _ in range(200):
        at = draw.randrange(len(blob))
        damaged = blob[:at] + bytes([blob[at] ^ 1 << draw.randrange(8)]) + blob[at + 1 :]
        try:
            restored = GhosttyEmulator.restore(damaged)
        except SnapshotError:
            continue
        # Only bits of the envelope that say nothing about the cells may pass.
        assert restored.render() == terminal.render()
    for cut in (0, 3, 17, 18, 100, len(blob) - 1):
        with pytest.raises(SnapshotError):
            GhosttyEmulator.restore(blob[:cut])
