"""Rebuilds a pane's terminal from what recovery read: the stored screen, then everything that happened to the pane
after it.

It also takes the last screens of programs that ended on the way. Replayed bytes have no effects again: no bell, no
clipboard, no reply. The only exception are replies to queries in bytes that a dead server had read and not finished
with, because a surviving process still waits for them.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, assert_never

from fuguemux.persistence.recovery.pane_replay import (
    Cleared,
    EndedMark,
    LostOutput,
    Output,
    RecoveredPane,
    Resize,
    Started,
)
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.scrollback.last_screens import LastScreen
from fuguemux.persistence.scrollback.scrollback import Line, PaneScrollback
from fuguemux.server.panes.last_screen import taken
from fuguemux.server.panes.restore_policy import note
from fuguemux.terminal.emulator import Emulator, EmulatorFactory, SnapshotError, TerminalReply
from fuguemux.terminal.ghostty.rewrap import rewrap


class Rebuilt(NamedTuple):
    """A pane's screen as it was. `answers` are replies that its process has not received yet."""

    emulator: Emulator
    answers: bytes
    from_fallback: bool
    last_screens: tuple[LastScreen, ...] = ()
    """The last screens of programs that ended during the replayed part."""


def rebuild(
    recovered: RecoveredPane,
    scrollback: PaneScrollback,
    emulators: EmulatorFactory,
    *,
    unanswered_from: int | None = None,
    wanted: Callable[[], bool] = lambda: True,
) -> Rebuilt:
    """Build the screen; its history goes to `scrollback`. Queries in bytes from `unanswered_from` on are answered.

    Blocks for some ms per MB replayed. Stops half way once `wanted` returns False.
    """
    emulator, from_fallback = _first_screen(recovered, emulators)
    answers = bytearray()
    last_screens: list[LastScreen] = []
    for operation in recovered.replay():
        match operation:
            case Output(_, offset, data):
                answered = len(data) if unanswered_from is None else unanswered_from - offset
                answered = min(max(answered, 0), len(data))
                emulator.feed(data[:answered])
                for event in emulator.feed(data[answered:]):
                    if isinstance(event, TerminalReply):
                        answers += event.data
            case Resize(_, columns, rows):
                if tuple(emulator.size) != (columns, rows):
                    resize(emulator, scrollback, columns, rows)
            case Cleared():
                emulator.clear_history()
                # The last server may have died before it had removed these lines from the disk.
                scrollback.clear(erase=True)
            case Started(_, generation, _):
                if generation > 1:
                    emulator.reset_for_new_process()
            case EndedMark(_, ended):
                archive(emulator, scrollback, everything=True)
                last_screens.append(taken(emulator, scrollback, ended))
            case LostOutput():
                mark_lost(emulator, operation)
            case _:
                assert_never(operation)
        archive(emulator, scrollback)
        if not wanted():
            break
    scrollback.reopen()  # the next line, from the loop, begins a new block behind these
    recovered.forget_replay()
    return Rebuilt(emulator, bytes(answers), from_fallback, tuple(last_screens))


def mark_lost(emulator: Emulator, lost: LostOutput) -> None:
    """Print in the pane how much of its output is missing here, and when it was written.

    Not on the alternate screen: its program draws all of it, and the line would only disturb that.
    """
    if emulator.modes.alternate_screen:
        return
    text = f"── {counted(lost.stop - lost.start, 'byte')} of output missing"
    if lost.from_ms or lost.to_ms:
        times = [moment(each) for each in (lost.from_ms, lost.to_ms) if each]
        text += f", written {' to '.join(dict.fromkeys(times))}"
    emulator.feed(note(f"{text} ──", column=emulator.cursor.column))


def moment(wall_ms: int) -> str:
    """Format a time for people, in the time zone of this machine."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall_ms / 1000))


def empty_screen(recovered: RecoveredPane, emulators: EmulatorFactory) -> Rebuilt:
    """An empty screen for a pane whose screen cannot be rebuilt. Its process goes on."""
    recovered.forget_replay()
    return Rebuilt(emulators(*recovered.size), b"", from_fallback=False)


def archive(
    emulator: Emulator,
    scrollback: PaneScrollback,
    *,
    everything: bool = False,
    rows_max: int | None = None,
) -> None:
    """Move lines that left the screen from the engine to the scrollback store.

    The engine keeps lines as long as it has space, and drops those beyond the pane's limit without handing them over.
    With `everything` it hands all of them over now, with `rows_max` the oldest rows.
    """
    emulator.keep_lines = scrollback.limit_lines
    batch = emulator.archive(everything=everything, rows_max=rows_max)
    if batch is None:
        return
    if batch.cleared:
        scrollback.clear()
    scrollback.append(batch.lines, continued=batch.continued)


def resize(emulator: Emulator, scrollback: PaneScrollback, columns: int, rows: int) -> None:
    """Change the size of a screen. Lines of the history come back where it has grown, and leave the store.

    May read the newest block of the history from the disk. A replay does the same with the same lines.
    """
    archive(emulator, scrollback, everything=True)
    before = emulator.size
    if columns != before.columns and emulator.continues_history and emulator.returnable_lines:
        # The whole of the line that begins in the history must be on the screen to be wrapped anew.
        head = sum(map(len, rewrap([line.data for line in scrollback.newest(1)], before.columns)))
        _resize(emulator, scrollback, before.columns, before.rows + head)
    _resize(emulator, scrollback, columns, rows)


def _resize(emulator: Emulator, scrollback: PaneScrollback, columns: int, rows: int) -> None:
    emulator.resize(columns, rows)
    archive(emulator, scrollback, everything=True)
    wanted = emulator.missing_rows
    if not wanted:
        return
    newest = scrollback.newest(min(wanted, emulator.returnable_lines))
    count, found = lines_that_fill(newest, wanted, columns)
    if count:
        emulator.bring_back(scrollback.take_back(count), min(found, wanted))
        archive(emulator, scrollback, everything=True)


def lines_that_fill(newest: Sequence[Line], wanted: int, columns: int) -> tuple[int, int]:
    """Return how many of the newest lines fill `wanted` rows, as far as there are enough, and how many rows they take.

    A line that is stored in pieces comes back whole or not at all.
    """
    rows = [len(each) for each in rewrap([line.data for line in newest], columns)]
    count = found = 0
    for number in range(1, len(newest) + 1):
        if found >= wanted:
            break
        found_here = sum(rows[len(rows) - number : len(rows) - count])
        if not newest[-number].continued:
            count, found = number, found + found_here
    if wanted == 1 and found > 1:
        return 0, 0  # a scrolling region, which would cut the line, has two rows at least
    return count, found


def _first_screen(recovered: RecoveredPane, emulators: EmulatorFactory) -> tuple[Emulator, bool]:
    screen = recovered.screen
    if screen is None:
        return emulators(recovered.columns, recovered.rows), False
    try:
        return emulators.restore(screen.snapshot), False
    except SnapshotError:
        emulator = emulators(screen.columns, screen.rows)
        emulator.feed(screen.fallback)
        return emulator, True
