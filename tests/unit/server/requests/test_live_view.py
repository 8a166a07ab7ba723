"""Facts about panes: questions about very many panes must not hold the loop."""

from collections.abc import Mapping

from fuguemux.model.ids import PaneId, SessionId
from fuguemux.options.options import NO_DEFAULTS
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.copy.copy_mode import ModeFacts
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.requests.live_view import (
    MEASURE_EVERY_NS,
    MEASURE_NS_MAX,
    NoDocuments,
    ServerView,
)
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.support.builders import session, state
from tests.support.fake_clock import FakeClock
from tests.support.fake_live import FakeLive

PANES = 10
LINES = 3000
ROWS_EACH = 2


class BusyClock(FakeClock):
    """Every look at it takes a quarter of what may go into measuring."""

    def monotonic_ns(self) -> int:
        self.advance_ms(MEASURE_NS_MAX // 4 // 1_000_000)
        return super().monotonic_ns()


def long_histories() -> Panes:
    store = ScrollbackStore(PackReader(RealStorage(), "nowhere"))
    panes = Panes(GhosttyEmulator, store, lambda _terminal: None, lambda _state, _pane: 10_000)
    for number in range(PANES):
        pane = PaneId(number)
        terminal = PaneTerminal(pane, GhosttyEmulator(20, 5), store.pane(pane), lsn=1)
        terminal.emulator.feed(b"".join(b"%030d\r\n" % line for line in range(LINES)))
        terminal.take_archive(everything=True)
        panes.add(terminal)
    return panes


def test_rows_of_very_many_long_histories_are_counted_a_few_at_a_time() -> None:
    panes, clock = long_histories(), BusyClock()
    view = ServerView(clock, panes, FakeLive().server(), NO_DEFAULTS)
    rows = LINES * ROWS_EACH - 5  # the rest is on the screen, and a line may be partly there
    sizes = [view.pane(PaneId(number)).history_size for number in range(PANES)]
    counted = sizes.index(next(size for size in sizes if size < LINES))
    assert 2 <= counted <= PANES // 2
    assert all(size >= rows for size in sizes[:counted])
    assert all(0 < size < LINES for size in sizes[counted:])  # lines, however many rows each takes
    clock.advance_ms(MEASURE_EVERY_NS // 1_000_000)
    assert view.pane(PaneId(PANES - 1)).history_size >= rows


def view_of_three(clock: FakeClock | None = None) -> ServerView:
    store = ScrollbackStore(PackReader(RealStorage(), "nowhere"))
    panes = Panes(GhosttyEmulator, store, lambda _terminal: None, lambda _state, _pane: 10_000)
    view = ServerView(clock or FakeClock(), panes, FakeLive().server(), NO_DEFAULTS)
    three = state(session("a"), session("b"), session("c"))
    view.connect(
        lambda: three,
        tuple,
        lambda _pane: ModeFacts(),
        NoDocuments(),
        lambda _asked: "",
        lambda *_: None,
        lambda _s, _w: "",
    )
    return view


def test_sessions_that_came_back_are_in_order_of_use_until_somebody_has_been_there() -> None:
    view = view_of_three()
    kept: list[Mapping[SessionId, int]] = []
    view.times_changed = kept.append
    view.attached_before({SessionId(9): 3, SessionId(2): 4, SessionId(0): 4})
    view.ended_unasked(map(SessionId, (0, 1, 2)))
    assert view.came_back() == (0, 2, 1)
    assert (view.last_attached_s(SessionId(0)), view.last_attached_s(SessionId(1))) == (4, 0)
    view.attached(SessionId(2))
    assert view.came_back() == ()
    assert list(kept[-1]) == [0, 2], "the one used last at the end, and none that is gone"
    view.note_attached()
    assert len(kept) == 2, "what is noted can be noted in another directory"
    assert kept[1] == kept[0]


def test_a_clock_that_is_set_back_does_not_change_which_session_was_seen_last() -> None:
    clock = FakeClock()
    view = view_of_three(clock)
    view.attached(SessionId(0))
    view.attached(SessionId(2))
    clock.set_wall_ms(clock.wall_ms() - 3_600_000)
    view.attached(SessionId(1))
    assert view.seen() == (0, 2, 1)
    assert view.last_attached_s(SessionId(1)) < view.last_attached_s(SessionId(0))


def test_a_configuration_gives_the_defaults_of_options_from_then_on() -> None:
    view = view_of_three()
    before = view.option_defaults()
    view.configured({"prefix": "C-a"})
    assert (before, view.option_defaults()) == ({}, {"prefix": "C-a"})
