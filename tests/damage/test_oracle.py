"""The oracle reads what a real server prints, as well as what it contains."""

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.files import encode_report
from fuguemux.persistence.report.parts import LostScrollback
from fuguemux.persistence.report.report import RecoveryReport
from tests.damage.light_start import Outcome
from tests.damage.real_start import tell_answer


def test_lost_lines_of_scrollback_are_told() -> None:
    report = RecoveryReport(started_ms=1, told=False)
    report.scrollback_lost = [LostScrollback(PaneId(4), 1024, 2047, 644, "rotten")]
    outcome = Outcome()
    tell_answer(msgspec.json.decode(encode_report(report)), outcome)
    assert outcome.told == ["%4: 1024 lines"]
    assert not outcome.complete
