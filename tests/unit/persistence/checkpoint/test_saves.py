"""Saves contain everything they need: changes of the living store do not affect them, and a save that fails leaves
nothing behind."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import Manifest, encode_manifest, save_name
from fuguemux.persistence.checkpoint.save_reading import damaged
from fuguemux.persistence.checkpoint.saves import (
    copy_save,
    delete_save,
    find_all,
    save_pack_name,
    write_save,
)
from fuguemux.persistence.recovery.point_in_time import TargetMoment
from fuguemux.persistence.recovery.recovery import Recovered, recover
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import PackDamaged, PackPlace, PackUnreadable, pack_name
from fuguemux.persistence.storage.files import Bytes, RealStorage
from fuguemux.persistence.storage.whole_files import READ_ALL_BYTES_MAX, write_atomically
from tests.support.faults import require
from tests.support.small_server import STORE_ID, SmallServer, Truth, new_session

P = PaneId(0)
NAME = "before the upgrade"
HUGE_BYTES = 1 << 40


class Former(RealStorage):
    """Reads in the former directory what is not in the present one, as HeldStorage does."""

    def open(self, path: str, *, writable: bool = False) -> int:
        here = os.path.exists(path)
        return super().open(path if here else path.replace("/new", "/state"), writable=writable)


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def start(directory: str, truth: Truth | None = None) -> SmallServer:
    return SmallServer(RealStorage(), directory, truth or Truth(), entropy=os.urandom)


def filled(directory: str) -> SmallServer:
    server = start(directory)
    server.commit(*new_session(server.state))
    server.output(P, b"".join(b"line %d\n" % number for number in range(3000)))
    server.checkpoint()
    return server


def saved_at(directory: str, name: str = NAME) -> Recovered:
    return recover(
        RealStorage(),
        directory,
        now_ms=lambda: 0,
        monotonic=lambda: 0.0,
        new_store_id=STORE_ID,
        read_only=True,
        at=TargetMoment(name=name),
    )


def history(recovered: Recovered) -> list[bytes]:
    scrollback = recovered.store.pane(P)
    return [line.data for line in scrollback.read(scrollback.base, scrollback.next_line)]


def files(directory: str) -> set[str]:
    return {path.name for path in (Path(directory) / "saves").iterdir()}


def spoil(path: Path) -> None:
    path.write_bytes(b"\xff" * path.stat().st_size)


def test_damage_to_the_living_store_does_not_touch_it(directory: str) -> None:
    server = filled(directory)
    server.checkpoint(name=NAME)
    before = history(saved_at(directory))
    assert len(before) > 2900
    assert files(directory) == {save_name(NAME), save_pack_name(NAME)}
    assert all(path.stat().st_nlink == 1 for path in (Path(directory) / "saves").iterdir())
    for path in (Path(directory) / "checkpoints").iterdir():
        spoil(path)
    again = saved_at(directory)
    assert history(again) == before
    assert (again.report.damages, again.report.complete) == ([], True)
    screen = again.panes[P].screen
    assert screen is not None


def test_it_stays_while_checkpoints_come_and_go(directory: str) -> None:
    server = filled(directory)
    server.checkpoint(name=NAME)
    before = history(saved_at(directory))
    for number in range(4):
        server.output(P, b"more %d\n" % number)
        server.checkpoint()
    assert history(saved_at(directory)) == before
    (save,) = start(directory, server.truth).recovered.saves
    assert save.name == NAME
    assert len(save.packs) == 1


def test_rot_in_the_living_store_is_a_tombstone_in_the_save(directory: str) -> None:
    server = filled(directory)
    block = server.store.pane(P).blocks()[0]
    place = block.place
    assert place is not None
    path = Path(directory) / "checkpoints" / pack_name(place.digest)
    data = bytearray(path.read_bytes())
    data[place.offset + 40] ^= 1
    path.write_bytes(data)
    server.checkpoint(name=NAME)
    again = saved_at(directory)
    assert [each.count for each in again.store.pane(P).lost()] == [block.count]
    assert len(history(again)) == len(server.store.pane(P))


def old_save(server: SmallServer, directory: str) -> Manifest:
    """As earlier versions wrote it: a manifest among the checkpoints, which shares their packs."""
    save = replace(server.series.generations[0], name=NAME)
    checkpoints = f"{directory}/checkpoints"
    write_atomically(RealStorage(), checkpoints, save_name(NAME), [encode_manifest(save)])
    server.series.saves.append(save)
    return save


def test_saves_of_earlier_versions_are_read_and_can_be_copied(directory: str) -> None:
    server = filled(directory)
    save = old_save(server, directory)
    before = history(saved_at(directory))
    assert find_all(RealStorage(), directory).own == frozenset()
    server.series.keep(save, NAME)
    found = find_all(RealStorage(), directory)
    assert (found.own, [each.name for each in found.saves]) == (frozenset({NAME}), [NAME])
    assert history(saved_at(directory)) == before
    delete_save(RealStorage(), directory, NAME)
    assert find_all(RealStorage(), directory).saves == []
    assert files(directory) == set()
    delete_save(RealStorage(), directory, NAME)  # there is none


def test_a_full_disk_leaves_nothing_half_made(
    directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = filled(directory)
    result = server.checkpoint()
    full = OSError(errno.ENOSPC, "No space left on device")

    def refused(_storage: RealStorage, _file: int, _parts: list[Bytes], _offset: int) -> int:
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(RealStorage, "pwritev", refused)
        with pytest.raises(OSError, match="No space left"):
            server.series.keep(result.manifest, NAME)
    assert files(directory) == set()
    assert find_all(RealStorage(), directory).saves == []
    server.checkpoint(name=NAME)
    assert files(directory) == {save_name(NAME), save_pack_name(NAME)}


def test_how_far_it_is_is_told(directory: str) -> None:
    server = filled(directory)
    manifest = server.checkpoint().manifest
    told: list[float] = []
    write_save(RealStorage(), server.store.reader, manifest, directory, NAME, told.append)
    assert told == sorted(told)
    assert 0 < told[0] <= told[-1] <= 1


def test_a_damaged_save_is_told_and_stays_where_it_is(directory: str) -> None:
    server = filled(directory)
    server.checkpoint(name=NAME)
    spoil(Path(directory) / "saves" / save_name(NAME))
    report = start(directory, server.truth).recovered.report
    assert [damage.what for damage in report.damages] == [f"saves/{save_name(NAME)}"]
    assert files(directory) == {save_name(NAME), save_pack_name(NAME)}


@pytest.mark.parametrize("name", [save_name(NAME), save_pack_name(NAME), ""])
def test_one_of_another_user_is_told_and_hurts_no_start(directory: str, name: str) -> None:
    require(root=True)
    server = filled(directory)
    server.checkpoint(name=NAME)
    path = Path(directory) / "saves" / name
    before = files(directory)
    os.chown(path, 1000, 1000)
    if not name:
        path.chmod(0o755)
    again = start(directory, server.truth)
    assert again.recovered.report.complete
    if name:
        told = f"saves/{name}: belongs to user 1000, not to you; it is left as it is"
        assert again.recovered.report.notes == [told]
    again.checkpoint()
    again.checkpoint()
    assert files(directory) == before
    assert path.stat().st_uid == 1000
    os.chown(path, os.geteuid(), os.getegid())
    assert len(history(saved_at(directory))) > 2900
    assert start(directory, server.truth).recovered.report.notes == []


def test_saves_that_cannot_be_listed_are_told(directory: str) -> None:
    server = filled(directory)
    (Path(directory) / "saves").write_text("")
    found = find_all(RealStorage(), directory)
    assert found.damaged_saves == [("", "Not a directory")]
    assert len(found.manifests) == 1
    assert start(directory, server.truth).recovered.report.complete


def test_rot_in_a_save_is_found_by_reading_it(directory: str) -> None:
    server = filled(directory)
    server.checkpoint(name=NAME)
    assert damaged(RealStorage(), directory) == []
    path = Path(directory) / "saves" / save_pack_name(NAME)
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    [(name, reason)] = damaged(RealStorage(), directory)
    assert (name, "not what was written" in reason) == (NAME, True)


def test_a_state_that_begins_anew_takes_them_along(directory: str, tmp_path: Path) -> None:
    filled(directory).checkpoint(name=NAME)
    [save] = find_all(RealStorage(), directory, NAME).saves
    new = tmp_path / "new"
    new.mkdir()
    assert copy_save(Former(), str(new), save)
    assert not copy_save(Former(), str(new), replace(save, name="no such save"))
    found = find_all(RealStorage(), str(new))
    assert found.own == frozenset({NAME})
    assert files(str(new)) == files(directory)


def test_a_pack_whose_size_has_rotted_is_copied_as_far_as_it_was_written(
    directory: str, tmp_path: Path
) -> None:
    class Bounded(Former):
        def pwrite(self, file: int, data: Bytes, offset: int) -> int:
            assert offset <= size, "it copies a hole"
            return super().pwrite(file, data, offset)

    filled(directory).checkpoint(name=NAME)
    [save] = find_all(RealStorage(), directory, NAME).saves
    pack = Path(directory) / "saves" / save_pack_name(NAME)
    content = pack.read_bytes()
    size = len(content)
    os.truncate(pack, HUGE_BYTES)
    new = tmp_path / "new"
    new.mkdir()
    assert copy_save(Bounded(), str(new), save)
    assert (new / "saves" / pack.name).read_bytes() == content
    assert damaged(RealStorage(), str(new)) == []


def test_a_pack_whose_size_has_rotted_is_told_without_reading_it(directory: str) -> None:
    class Bounded(RealStorage):
        def pread(self, file: int, size: int, offset: int) -> bytes:
            assert offset < READ_ALL_BYTES_MAX, "it reads a hole"
            return super().pread(file, size, offset)

    filled(directory).checkpoint(name=NAME)
    os.truncate(Path(directory) / "saves" / save_pack_name(NAME), HUGE_BYTES)
    [(name, reason)] = damaged(Bounded(), directory)
    assert (name, f"a pack has {HUGE_BYTES} bytes" in reason) == (NAME, True)
    assert len(history(saved_at(directory))) > 2900


def test_a_screen_that_cannot_be_read_refuses_the_copy(directory: str) -> None:
    server = filled(directory)
    manifest = server.checkpoint().manifest
    for pack in manifest.packs:
        spoil(Path(directory) / "checkpoints" / pack_name(pack.digest))
    with pytest.raises(PackDamaged):
        write_save(RealStorage(), server.store.reader, manifest, directory, NAME)
    assert files(directory) == set()
    server.checkpoint(name=NAME)  # takes the screens anew


def told(directory: str) -> list[str]:
    """What a start says of saves."""
    report = start(directory).recovered.report
    return [f"{each.what}: {each.detail}" for each in report.damages]


@pytest.mark.parametrize(
    ("leaves", "says"),
    [
        ([save_pack_name(NAME)], "its pack is gone"),
        ([save_name(NAME)], "its manifest is gone"),
        ([save_name(NAME), save_pack_name(NAME)], "its files are gone"),
    ],
)
def test_a_start_tells_of_files_of_a_save_that_are_gone(
    directory: str, leaves: list[str], says: str
) -> None:
    filled(directory).checkpoint(name=NAME)
    assert told(directory) == []
    for leaf in leaves:
        (Path(directory) / "saves" / leaf).unlink()
    (line,) = told(directory)
    assert line.startswith(f"what was saved as {NAME}: {says}")
    if len(leaves) == 2:
        assert told(directory) == [], "once: nothing is left that could be put right"
    else:
        assert told(directory) == [line]
        delete_save(RealStorage(), directory, NAME)
        assert told(directory) == []


def test_a_start_tells_of_a_pack_of_a_save_that_is_cut_or_begins_otherwise(directory: str) -> None:
    filled(directory).checkpoint(name=NAME)
    pack = Path(directory) / "saves" / save_pack_name(NAME)
    data = pack.read_bytes()
    pack.write_bytes(data[:-1])
    assert f"{len(data) - 1} bytes instead of {len(data)}" in told(directory)[0]
    pack.write_bytes(bytes(64) + data[64:])
    assert "does not begin like a pack" in told(directory)[0]
    assert not list((Path(directory) / "checkpoints").glob("SAVE-*")), "nothing is preserved for it"
    pack.write_bytes(data)
    assert told(directory) == []


def test_all_saves_removed_with_their_directory_are_told(directory: str) -> None:
    server = filled(directory)
    server.checkpoint(name="one")
    server.checkpoint(name="two")
    shutil.rmtree(Path(directory) / "saves")
    assert [line.partition(":")[0] for line in told(directory)] == [
        "what was saved as one",
        "what was saved as two",
    ]


def test_a_save_among_the_checkpoints_tells_which_pack_is_gone(directory: str) -> None:
    server = filled(directory)
    save = old_save(server, directory)
    for pack in save.packs:
        (Path(directory) / "checkpoints" / pack_name(pack.digest)).unlink()
    assert any(f"what was saved as {NAME}: pack-" in line for line in told(directory))


def test_a_deleted_save_is_no_alarm_on_a_full_disk_either(
    directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(directory).checkpoint(name=NAME)
    storage = RealStorage()

    def full(_path: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(storage, "create", full)
        delete_save(storage, directory, NAME)
    assert told(directory) == []


class Ordered(RealStorage):
    """Remembers what was done to names, and when their directory was synced."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def rename(self, source: str, target: str) -> None:
        super().rename(source, target)
        kinds = {"PACK": "named pack", "SAVE": "named manifest"}
        for leaf in (source.rpartition("/")[2], target.rpartition("/")[2]):
            if leaf[:4] in kinds:
                self.done.append(kinds[leaf[:4]])
                break

    def unlink(self, path: str) -> None:
        super().unlink(path)
        self.done.append("removed pack" if "/PACK-" in path else "removed manifest")

    def fsync_directory(self, path: str) -> None:
        super().fsync_directory(path)
        if path.endswith("/saves"):
            self.done.append("synced")


def test_a_save_has_its_name_last_and_durably_and_loses_it_first(directory: str) -> None:
    server = filled(directory)
    manifest = server.checkpoint().manifest
    storage = Ordered()
    write_save(storage, server.store.reader, manifest, directory, NAME)
    done = [step for step in storage.done if not step.startswith("removed")]
    at = done.index("named manifest")
    assert done[at + 1] == "synced"
    assert done[:at] == ["synced", "named pack", "synced"]
    storage.done.clear()
    delete_save(storage, directory, NAME)
    at = storage.done.index("named manifest")
    assert storage.done[at + 1] == "synced", "it means nothing any more, durably"
    assert "removed pack" in storage.done[at + 2 :]
    assert "removed pack" not in storage.done[:at]


def test_what_may_be_read_another_time_makes_no_tombstone_in_a_save(
    directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = filled(directory)
    manifest = server.checkpoint().manifest
    read, blocks = PackReader.read, {block.place for block in server.store.pane(P).blocks()}

    def refused(reader: PackReader, place: PackPlace) -> bytes:
        if place in blocks:
            raise PackUnreadable("Too many open files")
        return read(reader, place)

    monkeypatch.setattr(PackReader, "read", refused)
    with pytest.raises(PackUnreadable):
        write_save(RealStorage(), server.store.reader, manifest, directory, NAME)
    assert files(directory) == set()
