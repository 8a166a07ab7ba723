"""Damage to the log: the server starts with what is left, and reports exactly which records are missing and where the
damaged bytes are kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import HEADER, HEADER_BYTES
from tests.support.running import Running, until

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]


@pytest.fixture(autouse=True)
def _no_checkpoint_in_between(fugue: Running) -> None:
    """What is damaged must be needed, however long the test takes."""
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"


def kill_everything_after(fugue: Running, names: list[str]) -> Path:
    """A session with acknowledged changes, then a crash of all processes; the segment with the changes."""
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "sleep 600")
    for name in names:
        fugue("set-environment", "-t", "work", name, f"value of {name}")
    fugue.kill_everything()
    (segment,) = (
        path
        for path in sorted((fugue.state / "wal").glob("*.wal"))
        if b"value of" in path.read_bytes()
    )
    return segment


def lsn_of(segment: Path, text: bytes) -> int:
    """The number of the log record that holds `text`."""
    found = [r.lsn for r in scan(RealStorage(), str(segment.parent)).records() if text in r.payload]
    return found[0]


def flip(segment: Path, position: int) -> bytes:
    """Damage one byte; what the file holds now."""
    data = bytearray(segment.read_bytes())
    data[position] ^= 0x40
    segment.write_bytes(data)
    return bytes(data)


def newest_report(fugue: Running) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(fugue("recovery", "--json"))["recovery"]
    return report


def environment(fugue: Running) -> set[str]:
    lines = fugue("show-environment", "-t", "work").splitlines()
    return {line.partition("=")[0] for line in lines if line.startswith("NAME_")}


NAMES = [f"NAME_{number}" for number in range(8)]


def test_a_flipped_byte_in_the_middle_costs_that_record_alone(fugue: Running) -> None:
    segment = kill_everything_after(fugue, NAMES)
    lsn = lsn_of(segment, b"value of NAME_3")
    damaged = flip(segment, segment.read_bytes().index(b"value of NAME_3"))
    assert environment(fugue) == set(NAMES) - {"NAME_3"}
    report = newest_report(fugue)
    (lost,) = report["lost"]
    assert (lost["first_lsn"], lost["last_lsn"]) == (lsn, lsn)
    assert lost["classes"] == {"structure": 1}
    assert lost["damaged_bytes"] >= HEADER_BYTES + len(b"value of NAME_3")
    assert 0 < lost["from_ms"] <= lost["to_ms"]
    assert f"{lost['segment_id']:016x}.wal" == segment.name
    (damage,) = report["damages"]
    assert damage["set_aside"] == f"quarantine/{segment.name}"
    assert (fugue.state / damage["set_aside"]).read_bytes() == damaged
    text = fugue("recovery", "-v")
    assert "lost: 1 change, written between" in text
    assert f"(LSN {lsn}-{lsn}, " in text
    assert f"quarantine/{segment.name}" in text
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"
    status = json.loads(fugue("status", "--json"))["status"]
    assert status["quarantine"] == {"files": 1, "bytes": len(damaged)}


def test_the_very_last_change_is_missed_as_well_if_the_log_was_idle(fugue: Running) -> None:
    """Nothing is left behind it but the testimony that an idle log writes."""
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "sleep 600")
    for name in NAMES:
        fugue("set-environment", "-t", "work", name, f"value of {name}")
    wal = fugue.state / "wal"

    def proven() -> bool:
        log = scan(RealStorage(), str(wal))
        *_, last = (record.lsn for record in log.records())
        return log.report.last_lsn == last + 1

    until("testimony", proven)
    fugue.kill_everything()
    segment = max(wal.glob("*.wal"), key=lambda path: b"value of" in path.read_bytes())
    lsn = lsn_of(segment, b"value of NAME_7")
    flip(segment, segment.read_bytes().rindex(b"value of NAME_7"))
    assert environment(fugue) == set(NAMES) - {"NAME_7"}
    (lost,) = newest_report(fugue)["lost"]
    assert (lost["first_lsn"], lost["last_lsn"], lost["classes"]) == (lsn, lsn, {"structure": 1})


def test_three_damaged_headers_in_a_row_are_one_range(fugue: Running) -> None:
    segment = kill_everything_after(fugue, NAMES)
    lsns = [lsn_of(segment, b"value of NAME_%d" % number) for number in (2, 3, 4)]
    content = segment.read_bytes()
    for number in (2, 3, 4):
        position = content.index(b"value of NAME_%d" % number) // 8 * 8
        while position and HEADER.unpack_from(content, position)[:1] != (0xF6A7,):
            position -= 8
        flip(segment, position + 9)
    assert environment(fugue) == set(NAMES) - {"NAME_2", "NAME_3", "NAME_4"}
    (lost,) = newest_report(fugue)["lost"]
    assert (lost["first_lsn"], lost["last_lsn"]) == (lsns[0], lsns[2])
    assert sum(lost["classes"].values()) == lsns[2] - lsns[0] + 1


def test_a_segment_that_is_none_is_moved_and_told_of(fugue: Running) -> None:
    segment = kill_everything_after(fugue, NAMES)
    garbage = segment.with_name(f"{0xFFFFFFFF:016x}.wal")
    garbage.write_bytes(b"not a segment" * 1000)
    garbage.chmod(0o600)
    assert environment(fugue) == set(NAMES)
    report = newest_report(fugue)
    assert (report["lost"], report["damages"]) == ([], [])
    assert any(f"quarantine/{garbage.name}" in note for note in report["notes"])
    assert not garbage.exists()
    assert (fugue.state / "quarantine" / garbage.name).read_bytes() == b"not a segment" * 1000
