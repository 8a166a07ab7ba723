"""Idle panes release memory, and lose nothing by it."""

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.panes.idle_panes import IDLE_SECONDS, IdlePanes
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.fake_clock import FakeClock

PANE = PaneId(0)


def one_pane() -> tuple[Panes, PaneTerminal]:
    store = ScrollbackStore(PackReader(RealStorage(), "nowhere"))
    panes = Panes(GhosttyEmulator, store, lambda _terminal: None, lambda _state, _pane: 10_000)
    terminal = PaneTerminal(PANE, GhosttyEmulator(80, 24), store.pane(PANE), lsn=1)
    terminal.scrollback.limit_lines = 10_000
    panes.add(terminal)
    return panes, terminal


async def test_an_idle_pane_is_compacted_once_and_shows_the_same() -> None:
    panes, terminal = one_pane()
    clock = FakeClock()
    idle = IdlePanes(panes, clock)
    terminal.emulator.feed(b"".join(b"line %d\r\n" % number for number in range(3000)))
    terminal.take_archive()
    assert terminal.emulator.unarchived_rows
    screen = terminal.emulator.screen_ansi()
    assert idle.due() == []
    clock.advance_ms((IDLE_SECONDS + 1) * 1000)
    assert idle.due() == [PANE]
    await idle.compact(PANE)
    assert idle.due() == []
    assert terminal.emulator.unarchived_rows == 0
    assert terminal.emulator.screen_ansi() == screen
    lines = [line.data for line in terminal.scrollback.read(0, 10_000)]
    assert lines == [b"line %d" % number for number in range(3000 - 23)]
    # More output: it has to be idle again.
    terminal.emulator.feed(b"more\r\n")
    terminal.lsn = 2
    assert idle.due() == []
    clock.advance_ms((IDLE_SECONDS + 1) * 1000)
    assert idle.due() == [PANE]


def test_a_pane_that_writes_on_is_left_alone() -> None:
    panes, terminal = one_pane()
    clock = FakeClock()
    idle = IdlePanes(panes, clock)
    for lsn in range(2, 12):
        terminal.lsn = lsn
        assert idle.due() == []
        clock.advance_ms(IDLE_SECONDS * 500)
