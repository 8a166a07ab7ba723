"""Foreign files in the place of files that the server overwrites, appends to or removes."""

from pathlib import Path

import pytest

from fuguemux.persistence.recovery.helper_files import put_all_right
from fuguemux.persistence.recovery.strays import put_strays_right
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.set_aside import set_aside
from fuguemux.persistence.wal.mark import Mark, encode_slot
from fuguemux.persistence.wal.mark_copy import copy_name
from tests.support.other_file_system import TwoFileSystems
from tests.unit.persistence.wal.test_watermark import in_its_place

DATED = b"2026-11-23T06:47:20.123Z info wal.rotated\n"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    found = tmp_path / "state"
    (found / "wal").mkdir(parents=True)
    (tmp_path / "run").mkdir()
    return found


def put_right(state: Path) -> list[str]:
    socket, storage = f"{state.parent}/run/default", RealStorage()
    lines = put_strays_right(storage, str(state), socket, 7)
    return [*lines, *put_all_right(storage, str(state), 7)]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize(
    "name", ["server.log", "server.log.2", "keeper.log.not-a-log", "wal/ballast", "LOCK.not-a-lock"]
)
def test_what_is_something_else_is_set_aside_and_told(state: Path, name: str) -> None:
    path = state / name
    path.write_bytes(b"\0\1a pack")
    path.chmod(0o600)
    [line] = put_right(state)
    assert line.endswith(f"it is set aside as quarantine/7-{path.name}")
    assert (state / "quarantine" / f"7-{path.name}").read_bytes() == b"\0\1a pack"
    assert not path.exists()


def test_beside_the_socket_only_what_is_of_this_server_is_set_aside(state: Path) -> None:
    run = state.parent / "run"
    mine = [
        "default.keeper.lock.not-a-lock",
        copy_name("default", "/a"),
        copy_name("default", "/b"),
    ]
    others = ["default2.keeper.lock.not-a-lock", copy_name("default2", "/a"), "default"]
    for name in (*mine, *others):
        (run / name).write_bytes(b"\0\1a pack")
        (run / name).chmod(0o600)
    (run / mine[2]).write_bytes(encode_slot(Mark(bytes(16), 5, 5), 1).ljust(8192, b"\0"))
    assert len(put_right(state)) == 2
    assert names(run) == sorted([mine[2], *others])
    assert names(state / "quarantine") == sorted(f"7-{name}" for name in mine[:2])


@pytest.mark.parametrize("what", ["directory", "link", "fifo", "nothing"])
def test_what_is_no_file_in_the_place_of_the_copy_of_the_watermark_is_told(
    state: Path, what: str
) -> None:
    name = copy_name("default", "/a")
    in_its_place(state.parent / "run" / name, what)
    lines = put_right(state)
    if what == "nothing":
        assert lines == []
    else:
        [line] = lines
        assert line.endswith(f"it is set aside as quarantine/7-{name}")
        assert names(state / "quarantine") == [f"7-{name}"]
        assert names(state.parent / "run") == []


def test_what_is_as_it_must_be_stays_without_a_word(state: Path) -> None:
    for name, content in {
        "server.log": DATED,
        "server.log.1": DATED,
        "server.log.2": b"",
        "keeper.log": b"anything: the keeper looks",
        "wal/ballast": bytes(1 << 16),
    }.items():
        (state / name).write_bytes(content)
        (state / name).chmod(0o600)
    assert put_right(state) == []
    assert not (state / "quarantine").exists()


def test_a_file_of_another_file_system_is_copied_and_removed(state: Path) -> None:
    source = state.parent / "run" / "zone"
    source.write_bytes(b"the only copy")
    source.chmod(0o600)
    storage = TwoFileSystems(str(state))
    assert set_aside(storage, str(source), f"{state}/quarantine") == "zone"
    assert (state / "quarantine" / "zone").read_bytes() == b"the only copy"
    assert not source.exists()
