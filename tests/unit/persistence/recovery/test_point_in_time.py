"""Which point in time a text means, and from which checkpoint it is reached."""

from datetime import datetime

import pytest

from fuguemux.persistence.checkpoint.manifest import Entry, Manifest
from fuguemux.persistence.checkpoint.retention import FoundManifests
from fuguemux.persistence.recovery.point_in_time import (
    CLOSED_REASON,
    NotReachable,
    TargetMoment,
    newest_with,
    parse_moment,
    reached_from,
)

NOW_MS = 1_764_000_000_000


def manifest(number: int, lsn: int, *, name: str = "", reason: str = "interval") -> Manifest:
    return Manifest(
        number=number,
        store_id=bytes(16),
        created_ms=NOW_MS + lsn * 1000,
        reason=reason,
        program="",
        engine="",
        structure_lsn=lsn,
        wal_start_lsn=lsn,
        next_lsn=lsn + 1,
        previous=0,
        packs=(),
        structure=Entry(0, 0, 0),
        panes=(),
        sessions=("work",),
        name=name,
    )


FOUND = FoundManifests(
    [manifest(9, 90), manifest(8, 80), manifest(5, 50)],
    [manifest(3, 30, name="early"), manifest(7, 70, name="closed-work", reason=CLOSED_REASON)],
    [],
    9,
)


def numbers(moment: TargetMoment) -> list[int]:
    return [found.number for found in reached_from(FOUND, moment).manifests]


def test_the_newest_checkpoint_up_to_the_moment_comes_first() -> None:
    assert numbers(TargetMoment(lsn=89)) == [8, 5, 3]
    assert numbers(TargetMoment(lsn=90)) == [9, 8, 5, 3]
    assert numbers(TargetMoment(time_ms=NOW_MS + 55_000)) == [5, 3]
    assert numbers(TargetMoment(lsn=10)) == []


def test_a_recording_begins_where_the_log_begins() -> None:
    assert numbers(TargetMoment(lsn=100, log_from_lsn=60)) == [8]
    assert numbers(TargetMoment(lsn=100, log_from_lsn=51)) == [5]


def test_a_name_means_its_save_alone() -> None:
    assert numbers(TargetMoment(name="early")) == [3]
    with pytest.raises(NotReachable, match="no save called 'late'"):
        reached_from(FOUND, TargetMoment(name="late"))


def test_a_session_is_taken_from_its_end_or_the_newest_checkpoint() -> None:
    assert newest_with(FOUND, "work") == TargetMoment(lsn=90)
    older = FOUND._replace(manifests=FOUND.manifests[2:])
    assert newest_with(older, "work") == TargetMoment(name="closed-work")
    with pytest.raises(NotReachable, match="no checkpoint has a session called 'nope'"):
        newest_with(FOUND, "nope")


def test_what_people_write() -> None:
    assert parse_moment("early", NOW_MS, ["early"]) == TargetMoment(name="early")
    assert parse_moment("4711", NOW_MS) == TargetMoment(lsn=4711)
    assert parse_moment("10m", NOW_MS) == TargetMoment(time_ms=NOW_MS - 600_000)
    assert parse_moment("2d", NOW_MS) == TargetMoment(time_ms=NOW_MS - 2 * 86_400_000)
    noon = datetime(2025, 11, 24, 12, 5).timestamp() * 1000
    assert parse_moment("2025-11-24 12:05", NOW_MS) == TargetMoment(time_ms=int(noon) + 999)
    assert parse_moment("2025-11-24T12:05:00.250", NOW_MS) == TargetMoment(time_ms=int(noon) + 250)
    today = datetime.fromtimestamp(NOW_MS / 1000).replace(
        hour=14, minute=5, second=0, microsecond=0
    )
    assert parse_moment("14:05", NOW_MS) == TargetMoment(
        time_ms=int(today.timestamp() * 1000) + 999
    )
    with pytest.raises(NotReachable, match="no save called 'soon'"):
        parse_moment("soon", NOW_MS)


def test_a_moment_says_what_it_is() -> None:
    assert str(TargetMoment(lsn=7)) == "LSN 7"
    assert str(TargetMoment(name="x")) == "'x'"
    assert str(TargetMoment(time_ms=NOW_MS)).startswith("2025-11-")
