"""Output that the log does not have: a gap in the offsets of a pane's output, and the event that describes it."""

from fuguemux.model.ids import PaneId
from fuguemux.persistence.recovery.pane_replay import LostOutput, Output, RecoveredPane
from fuguemux.persistence.wal.record import Record, RecordType, encode_output


def record(lsn: int, offset: int, data: bytes, time_ms: int = 9_000) -> Record:
    flags, payload = encode_output(0, offset, data)
    return Record(lsn, RecordType.OUTPUT, flags, time_ms, payload)


def pane() -> RecoveredPane:
    found = RecoveredPane(PaneId(0), 80, 24)
    found.add_output(record(1, 0, b"0123456789"))
    return found


def told(found: RecoveredPane) -> tuple[int, int, int, int, int]:
    return (
        found.lost_bytes,
        found.lost_from,
        found.lost_to,
        found.lost_since_ms,
        found.lost_before_ms,
    )


def test_a_gap_is_a_loss() -> None:
    found = pane()
    found.add_output(record(2, 25, b"behind"))
    assert told(found) == (15, 10, 25, 0, 9_000)
    assert LostOutput(2, 10, 25) in list(found.replay())


def test_an_event_behind_the_last_output_is_one() -> None:
    found = pane()
    found.missing(LostOutput(2, 10, 500, 70, 80))
    assert told(found) == (490, 10, 500, 70, 80)
    assert list(found.replay())[-1] == LostOutput(2, 10, 500, 70, 80)
    assert found.end_offset == 500
    found.missing(LostOutput(3, 10, 900, 70, 95))  # the same, longer
    assert told(found) == (890, 10, 900, 70, 95)
    found.add_output(record(4, 900, b"on"))
    assert told(found)[0] == 890
    assert list(found.replay())[-1] == Output(4, 900, b"on")


def test_an_event_tells_the_times_of_a_gap_before_it() -> None:
    found = pane()
    found.add_output(record(2, 25, b"behind"))
    found.missing(LostOutput(3, 10, 25, 70, 80))
    assert told(found)[:4] == (15, 10, 25, 70)
    assert LostOutput(2, 10, 25, 70, 80) in list(found.replay())


def test_what_the_log_has_all_the_same_is_not_missing() -> None:
    found = pane()
    found.missing(LostOutput(2, 0, 10, 70, 80))
    assert told(found)[0] == 0
    assert not [each for each in found.replay() if isinstance(each, LostOutput)]
