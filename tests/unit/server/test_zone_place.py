"""Which zones a start looks into, and what becomes of them."""

from pathlib import Path

import pytest

from fuguemux.keeper.helper_record import encode
from fuguemux.server.zone_place import former, recover_both, settle


def test_the_first_start_has_none_elsewhere(tmp_path: Path) -> None:
    state, zone = str(tmp_path), str(tmp_path / "here")
    assert former(state, zone) == ""
    settle(state, zone, store="s")
    assert (tmp_path / "zone").read_bytes() == encode("zone", zone.encode())
    assert former(state, zone) == ""
    assert former(state, str(tmp_path / "there")) == zone


@pytest.mark.parametrize("what", ["nothing", "garbage", "a directory"])
def test_what_cannot_be_read_elsewhere_holds_nothing_and_stays(tmp_path: Path, what: str) -> None:
    other = tmp_path / "other"
    if what == "garbage":
        other.write_bytes(b"no zone")
        other.chmod(0o600)
    if what == "a directory":
        other.mkdir()
    (tmp_path / "zone").write_text(str(other))
    assert recover_both(str(tmp_path), str(tmp_path / "here"), store="s").salvaged == ()
    settle(str(tmp_path), str(tmp_path / "here"), store="s")
    assert other.exists() == (what != "nothing")
    assert former(str(tmp_path), "") == str(tmp_path / "here")


@pytest.mark.parametrize("said", [b"\0" * 40, b"/a\0b", b"no path", b""])
def test_a_place_that_is_no_path_is_none(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "zone").write_bytes(said)
    path = str(tmp_path / "here")
    assert former(str(tmp_path), path) == ""
    assert recover_both(str(tmp_path), path, store="s").salvaged == ()
    settle(str(tmp_path), path, store="s")
    assert former(str(tmp_path), str(tmp_path / "there")) == path
