"""Recovery reports: kept as JSON, shown as text."""

from pathlib import Path

import msgspec
import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.files import RealStorage
from fuguemux.persistence.report import (
    REPORTS_MAX,
    Damage,
    LostRecords,
    PaneReport,
    RecoveryReport,
    decode_report,
    describe,
    encode_report,
    load_reports,
    report_lines,
    save_report,
)

LOSSY = RecoveryReport(
    1_764_000_000_000,
    checkpoint=7,
    checkpoint_reason="interval",
    records_replayed=90,
    unfinished_bytes=100,
    lost=[LostRecords(40, 44, 160, 1, 2, {"output": 4, "unknown": 1})],
    damages=[Damage("MANIFEST-8", "its checksum does not match", "quarantine/x")],
    withheld=["TOKEN"],
    panes=[
        PaneReport(PaneId(0), "live", "work", 1),
        PaneReport(
            PaneId(1), "partial", "work", 2, lost_bytes=12, lost_lines=1, lost_from=5, lost_to=17
        ),
    ],
)


def test_a_report_comes_back_from_json() -> None:
    data = encode_report(LOSSY)
    assert decode_report(data) == LOSSY
    assert msgspec.json.decode(data)["summary"] == LOSSY.summary


def test_the_summary_says_what_is_lost() -> None:
    assert RecoveryReport(1, panes=LOSSY.panes[:1]).summary == "recovered 1 pane, nothing lost"
    assert LOSSY.summary == (
        "recovered 2 panes; log records 40-44 lost, 12 bytes of output lost, 1 damaged file or part"
    )


def test_one_lost_record_is_one() -> None:
    lost = [LostRecords(44, 44, 24_784, 1, 2, {"output": 1})]
    assert RecoveryReport(1, lost=lost).summary == "recovered 0 panes; log record 44 lost"


def test_no_records_have_no_first_and_last_one() -> None:
    lines = report_lines(
        RecoveryReport(1, replay_from_lsn=390, replay_to_lsn=389, records_replayed=0), when="today"
    )
    assert "  log: 0 records, 0 events, 0 bytes of output" in lines


def test_the_table_has_a_row_per_pane() -> None:
    lines = report_lines(LOSSY, when="today")
    assert lines[0] == f"recovery today: {LOSSY.summary}"
    lost = next(line for line in lines if "lost: LSN" in line)
    assert lost.startswith(
        "  lost: LSN 40-44 (4 output, 1 unknown; 160 bytes; written between 1970-"
    )
    assert lines[-3].split("  ")[1:3] == ["pane", "in"]
    assert "from log  from checkpoint  lost" in lines[-3]
    assert lines[-2].split() == ["%0", "work:1", "live", "0", "bytes", "0", "lines", "nothing"]
    assert "partial(12 bytes, about 1 line, 5-17)" in lines[-1]
    assert "quarantine/x" in "\n".join(lines)


@pytest.mark.parametrize(
    ("pane", "text"),
    [
        (PaneReport(PaneId(0), "held-dead", exit_code=3), "held-dead(3)"),
        (PaneReport(PaneId(0), "held-dead", exit_signal=9), "held-dead(signal 9)"),
        (PaneReport(PaneId(0), "held-dead"), "held-dead(unknown)"),
        (PaneReport(PaneId(0), "failed", reason="no shell"), "failed(no shell)"),
        (PaneReport(PaneId(0), "respawned"), "respawned"),
        (PaneReport(PaneId(0), "partial", lost_bytes=1, lost_to=1), "partial(1 byte, 0-1)"),
    ],
)
def test_statuses(pane: PaneReport, text: str) -> None:
    assert describe(pane) == text


def test_reports_are_kept_up_to_a_limit(tmp_path: Path) -> None:
    storage = RealStorage()
    for number in range(REPORTS_MAX + 5):
        save_report(storage, str(tmp_path), RecoveryReport(number, cause=str(number)))
    save_report(storage, str(tmp_path), RecoveryReport(REPORTS_MAX + 4, cause="again"))
    (tmp_path / "notes.json").write_text("{}")
    (tmp_path / "000000000000050.json").write_text("{")
    reports = load_reports(storage, str(tmp_path))
    assert reports[0].cause == "again"
    assert [report.started_ms for report in reports] == [
        n for n in range(REPORTS_MAX + 4, 4, -1) if n != 50
    ]
