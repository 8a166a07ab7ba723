"""Golden helper files of both versions: every release reads them."""

from pathlib import Path

import pytest

from fuguemux.keeper.helper_record import encode
from fuguemux.persistence.checkpoint.save_check import SAVED_FILE, listed
from fuguemux.persistence.recovery.helper_files import MARKS, WAS, put_right, read_helper
from fuguemux.persistence.recovery.store_identity import STORE_FILE, Said, read_store_file
from fuguemux.persistence.report.files import read_report
from fuguemux.persistence.storage.files import RealStorage

HERE = Path(__file__).parent
SAVED = b'["before the upgrade"]'
VERSIONS = ("helper-1", "helper-2")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_file_of_it_is_read(version: str) -> None:
    storage, directory = RealStorage(), str(HERE / version)
    for name in WAS:
        if name == SAVED_FILE:
            continue  # it never had a version 1
        assert read_helper(storage, directory, name) == (HERE / "helper-1" / name).read_bytes()
    said = read_store_file(storage, directory)
    assert said == Said(bytes(range(16)), "", version == "helper-2")
    assert put_right(storage, directory, 0) == []


def test_they_are_written_as_ever() -> None:
    for name in (*WAS, *MARKS, STORE_FILE):
        payload = SAVED if name == SAVED_FILE else (HERE / "helper-1" / name).read_bytes()
        assert encode(name, payload) == (HERE / "helper-2" / name).read_bytes()


def test_the_list_of_saves_is_read() -> None:
    assert listed(RealStorage(), str(HERE / "helper-2")) == ["before the upgrade"]


@pytest.mark.parametrize("version", ["report-1", "report-2"])
def test_a_recovery_report_of_every_version_is_read(version: str) -> None:
    report = read_report(RealStorage(), str(HERE / version), "001764000000000.json")
    assert (report.started_ms, report.checkpoint, report.lost[0].last_lsn) == (
        1_764_000_000_000,
        7,
        44,
    )
    assert report.panes[0].ended_program == "vim"
