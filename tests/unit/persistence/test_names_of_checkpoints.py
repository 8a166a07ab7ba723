"""A power failure may keep the name of a manifest without those of its packs: no checkpoint or save may rest on one alone."""

import contextlib
from collections.abc import Collection
from random import Random

import pytest

from fuguemux.persistence.saves import SAVES, save_pack_name
from tests.simulation.disk import Crash, SimDisk
from tests.support.small_server import SmallServer, Truth, differences, new_session


class ManifestsOnly(SimDisk):
    """Of the names that were not synced a power failure keeps those of manifests and saves, and no other."""

    def keeps(self, names: Collection[str], chance: float) -> bool:
        """No chance in it."""
        return any("MANIFEST-" in name or "SAVE-" in name for name in names)


def crashed(name: str, operations: int) -> tuple[SmallServer, bool]:
    """A server started after a power failure so many operations into a checkpoint (or save); whether it came to that."""
    disk = ManifestsOnly(Random(operations))
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


@pytest.mark.parametrize("name", ["", "kept"])
def test_no_checkpoint_is_damaged_by_a_power_failure(name: str) -> None:
    operations, cut_short = 0, True
    while cut_short:
        server, cut_short = crashed(name, operations)
        assert server.recovered.report.damages == []
        assert server.recovered.report.complete
        assert differences(server) == []
        for save in server.recovered.saves:
            assert server.storage.exists(f"state/{SAVES}/{save_pack_name(save.name)}")
        operations += 1
    assert operations > 10
