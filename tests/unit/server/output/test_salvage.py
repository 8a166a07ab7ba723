"""The content of a dead server's landing zone is logged once: without what the log has, and without what cannot
follow it."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from fuguemux.engine.commit import EventRefused
from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.persistence.report.parts import PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.serialization import encode_events
from fuguemux.server.landing.zone import RecoveredZone, Salvaged, UnloggedOutput
from fuguemux.server.output.salvage import ZoneSalvage

P, Q = PaneId(1), PaneId(2)


def renamed(name: str) -> bytes:
    return encode_events((ev.WindowRenamed(WindowId(1), name),))


@dataclass
class Terminal:
    id: PaneId
    read_offset: int
    gaps: list[tuple[int, int]] = field(default_factory=list)

    def lost(self, lost: Any) -> None:
        self.gaps.append((lost.start, lost.stop))
        self.read_offset = lost.stop


class Fake:
    """The parts of a server that salvage needs; `done` is what they were asked, in order."""

    def __init__(self, *terminals: Terminal, next_lsn: int = 1) -> None:
        self.done: list[Any] = []
        self.refuse: set[str] = set()
        self.report = RecoveryReport(0)
        self.report.panes = [PaneReport(terminal.id) for terminal in terminals]
        panes = {terminal.id: terminal for terminal in terminals}
        committer: Any = SimpleNamespace(state=SimpleNamespace(panes=panes), commit=self._commit)
        output: Any = SimpleNamespace(take_over=self._take_over)
        shown: Any = panes
        self._logged_lsn = next_lsn - 1
        self._salvage = ZoneSalvage(committer, shown, output, self.report, lambda *_: None)

    def take_changes(self, found: RecoveredZone) -> None:
        self._salvage.take_changes(found, self._logged_lsn)

    def take_output(self, found: RecoveredZone, answers: dict[PaneId, bytes]) -> None:
        self._salvage.take_output(found, answers, {Q})

    def _commit(self, events: Any) -> int:
        (event,) = events
        if getattr(event, "name", "") in self.refuse:
            raise EventRefused("no such window")
        self.done.append(event)
        return 100

    def _take_over(self, terminal: Terminal, data: bytes, *, answered: int) -> bytes:
        self.done.append((data, answered))
        terminal.read_offset += len(data)
        return b"reply"


def test_changes_that_the_log_has_are_not_made_again() -> None:
    here = Fake(next_lsn=5)
    events = ((3, renamed("logged")), (4, renamed("logged, too")), (5, renamed("new")))
    here.take_changes(RecoveredZone(events=events))
    assert here.done == [ev.WindowRenamed(WindowId(1), "new")]
    assert here.report.notes == []


def test_a_change_that_cannot_follow_is_told_and_the_next_one_made() -> None:
    here = Fake()
    here.refuse = {"cannot"}
    events = ((1, renamed("cannot")), (2, b"garbage"), (3, renamed("can")))
    here.take_changes(RecoveredZone(events=events))
    assert here.done == [ev.WindowRenamed(WindowId(1), "can")]
    assert [note.partition(": ")[0] for note in here.report.notes] == [
        "a change in the landing zone could not be made again"
    ] * 2


def test_what_the_log_has_is_not_shown_again_nor_its_queries_answered() -> None:
    terminal = Terminal(P, 14)
    here = Fake(terminal)
    answers: dict[PaneId, bytes] = {}
    found = (Salvaged(P, 0, b"logged"), Salvaged(P, 10, b"half logged", answered=7))
    here.take_output(RecoveredZone(found), answers)
    assert here.done == [(b" logged", 3)]
    assert answers == {P: b"reply"}
    assert terminal.read_offset == 21


def test_a_gap_is_told_once_with_its_time_and_what_is_behind_it_kept() -> None:
    terminal = Terminal(P, 10)
    here = Fake(terminal)
    said = (UnloggedOutput(P, 10, 30, 1_000, 2_000),)
    here.take_output(RecoveredZone((Salvaged(P, 30, b"behind"),), missing=said), {})
    assert here.done == [ev.OutputMissing(P, 10, 30, 1_000, 2_000), (b"behind", 0)]
    assert terminal.gaps == [(10, 30)]
    (pane,) = here.report.panes
    assert (pane.lost_bytes, pane.lost_since_ms, pane.lost_before_ms) == (20, 1_000, 2_000)


def test_what_is_missing_at_the_end_is_told() -> None:
    terminal = Terminal(P, 10)
    here = Fake(terminal)
    here.take_output(RecoveredZone(missing=(UnloggedOutput(P, 5, 30, 1, 2),)), {})
    assert terminal.gaps == [(10, 30)]
    here.take_output(RecoveredZone(missing=(UnloggedOutput(P, 5, 30, 1, 2),)), {})
    assert terminal.gaps == [(10, 30)], "the log has it by now"


def test_output_of_a_pane_whose_making_was_lost_is_told() -> None:
    here = Fake()
    here.take_output(RecoveredZone((Salvaged(Q, 0, b"orphaned"),)), {})
    assert here.report.notes == ["%2: 8 bytes not logged: lost"]
    assert here.done == []
