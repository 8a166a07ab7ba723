"""What users are told about a recovery, and for how long."""

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.parts import PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.server.recovery.recovery_notice import SEGMENT_SECONDS, segment
from tests.support.fake_clock import FakeClock

HOUR_MS = 3_600_000


@pytest.mark.parametrize("set_by_ms", [0, -HOUR_MS, HOUR_MS])
def test_the_status_line_tells_for_a_minute_whatever_is_done_to_the_clock(set_by_ms: int) -> None:
    clock = FakeClock()
    report = RecoveryReport(started_ms=clock.wall_ms(), clean=False, cause="no clean stop")
    report.panes.append(PaneReport(PaneId(0), "respawned"))
    started_ns = clock.monotonic_ns()
    clock.set_wall_ms(clock.wall_ms() + set_by_ms)
    clock.advance_ms(SEGMENT_SECONDS * 1000 - 1)
    assert segment(report, clock.monotonic_ns() - started_ns)
    clock.advance_ms(1)
    assert segment(report, clock.monotonic_ns() - started_ns) == ""
