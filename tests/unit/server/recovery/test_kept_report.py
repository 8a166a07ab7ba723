"""The report of a start is stored again when it changes, unless the server must not write to the state."""

from pathlib import Path

import pytest

from fuguemux.persistence.recovery.recovery import RECOVERIES
from fuguemux.persistence.report.files import load_reports
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.recovery.kept_report import KeptReport


@pytest.mark.parametrize("is_kept", [True, False])
async def test_a_change_is_published_and_stored_where_anything_is(
    tmp_path: Path, is_kept: bool
) -> None:
    (tmp_path / RECOVERIES).mkdir()
    published: list[str] = []
    report = RecoveryReport(5, cause="no clean stop")
    kept = KeptReport(report, RealStorage(), str(tmp_path), published.append, is_kept=is_kept)
    report.notes.append("found later")
    await kept.changed()
    assert published == [report.summary]
    stored = load_reports(RealStorage(), f"{tmp_path}/{RECOVERIES}")
    assert [each.notes for each in stored] == ([["found later"]] if is_kept else [])


async def test_a_disk_that_refuses_it_costs_nothing_more(tmp_path: Path) -> None:
    (tmp_path / RECOVERIES).write_text("in the way")
    kept = KeptReport(RecoveryReport(5), RealStorage(), str(tmp_path), lambda _: None, is_kept=True)
    await kept.save()
