"""The recovery report as text: first in everyday words, with -v in the words of the log."""

import re

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.parts import Damage, LostRecords, PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.report.text import describe, report_lines, what_is_there

LOSSY = RecoveryReport(
    1_764_000_000_000,
    cause="the server crashed or was killed",
    duration_ms=6.4,
    checkpoint=7,
    checkpoint_reason="interval",
    replay_from_lsn=1,
    replay_to_lsn=90,
    records_replayed=90,
    unfinished_bytes=100,
    lost=[LostRecords(40, 44, 160, 1000, 2000, {"output": 4, "structure": 1, "unknown": 1})],
    damages=[Damage("MANIFEST-8", "its checksum does not match", "quarantine/x")],
    withheld=["TOKEN"],
    panes=[
        PaneReport(PaneId(0), "live", "work", 1),
        PaneReport(
            PaneId(1), "partial", "work", 2, lost_bytes=12, lost_lines=1, lost_from=5, lost_to=17
        ),
    ],
)
ENDED = RecoveryReport(
    1,
    cause="server and keeper crashed or were killed",
    duration_ms=41,
    panes=[
        PaneReport(
            PaneId(0),
            "respawned",
            "work",
            0,
            note="was running: vim notes.md",
            ended_program="vim notes.md",
        ),
        PaneReport(PaneId(1), "respawned", "work", 1, ended_jobs=["sleep 1000"]),
    ],
    unlisted=["make", "python3"],
)


def test_what_ended_is_told_first_and_how_to_have_it_again_last() -> None:
    assert report_lines(ENDED, when="today") == [
        "recovery today: 2 panes are back as new shells. 2 programs ended: vim notes.md (work:0), sleep 1000 (work:1). "
        "Output and changes: complete.",
        "  before: server and keeper crashed or were killed; back after 41 ms",
        "  pane  in      what is there",
        "  %0    work:0  new shell; was running: vim notes.md",
        "  %1    work:1  new shell; in the background: sleep 1000",
        '  to have make, python3 started again, add "make", "python3" to persistence.restore_commands (fugue config show)',
        "  fugue recovery -v shows what was read, and from where",
    ]


def test_what_is_lost_is_told_without_the_words_of_the_log() -> None:
    lines = report_lines(LOSSY, when="today")
    assert lines[0] == f"recovery today: {LOSSY.summary}"
    assert lines[2:6] == [
        "  output and changes lost: 12 bytes of output, 160 bytes of the log, 1000 ms",
        "  lost: 4 pieces of output, 1 change, 1 record of the log with unknown content, "
        "written between 1970-01-01T00:00:01.000Z and 1970-01-01T00:00:02.000Z",
        "  damaged: MANIFEST-8: its checksum does not match, set aside as quarantine/x",
        "  not stored by configuration: TOKEN",
    ]
    assert lines[6:9] == [
        "  pane  in      what is there  lost",
        "  %0    work:1  still running  nothing",
        "  %1    work:2  still running  12 bytes, about 1 line",
    ]


@pytest.mark.parametrize("report", [LOSSY, ENDED, RecoveryReport(1)])
def test_the_first_lines_are_for_people(report: RecoveryReport) -> None:
    first = " ".join(report_lines(report, when="today")[:3])
    assert not re.search(r"\bLSN\b|\brecords?\b|\bevents?\b", first)


def test_verbose_tells_what_was_read() -> None:
    lines = report_lines(LOSSY, when="today", verbose=True)
    assert lines[2:5] == [
        "  checkpoint: 7 (interval)",
        "  log: 90 records from LSN 1 to 90, 0 events, 0 bytes of output",
        "  unfinished, never acknowledged: 0 records, 100 bytes",
    ]
    assert next(line for line in lines if "lost: 4 pieces" in line).endswith(
        "(LSN 40-44, 160 bytes)"
    )
    row = "  %0    work:1  still running  0 bytes   0 lines          nothing"
    assert row in lines
    assert "-v" not in lines[-1]


def test_verbose_says_that_nothing_is_lost_and_that_no_records_have_no_first_one() -> None:
    report = RecoveryReport(1, replay_from_lsn=390, replay_to_lsn=389)
    lines = report_lines(report, when="today", verbose=True)
    assert lines[2:] == [
        "  checkpoint: none",
        "  log: 0 records, 0 events, 0 bytes of output",
        "  output and changes lost: nothing",
    ]


FIRST = PaneId(0)


@pytest.mark.parametrize(
    ("pane", "word", "text"),
    [
        (PaneReport(FIRST, "live"), "live", "still running"),
        (PaneReport(FIRST, "held-dead", exit_code=3), "held-dead(3)", "ended with status 3"),
        (
            PaneReport(FIRST, "held-dead", exit_signal=9, ended_program="make"),
            "held-dead(signal 9)",
            "ended by signal 9; was running: make",
        ),
        (PaneReport(FIRST, "held-dead"), "held-dead(unknown)", "ended with status unknown"),
        (PaneReport(FIRST, "failed", reason="no shell"), "failed(no shell)", "failed: no shell"),
        (PaneReport(FIRST, "respawned"), "respawned", "new shell"),
        (
            PaneReport(FIRST, "respawned", note="running again: top", started_again="top"),
            "respawned",
            "running again: top",
        ),
        (PaneReport(FIRST, "cwd-fallback"), "cwd-fallback", "new shell, in another directory"),
        (PaneReport(FIRST, "suspended"), "suspended", "waits for Enter"),
        (PaneReport(FIRST), "pending", "stored"),
        (
            PaneReport(FIRST, "partial", lost_bytes=1, lost_to=1),
            "partial(1 byte, 0-1)",
            "still running",
        ),
    ],
)
def test_what_became_of_a_pane(pane: PaneReport, word: str, text: str) -> None:
    assert describe(pane) == word
    assert what_is_there(pane) == text


def test_the_way_to_what_programs_showed_last_is_told_where_that_is_kept() -> None:
    panes = [
        PaneReport(PaneId(0), "respawned", "work", 0, ended_program="vim", last_screen=True),
        PaneReport(PaneId(1), "respawned", "work", 1, ended_program="top"),
        PaneReport(PaneId(2), "respawned", "work", 2, ended_program="less", last_screen=True),
    ]
    way = "  their last screens: fugue recovery screen %0 (fugue recovery screens lists all), or C-b R"
    assert way in report_lines(RecoveryReport(1, panes=panes), when="today")
    assert report_lines(RecoveryReport(1, panes=panes[:1]), when="today")[-2] == way.replace(
        " (fugue recovery screens lists all)", ""
    )
    told = "\n".join(report_lines(RecoveryReport(1, panes=panes[1:2]), when="today"))
    assert "showed last" not in told


def test_who_gets_shells_alone_is_told_how_programs_can_be_offered() -> None:
    offer = "restore-policy suspended"
    report = RecoveryReport(1, shells_only=True)
    assert any(offer in line for line in report_lines(report, when="today"))
    report.unlisted = ["make"]
    assert not any(offer in line for line in report_lines(report, when="today"))
    assert not any(offer in line for line in report_lines(RecoveryReport(1), when="today"))
