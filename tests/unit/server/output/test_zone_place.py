"""Which landing zones a start reads, and what happens to them."""

import errno
import os
from pathlib import Path

import pytest

from fuguemux.keeper.helper_record import encode
from fuguemux.server.landing import zone as landing_zone
from fuguemux.server.landing.zone_file import write_all
from fuguemux.server.output.zone_place import ZoneKept, former, recover_both, settle


class Output:
    """Has the zone that it is given."""

    zone: landing_zone.LandingZone


def kept_in(state: Path) -> tuple[ZoneKept, Output]:
    """What looks after the zone of a state directory, and what has the zone then."""
    output = Output()
    return ZoneKept(output, str(state), store="s"), output  # type: ignore[arg-type]  # no more of it is used here


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


def test_where_the_runtime_directory_is_full_the_zone_is_with_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, runtime = tmp_path / "state", tmp_path / "run"
    state.mkdir()
    runtime.mkdir()
    (runtime / "zone").touch()
    os.link(runtime / "zone", tmp_path / "kept")  # so that no other file gets its number
    there = os.stat(runtime / "zone")

    def full_there(descriptor: int, data: bytes) -> None:
        if os.path.samestat(os.fstat(descriptor), there):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write_all(descriptor, data)

    monkeypatch.setattr(landing_zone, "write_all", full_there)
    kept, output = kept_in(state)
    said = kept.open(str(runtime / "zone"), {})
    assert kept.path == str(state / "landing")
    assert output.zone.is_at(kept.path)
    assert "No space left on device" in said
    assert said.endswith(f"it is at {kept.path} until the next start")
    assert not (runtime / "zone").exists(), "it would look like a zone that was emptied"
    output.zone.close()


def zone_with(path: Path, text: bytes) -> None:
    """A zone as a dead server leaves it: it had read `text`."""
    reading, writing = os.pipe()
    os.write(writing, text)
    zone = landing_zone.LandingZone.open(str(path), store="s")
    assert isinstance(zone.read(reading, 1, 0), landing_zone.Landed)
    zone.close()
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("what", ["a save", "a flipped byte"])
def test_what_is_no_intact_zone_is_set_aside_and_not_written_over(
    tmp_path: Path, what: str
) -> None:
    state, path = tmp_path / "state", tmp_path / "zone"
    state.mkdir()
    if what == "a save":
        path.write_bytes(b"the only copy of a save")
    else:
        zone_with(path, b"just read")
        data = bytearray(path.read_bytes())
        data[4096] ^= 1
        path.write_bytes(bytes(data))
    content = path.read_bytes()
    kept, output = kept_in(state)
    assert kept.open(str(path), {}, label="7-") == ""
    assert (state / "quarantine" / "7-zone").read_bytes() == content
    assert kept.aside == [
        "what was in the place of the landing zone is set aside as quarantine/7-zone"
    ]
    assert output.zone.is_at(str(path))
    output.zone.close()


@pytest.mark.parametrize("what", ["logged", "another boot's", "empty", "zeros"])
def test_an_intact_zone_is_written_over(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "zone"
    match what:
        case "logged":
            zone_with(path, b"just read")
        case "another boot's":
            with monkeypatch.context() as patch:
                patch.setattr(landing_zone, "boot_id", lambda: b"another")
                zone_with(path, b"just read")
        case "empty":
            path.touch()
        case _:
            path.write_bytes(bytes(landing_zone.FILE_BYTES))
    path.chmod(0o600)
    kept, output = kept_in(tmp_path)
    assert kept.open(str(path), {}) == ""
    assert (kept.aside, [each.name for each in tmp_path.iterdir()]) == ([], ["zone"])
    output.zone.close()


def test_what_cannot_be_set_aside_stays_and_the_zone_is_with_the_state(tmp_path: Path) -> None:
    state, path = tmp_path / "state", tmp_path / "zone"
    (state / "quarantine").mkdir(parents=True)
    path.write_bytes(b"the only copy of a save")
    for number in range(16):
        (state / "quarantine" / (f"zone.{number}" if number else "zone")).touch()
    kept, output = kept_in(state)
    assert "it is at " in kept.open(str(path), {})
    assert path.read_bytes() == b"the only copy of a save"
    assert kept.path == str(state / "landing")
    output.zone.close()
