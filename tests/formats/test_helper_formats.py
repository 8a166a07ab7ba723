"""Helper files of both versions, as they were written once: every release reads them."""

from pathlib import Path

import pytest

from fuguemux.keeper.helper_record import encode
from fuguemux.persistence.files import RealStorage
from fuguemux.persistence.helper_files import MARKS, WAS, put_right, read_helper
from fuguemux.persistence.store_identity import STORE_FILE, Said, read_store_file

HERE = Path(__file__).parent
VERSIONS = ("helper-1", "helper-2")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_file_of_it_is_read(version: str) -> None:
    storage, directory = RealStorage(), str(HERE / version)
    for name in WAS:
        assert read_helper(storage, directory, name) == (HERE / "helper-1" / name).read_bytes()
    said = read_store_file(storage, directory)
    assert said == Said(bytes(range(16)), "", version == "helper-2")
    assert put_right(storage, directory, 0) == []


def test_they_are_written_as_ever() -> None:
    for name in (*WAS, *MARKS, STORE_FILE):
        payload = (HERE / "helper-1" / name).read_bytes()
        assert encode(name, payload) == (HERE / "helper-2" / name).read_bytes()
