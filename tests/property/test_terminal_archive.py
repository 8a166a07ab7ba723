"""Every line that scrolls off the screen is archived once and completely, whatever happens in between."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.terminal.emulator import Archived, joined
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator

WIDE_COLUMNS = 600  # no generated line is longer, so nothing wraps there

# No background: a row that scrolls in while one is set is filled with it, which depends on the width.
WORDS = st.sampled_from(
    [
        b"a",
        b"hello world ",
        b"x" * 9,
        b"0123456789" * 4,
        "漢字".encode(),
        "é".encode(),
        "é".encode(),  # e and a combining accent
        "👍🏽 ".encode(),
        b"  ",
        b"\x1b[31m",
        b"\x1b[1;4;38;2;1;2;3m",
        b"\x1b[0m",
        b"\x1b]8;;http://example.org/a?b=1&c\x1b\\linked\x1b]8;;\x1b\\",
    ]
)
LINES = st.lists(WORDS, max_size=6).map(b"".join)
BLOCK = st.lists(LINES, min_size=1, max_size=12).map(lambda lines: b"\r\n".join(lines) + b"\r\n")
STEPS = st.lists(
    st.one_of(
        BLOCK,
        st.tuples(BLOCK, st.integers(0, 40)).map(lambda pair: pair[0] * pair[1]),
        st.tuples(st.integers(2, 30), st.integers(1, 9)),
        st.sampled_from([True, False]),  # archive everything, or what is ready
        st.just("restore"),
        st.sampled_from([b"\x1b[?1049hon the other screen\r\n\r\n\r\n\x1b[?1049l"]),
    ),
    max_size=14,
)


def cells(lines: Sequence[bytes]) -> list[bytes]:
    """Bring lines into one form: as a terminal shows them that is wide enough."""
    shown = []
    terminal = GhosttyEmulator(WIDE_COLUMNS, 2)
    for line in lines:
        terminal.feed(b"\x1b[0m\x1b[H\x1b[2J" + line)
        shown.append(terminal.render()[0])
    while shown and not shown[-1]:
        shown.pop()
    return shown


def everything(batches: list[Archived], terminal: GhosttyEmulator) -> list[bytes]:
    """Return all logical lines, from the first archived to the last on the screen."""
    last = terminal.archive(everything=True)
    if last is not None:
        batches = [*batches, last]
    lines = joined(batches)
    screen = terminal.screen_ansi(join=True)
    if terminal.continues_history and batches and batches[-1].continues:
        lines[-1] += screen.pop(0)
    return lines + screen


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 30), st.integers(1, 9), STEPS)
def test_archive_and_screen_together_are_all_lines(
    columns: int, rows: int, steps: list[bytes | tuple[int, int] | bool | str]
) -> None:
    terminal = GhosttyEmulator(columns, rows)
    undisturbed = GhosttyEmulator(columns, rows)  # never archived, never restored
    reference = GhosttyEmulator(WIDE_COLUMNS, 2)
    batches: list[Archived] = []
    reference_batches: list[Archived] = []
    for step in steps:
        match step:
            case bytes():
                terminal.feed(step)
                undisturbed.feed(step)
                reference.feed(step)
            case (width, height):
                terminal.resize(width, height)
                undisturbed.resize(width, height)
            case "restore":
                if last := terminal.archive(everything=True):
                    batches.append(last)
                terminal = GhosttyEmulator.restore(terminal.snapshot())
            case bool():
                if taken := terminal.archive(everything=step):
                    batches.append(taken)
        if taken := reference.archive():
            reference_batches.append(taken)
        assert terminal.render() == undisturbed.render()
        assert terminal.cursor == undisturbed.cursor
    assert cells(everything(batches, terminal)) == cells(everything(reference_batches, reference))


def test_the_longest_line_arrives_in_pieces() -> None:
    terminal = GhosttyEmulator(20, 4)
    text = b"".join(b"%07d" % number for number in range(30_000))
    terminal.feed(text)
    batches = [terminal.archive(), terminal.archive(everything=True)]
    assert all(batch is not None and batch.continues for batch in batches)
    taken = [batch for batch in batches if batch is not None]
    assert taken[1].continued
    assert joined(taken)[0] + terminal.screen_ansi(join=True)[0] == text
