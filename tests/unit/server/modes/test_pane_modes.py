"""Tests the modes of panes: which one a pane shows, what ends it, and what it draws."""

from collections.abc import Callable

from fuguemux.model.ids import PaneId
from fuguemux.server.modes.clock import ClockLook, ClockMode, clock_text
from fuguemux.server.modes.pane_mode import Ask, ModeOutcome, MouseAt, shown
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.terminal.compose import ScrolledRows

PANE = PaneId(1)


class Copying:
    name = "copy-mode"


class Listing:
    """A mode that closes on q, asks on a, and leaves a command behind."""

    redraw_seconds = 0.0

    def __init__(self, name: str = "tree-mode") -> None:
        self.name = name

    def view(self, columns: int, rows: int) -> ScrolledRows:
        return shown([b"x" * columns] * rows)

    def key(self, name: str) -> ModeOutcome:
        if name == "a":
            return ModeOutcome(ask=Ask("? ", lambda text: ModeOutcome(True, f"say {text}")))
        return ModeOutcome(closed=name == "q", command="chosen")

    def mouse(self, event: MouseAt) -> ModeOutcome:
        return ModeOutcome(closed=event.name == "DoubleClick1")

    def changed(self) -> None:
        self.name = f"{self.name}+"

    def end(self) -> str:
        return "unzoom"


class World:
    def __init__(self) -> None:
        self.copying: Copying | None = None
        self.told: list[str] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.modes = PaneModes(lambda _pane: self.copying, self._later)
        self.modes.connect(
            lambda _pane: self.told.append("draw"),
            lambda _pane, command: self.told.append(command),
            lambda _pane: self.told.append("mode"),
        )

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self.timers.append((seconds, call))


def test_a_mode_takes_keys_until_it_closes_and_its_commands_run_in_order() -> None:
    here = World()
    listing = Listing()
    here.modes.enter(PANE, listing)
    assert here.told == ["mode", "draw"]
    assert here.modes.get(PANE) is listing
    assert here.modes.key(PANE, "x") == ModeOutcome(command="chosen")
    assert here.modes.key(PANE, "q") == ModeOutcome(True, "unzoom ; chosen")
    assert here.modes.get(PANE) is None
    assert here.told[-3:] == ["mode", "draw", "draw"]
    assert here.modes.key(PANE, "q") == ModeOutcome()


def test_the_same_mode_is_entered_once_and_another_lies_above_it() -> None:
    here = World()
    tree, again, clock = Listing(), Listing(), Listing("clock-mode")
    here.modes.enter(PANE, tree)
    here.modes.enter(PANE, again)
    assert here.modes.get(PANE) is tree
    here.modes.enter(PANE, clock)
    assert here.modes.get(PANE) is clock
    assert here.modes.count(PANE) == 2
    assert here.modes.mouse(PANE, MouseAt("DoubleClick1", 0, 0)).closed
    assert here.modes.get(PANE) is tree
    here.modes.leave_all(PANE)
    assert here.modes.count(PANE) == 0
    assert "unzoom" in here.told


def test_a_copy_mode_that_begins_later_lies_above() -> None:
    here = World()
    here.copying = below = Copying()
    tree = Listing()
    here.modes.enter(PANE, tree)
    assert here.modes.get(PANE) is tree
    here.copying = Copying()
    assert here.modes.get(PANE) is None
    here.copying = below
    assert here.modes.get(PANE) is tree
    here.copying = None
    assert here.modes.get(PANE) is tree


def test_the_answer_to_a_question_can_end_the_mode() -> None:
    here = World()
    here.modes.enter(PANE, Listing())
    ask = here.modes.key(PANE, "a").ask
    assert ask is not None
    assert ask.answered("hi") == ModeOutcome(True, "unzoom ; say hi")
    assert here.modes.get(PANE) is None


def test_changes_reach_every_mode() -> None:
    here = World()
    tree = Listing()
    here.modes.enter(PANE, tree)
    here.modes.changed()
    assert tree.name == "tree-mode+"


def test_the_clock_is_drawn_again_while_it_is_shown() -> None:
    here = World()
    clock = ClockMode(lambda: ClockLook(15, 4))
    here.modes.enter(PANE, clock)
    (seconds, tick), here.timers = here.timers[0], []
    assert seconds == 1.0
    here.told.clear()
    tick()
    assert here.told == ["draw"]
    assert len(here.timers) == 1
    here.modes.key(PANE, "x")
    here.told.clear()
    here.timers[0][1]()
    assert here.told == []


def test_the_clock_says_the_time_in_blocks_or_as_text() -> None:
    assert clock_text(ClockLook(15, 4, twelve=True)) == " 3:04 PM"
    assert clock_text(ClockLook(0, 4, twelve=True)) == "12:04 AM"
    assert clock_text(ClockLook(9, 4)) == "09:04"
    clock = ClockMode(lambda: ClockLook(15, 4, "red"))
    large = clock.view(40, 10)
    assert [row.count(b"\x1b[0;41m") > 0 for row in large.rows] == [False] * 2 + [True] * 5 + [
        False
    ] * 3
    assert not large.indicator
    small = clock.view(12, 5)
    assert small.rows[2] == b"    \x1b[0m\x1b[0;31m15:04\x1b[0m   "
    assert all(b"15" not in row for row in clock.view(4, 5).rows)
