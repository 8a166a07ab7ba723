"""The recovery report in one line: what is back, which programs ended, and which output and changes are lost."""

import msgspec
import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.parts import Damage, LostRecords, PaneReport, Status
from fuguemux.persistence.report.report import RecoveryReport

ROTTEN = Damage("MANIFEST-8", "its checksum does not match")


def panes(
    *programs: str, status: Status = "respawned", session: str = "work", first: int = 0
) -> list[PaneReport]:
    """A pane for each program, in windows of their own; an empty program: only a shell was there."""
    return [
        PaneReport(PaneId(first + n), status, session, n, ended_program=program)
        for n, program in enumerate(programs)
    ]


def lost(**classes: int) -> list[LostRecords]:
    return [LostRecords(40, 44, 160, 1, 2, classes)]


MANY = panes(*(f"program{n}" for n in range(17)))
OF_ONE = [
    *panes("vim notes.md", "python3"),
    *panes("make", "", "ssh host", session="ops", first=2),
]
STARTED = PaneReport(PaneId(0), "respawned", "w", 0, ended_program="less x", started_again="less x")
JOBS = PaneReport(
    PaneId(0), "respawned", "w", 2, ended_program="vim x", ended_jobs=["sleep 1000", "make"]
)
CASES = [
    # Everything runs on.
    (RecoveryReport(1, panes=panes("", status="live")), "1 pane is still running, nothing lost."),
    (
        RecoveryReport(1, panes=panes("", "", status="live")),
        "2 panes are still running, nothing lost.",
    ),
    # Everything is gone, and nothing ran but shells.
    (
        RecoveryReport(1, panes=panes("")),
        "1 pane is back as a new shell. Output and changes: complete.",
    ),
    (
        RecoveryReport(1, panes=[*panes(""), *panes("", status="cwd-fallback", first=1)]),
        "2 panes are back as new shells. Output and changes: complete.",
    ),
    # Programs ended.
    (
        RecoveryReport(1, panes=panes("vim notes.md")),
        "1 pane is back as a new shell. 1 program ended: vim notes.md (work:0). Output and changes: complete.",
    ),
    (
        RecoveryReport(1, panes=OF_ONE),
        "5 panes are back as new shells. 4 programs ended: vim notes.md (work:0), python3 (work:1), make (ops:0), "
        "ssh host (ops:2). Output and changes: complete.",
    ),
    (
        RecoveryReport(1, panes=MANY),
        "17 panes are back as new shells. 17 programs ended: program0 (work:0), program1 (work:1), program2 (work:2), "
        "program3 (work:3), program4 (work:4), and 12 more. Output and changes: complete.",
    ),
    (
        RecoveryReport(1, panes=[JOBS]),
        "1 pane is back as a new shell. 3 programs ended: vim x (w:2), sleep 1000 (w:2), make (w:2). "
        "Output and changes: complete.",
    ),
    (
        RecoveryReport(1, panes=[PaneReport(PaneId(3), "respawned", ended_program="x" * 99)]),
        f"1 pane is back as a new shell. 1 program ended: {'x' * 59}… (%3). Output and changes: complete.",
    ),
    # A policy started programs again.
    (
        RecoveryReport(1, panes=[STARTED]),
        "1 pane is back with a program started in it. 1 program ended and was started again: less x (w:0). "
        "Output and changes: complete.",
    ),
    (
        RecoveryReport(1, panes=[STARTED, *panes("make", "", first=1)]),
        "2 panes are back as new shells and 1 is back with a program started in it. 1 program ended: make (work:0). "
        "1 program ended and was started again: less x (w:0). Output and changes: complete.",
    ),
    (
        RecoveryReport(
            1,
            panes=[
                PaneReport(
                    PaneId(0), "respawned", "w", ended_program="vim x", started_again="exec cat"
                )
            ],
        ),
        "1 pane is back with a program started in it. 1 program ended: vim x (w:0). Output and changes: complete.",
    ),
    # Several kinds at once.
    (
        RecoveryReport(
            1,
            panes=[
                *panes("", "", "", status="live"),
                *panes("", "vim x", first=3),
                *panes("top", status="suspended", first=5),
                *panes("make", "", status="held-dead", first=6),
                *panes("", status="failed", first=8),
            ],
        ),
        "3 panes are still running, 2 are back as new shells, 1 waits for Enter, 2 show how their programs ended and "
        "1 could not be brought back whole. 3 programs ended: vim x (work:1), top (work:0), make (work:0). "
        "Output and changes: complete.",
    ),
    (
        RecoveryReport(1, panes=panes("", status="held-dead")),
        "1 pane shows how its program ended. Output and changes: complete.",
    ),
    # Output or changes are lost.
    (
        RecoveryReport(
            1,
            lost=lost(output=4, unknown=1),
            damages=[ROTTEN],
            checkpoint=7,
            panes=[PaneReport(PaneId(0), "partial", "w", 0, lost_bytes=12, lost_lines=1)],
        ),
        "1 pane is still running. Lost: 12 bytes of output (about 1 line), 1 piece with unknown content. "
        "Damaged: 1 file or part.",
    ),
    (
        RecoveryReport(1, lost=lost(structure=1), panes=panes("vim x")),
        "1 pane is back as a new shell. 1 program ended: vim x (work:0). Lost: 1 change.",
    ),
    (
        RecoveryReport(1, lost=lost(structure=2, output=1), events_skipped=1, panes=panes("")),
        "1 pane is back as a new shell. Lost: 1 piece of output, 3 changes.",
    ),
    (
        RecoveryReport(1, lost=lost(), damages=[ROTTEN, ROTTEN], checkpoint=1),
        "There was no pane to bring back. Lost: a part of the log. Damaged: 2 files or parts.",
    ),
    (
        RecoveryReport(1, lost=lost(control=1), damages=[ROTTEN], checkpoint=1, panes=panes("")),
        "1 pane is back as a new shell. Damaged: 1 file or part.",
    ),
    (
        RecoveryReport(1, damages=[ROTTEN]),
        "There was no pane to bring back. What was stored cannot be read, and what is lost is not known. "
        "Damaged: 1 file or part.",
    ),
    # After a reboot the last output may be missing.
    (
        RecoveryReport(1, unsynced_ms_max=50, panes=panes("vim x")),
        "1 pane is back as a new shell. 1 program ended: vim x (work:0). Changes: complete. "
        "Output: the last 50 ms may be missing.",
    ),
    # What only reads what is stored cannot know what runs.
    (
        RecoveryReport(1, panes=panes("", "", status="pending")),
        "2 panes are stored. Output and changes: complete.",
    ),
    (
        RecoveryReport(1, missing=["the log is gone"]),
        "No pane came back. A part of what was stored is missing or could not be read, and what is lost is not known.",
    ),
    (
        RecoveryReport(1, panes=panes("", status="live"), missing=["the log is gone"], clean=True),
        "1 pane is still running. A part of what was stored is missing or could not be read, and what is lost is not known.",
    ),
    (RecoveryReport(1), "There was no pane to bring back. Output and changes: complete."),
    (RecoveryReport(1, cause="first start"), "first start: there was nothing to bring back."),
]


@pytest.mark.parametrize(("report", "line"), CASES, ids=[line[:60] for _, line in CASES])
def test_the_summary(report: RecoveryReport, line: str) -> None:
    assert report.summary == line


@pytest.mark.parametrize("report", [report for report, _ in CASES])
def test_nothing_is_lost_only_if_everything_runs_on(report: RecoveryReport) -> None:
    assert ("nothing lost" in report.summary) == (
        report.complete
        and bool(report.panes)
        and all(pane.status == "live" for pane in report.panes)
    )


def test_a_short_headline_names_fewer_programs() -> None:
    report = RecoveryReport(1, panes=OF_ONE)
    assert report.headline(2) == (
        "5 panes are back as new shells. 4 programs ended: vim notes.md (work:0), python3 (work:1), and 2 more. "
        "Output and changes: complete."
    )
    assert report.headline(0) == (
        "5 panes are back as new shells. 4 programs ended. Output and changes: complete."
    )


def test_programs_for_other_programs() -> None:
    ended = msgspec.to_builtins(RecoveryReport(1, panes=[STARTED, JOBS]).programs_ended)
    common = {"pane": 0, "session": "w", "background": False, "started_again": False}
    assert ended == [
        {**common, "window": 0, "program": "less x", "started_again": True},
        {**common, "window": 2, "program": "vim x"},
        {**common, "window": 2, "program": "sleep 1000", "background": True},
        {**common, "window": 2, "program": "make", "background": True},
    ]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([], ""),
        (panes("", status="pending"), ""),
        (panes("", "", status="live"), "⟲ 2 live"),
        (panes(""), "⟲ 1 new shell"),
        (OF_ONE, "⟲ 5 new shells · 4 programs ended"),
        ([STARTED], "⟲ 1 started again · 1 program ended"),
        (
            [*panes("", status="live"), *panes("make", status="suspended")],
            "⟲ 1 live · 1 suspended · 1 program ended",
        ),
    ],
)
def test_the_segment_of_the_status_line(found: list[PaneReport], text: str) -> None:
    assert RecoveryReport(1, panes=found).segment == text


def test_a_loss_that_nobody_can_measure_is_in_the_segment_with_panes_and_without() -> None:
    missing = ["the log is gone"]
    assert RecoveryReport(1, missing=missing).segment == "⟲ what is lost is not known"
    found = RecoveryReport(1, panes=panes("", status="live"), missing=missing)
    assert found.segment == "⟲ 1 live · what is lost is not known"


def test_what_is_said_first_comes_first() -> None:
    report = RecoveryReport(started_ms=1)
    report.remark("b", "c")
    report.remark_first("a")
    report.miss("y")
    report.miss_first("x")
    assert (report.notes, report.missing) == (["a", "b", "c"], ["x", "y"])


def test_the_time_of_reading_is_noted_when_everything_was_read() -> None:
    report = RecoveryReport(started_ms=1)
    report.scrollback_read(5, 700)
    assert (report.scrollback_unread_bytes, report.scrollback_read_ms) == (5, 0)
    report.scrollback_read(0)
    assert (report.scrollback_unread_bytes, report.scrollback_read_ms) == (0, 0)
    report.scrollback_read(0, 800)
    assert report.scrollback_read_ms == 800


def test_panes_that_are_gone_leave_the_report() -> None:
    report = RecoveryReport(started_ms=1)
    for number in range(3):
        report.add_pane(PaneReport(PaneId(number)))
    report.keep_panes({PaneId(0), PaneId(2)})
    assert [pane.pane for pane in report.panes] == [0, 2]
    assert report.pane_of(PaneId(1)) is None
    assert report.pane_of(PaneId(2)) is report.panes[1]


def test_a_program_that_is_not_listed_is_named_once() -> None:
    report = RecoveryReport(started_ms=1)
    report.shell_started(only=True, unlisted="vim")
    report.shell_started(only=False, unlisted="vim")
    report.shell_started(only=False, unlisted="")
    assert (report.shells_only, report.unlisted) == (True, ["vim"])
