"""A power failure may keep the name of a manifest without the names of its packs, or the other way round. That causes
no alarm."""

import contextlib
import errno
from collections.abc import Collection
from random import Random

import pytest

from fuguemux.persistence.checkpoint.manifest import save_name
from fuguemux.persistence.checkpoint.save_check import note
from fuguemux.persistence.checkpoint.saves import SAVES, delete_save, save_pack_name
from tests.simulation.disk import Crash, SimDisk
from tests.support.small_server import SmallServer, Truth, differences, new_session

MANIFESTS, PACKS = ("MANIFEST-", "SAVE-"), ("pack-", "PACK-")


class SomeNames(SimDisk):
    """Of the operations on names that were not synced a power failure keeps those on names with these words."""

    words: tuple[str, ...] = ()

    def keeps(self, names: Collection[str], chance: float) -> bool:
        """No chance in it."""
        return any(word in name for name in names for word in self.words)


def crashed(name: str, words: tuple[str, ...], operations: int) -> tuple[SmallServer, bool]:
    """A server started after a power failure so many operations into a checkpoint (or save); whether it came to that."""
    disk = SomeNames(Random(operations))
    disk.words = words
    disk.directories.add("")
    truth = Truth()
    server = SmallServer(disk, "state", truth, entropy=disk.rng.randbytes)
    server.commit(*new_session(server.state))
    server.output(next(iter(server.terminals)), b"a line\n" * 50)
    server.sync()
    disk.crash_in = operations
    with contextlib.suppress(Crash):
        server.checkpoint(name=name)
    cut_short = disk.crashed
    disk.power_loss()
    return SmallServer(disk, "state", truth, entropy=disk.rng.randbytes), cut_short


@pytest.mark.parametrize("words", [MANIFESTS, PACKS], ids=["manifests", "packs"])
@pytest.mark.parametrize("name", ["", "kept"])
def test_no_checkpoint_is_damaged_by_a_power_failure(name: str, words: tuple[str, ...]) -> None:
    operations, cut_short = 0, True
    while cut_short:
        server, cut_short = crashed(name, words, operations)
        assert server.recovered.report.damages == []
        assert server.recovered.report.complete
        assert differences(server) == []
        for save in server.recovered.saves:
            assert server.storage.exists(f"state/{SAVES}/{save_pack_name(save.name)}")
        operations += 1
    assert operations > 10


@pytest.mark.parametrize("words", [MANIFESTS, PACKS], ids=["manifests", "packs"])
def test_a_save_is_deleted_or_there_after_a_power_failure(words: tuple[str, ...]) -> None:
    operations, cut_short = 0, True
    while cut_short:
        disk = SomeNames(Random(operations))
        disk.directories.add("")
        truth = Truth()
        server = SmallServer(disk, "state", truth, entropy=disk.rng.randbytes)
        server.commit(*new_session(server.state))
        server.checkpoint(name="kept")
        server.sync()
        disk.settle()
        disk.words = words
        disk.crash_in = operations
        with contextlib.suppress(Crash):
            delete_save(disk, "state", "kept")
        cut_short = disk.crashed
        disk.power_loss()
        again = SmallServer(disk, "state", truth, entropy=disk.rng.randbytes)
        assert again.recovered.report.damages == []
        operations += 1
    assert operations > 3


def test_a_save_that_was_never_finished_can_be_made_again_whatever_happens_then() -> None:
    operations, cut_short = 0, True
    while cut_short:
        disk = SimDisk(Random(operations))
        disk.directories.add("")
        truth = Truth()
        server = SmallServer(disk, "state", truth, entropy=disk.rng.randbytes)
        server.commit(*new_session(server.state))
        server.checkpoint(name="kept")
        server.sync()
        path = f"state/{SAVES}/{save_name('kept')}"
        disk.rename(path, f"{path}.tmp")  # as before it was published
        note(disk, "state", remove=["kept"])
        disk.settle()
        again = SmallServer(disk, "state", truth, entropy=disk.rng.randbytes)
        disk.crash_in = operations
        with contextlib.suppress(Crash):
            again.checkpoint(name="kept")
        cut_short = disk.crashed
        disk.process_crash()
        last = SmallServer(disk, "state", truth, entropy=disk.rng.randbytes)
        assert last.recovered.report.damages == []
        operations += 1
    assert operations > 3


@pytest.mark.parametrize("operation", ["rename", "fsync_directory"])
def test_a_save_that_fails_at_its_names_leaves_nothing(
    operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimDisk(Random(1))
    disk.directories.add("")
    truth = Truth()
    server = SmallServer(disk, "state", truth, entropy=disk.rng.randbytes)
    server.commit(*new_session(server.state))
    manifest = server.checkpoint().manifest
    original = getattr(SimDisk, operation)
    calls, fails_at, place = 0, 0, f"state/{SAVES}"

    def refuses(self: SimDisk, *paths: str) -> None:
        nonlocal calls
        if any(path.startswith(place) for path in paths):
            calls += 1
            if calls == fails_at:
                raise OSError(errno.EIO, "Input/output error")
        original(self, *paths)

    monkeypatch.setattr(SimDisk, operation, refuses)
    failed = True
    while failed:
        calls, fails_at, failed = 0, fails_at + 1, False
        try:
            server.series.keep(manifest, "kept")
        except OSError:
            failed = True
            pack, names = save_pack_name("kept"), disk.list(place)
            assert (pack in names) == (save_name("kept") in names)
    assert fails_at > 1
