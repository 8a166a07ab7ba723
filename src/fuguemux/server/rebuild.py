"""From what recovery read to a terminal: the stored screen, then everything that happened to the pane behind it.

Nothing in replayed bytes has an effect again: no bell, no clipboard, no answer. Except answers to queries in bytes that
a dead server had read and not finished with, which a surviving process still waits for.
"""

from typing import NamedTuple

from fuguemux.persistence.replay import Cleared, Lost, Output, RecoveredPane, Resize, Started
from fuguemux.persistence.scrollback import PaneScrollback
from fuguemux.server.pane_terminal import PaneTerminal
from fuguemux.terminal.emulator import Emulator, EmulatorFactory, Reply, SnapshotError


class Rebuilt(NamedTuple):
    """A pane's terminal as it was. `answers`: replies that its process has not got yet."""

    terminal: PaneTerminal
    answers: bytes
    from_fallback: bool


def rebuild(
    recovered: RecoveredPane,
    scrollback: PaneScrollback,
    emulators: EmulatorFactory,
    *,
    unanswered_from: int | None = None,
) -> Rebuilt:
    """Build the terminal. Bytes from `unanswered_from` on are answered. Blocks for some ms per MB replayed."""
    emulator, from_fallback = _first_screen(recovered, emulators)
    terminal = PaneTerminal(
        recovered.pane, emulator, scrollback, offset=recovered.end_offset, lsn=recovered.lsn
    )
    answers = bytearray()
    for operation in recovered.replay():
        terminal.lsn = max(terminal.lsn, operation.lsn)
        match operation:
            case Output(_, offset, data):
                events = emulator.feed(data)
                if unanswered_from is not None and offset + len(data) > unanswered_from:
                    for event in events:
                        if isinstance(event, Reply):
                            answers += event.data
            case Resize(_, columns, rows):
                if tuple(emulator.size) != (columns, rows):
                    emulator.resize(columns, rows)
            case Cleared():
                emulator.clear_history()
                # The last server may have died before it had taken these lines off the disk.
                terminal.scrollback.clear(erase=True)
            case Started(_, generation, _):
                if generation > 1:
                    emulator.reset_for_new_process()
            case Lost():
                pass
        terminal.take_archive()
    recovered.forget_replay()
    return Rebuilt(terminal, bytes(answers), from_fallback)


def empty_screen(
    recovered: RecoveredPane, scrollback: PaneScrollback, emulators: EmulatorFactory
) -> Rebuilt:
    """For a pane whose screen cannot be rebuilt: nothing on it, and its process goes on."""
    emulator = emulators(recovered.columns, recovered.rows)
    terminal = PaneTerminal(
        recovered.pane, emulator, scrollback, offset=recovered.end_offset, lsn=recovered.lsn
    )
    return Rebuilt(terminal, b"", from_fallback=False)


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
