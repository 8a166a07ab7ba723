"""Recovery reports on disk: JSON that is read back, also from earlier versions. At most a hundred are kept."""

from pathlib import Path

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.recovery.helper_files import put_reports_right
from fuguemux.persistence.report.files import (
    REPORTS_MAX,
    decode_report,
    encode_report,
    load_reports,
    report_names,
    report_problem,
    save_report,
    untold_losses,
)
from fuguemux.persistence.report.parts import Damage, LostRecords, PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.set_aside import QUARANTINE

REPORT = RecoveryReport(
    1_764_000_000_000,
    checkpoint=7,
    lost=[LostRecords(40, 44, 160, 1, 2, {"output": 4})],
    damages=[Damage("MANIFEST-8", "its checksum does not match", "quarantine/x")],
    panes=[PaneReport(PaneId(1), "respawned", "work", 2, ended_program="vim", ended_jobs=["make"])],
)


def test_a_report_comes_back_from_json() -> None:
    data = encode_report(REPORT)
    assert decode_report(data) == REPORT
    told = msgspec.json.decode(data)
    assert told["summary"] == REPORT.summary
    assert [program["program"] for program in told["programs_ended"]] == ["vim", "make"]


def test_a_report_of_an_earlier_version_is_read() -> None:
    """It does not say which programs ended: nothing is made up."""
    old = (
        b'{"started_ms":5,"clean":false,"cause":"x","lost":[],"damages":[],"summary":"recovered 1 pane, nothing lost",'
        b'"panes":[{"pane":3,"status":"respawned","session":"work","window":0,"note":"was running: vim"}]}'
    )
    report = decode_report(old)
    assert report.summary == "1 pane is back as a new shell. Output and changes: complete."
    assert report.panes == [PaneReport(PaneId(3), "respawned", "work", 0, note="was running: vim")]


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


def test_losses_that_nobody_was_told_of_are_kept_in_mind(tmp_path: Path) -> None:
    storage, directory = RealStorage(), str(tmp_path)
    assert untold_losses(storage, f"{directory}/none", 99) == []
    missing = ["a part"]
    save_report(storage, directory, RecoveryReport(1, missing=missing, told=False))
    save_report(storage, directory, RecoveryReport(2, missing=missing, told=True))
    save_report(storage, directory, RecoveryReport(3, missing=missing, told=False))
    save_report(storage, directory, RecoveryReport(4, told=False))
    save_report(storage, directory, RecoveryReport(9, missing=missing, told=False))
    (line,) = untold_losses(storage, directory, 9)
    assert line.startswith("1970-01-01 00:00 UTC: ")
    assert "not known" in line


def test_reports_of_before_this_was_noted_count_as_told(tmp_path: Path) -> None:
    (tmp_path / "000000000000001.json").write_text('{"started_ms":1,"missing":["a part"]}')
    assert untold_losses(RealStorage(), str(tmp_path), 9) == []


def test_a_damaged_report_is_set_aside_and_told(tmp_path: Path) -> None:
    storage, directory = RealStorage(), tmp_path / "recoveries"
    directory.mkdir()
    for number in (1, 2, 3):
        save_report(storage, str(directory), RecoveryReport(number, cause="x" * number))
    old = directory / "000000000000004.json"
    old.write_bytes(encode_report(RecoveryReport(4)))
    assert put_reports_right(storage, str(tmp_path), 9) == []
    _fourth, _third, second, first = report_names(storage, str(directory))
    data = bytearray((directory / second).read_bytes())
    at = data.index(b"xx")
    data[at] ^= 1  # still JSON
    (directory / second).write_bytes(data)
    (directory / first).write_bytes((directory / "000000000000003.json").read_bytes())
    assert "checksum" in report_problem(storage, str(directory), second)
    assert [report.started_ms for report in load_reports(storage, str(directory))] == [4, 3]
    lines = put_reports_right(storage, str(tmp_path), 9)
    assert [line.partition(": ")[0] for line in lines] == [
        f"recoveries/{name}" for name in (second, first)
    ]
    assert "another file than its name says" in lines[1]
    assert {path.name for path in (tmp_path / QUARANTINE).iterdir()} == {
        f"9-{name}" for name in (first, second)
    }
    assert put_reports_right(storage, str(tmp_path), 9) == []
