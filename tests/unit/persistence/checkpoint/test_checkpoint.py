"""What a checkpoint writes, what it leaves unchanged, and what happens if the disk refuses."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.persistence.checkpoint.checkpoint import CheckpointRun, CheckpointSettings, run_to_end
from fuguemux.persistence.scrollback.packs import (
    EntryKind,
    PackDamaged,
    decode_entry,
    entries_of,
    pack_digest,
)
from fuguemux.persistence.storage.files import Bytes, RealStorage
from tests.simulation.disk import Crash, SimDisk
from tests.support.small_server import SmallServer, Truth, differences, new_session, split_window


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def start(directory: str, truth: Truth, settings: CheckpointSettings | None = None) -> SmallServer:
    return SmallServer(RealStorage(), directory, truth, entropy=os.urandom, settings=settings)


def text(count: int, first: int = 0) -> bytes:
    rng = Random(first)
    return b"".join(b"%d %x\n" % (n, rng.getrandbits(64)) for n in range(first, first + count))


def checkpoints(directory: str) -> Path:
    return Path(directory) / "checkpoints"


def names(directory: str, prefix: str = "") -> list[str]:
    return sorted(
        path.name for path in checkpoints(directory).iterdir() if path.name.startswith(prefix)
    )


def test_it_names_what_it_is(directory: str) -> None:
    server = start(directory, Truth())
    server.commit(*new_session(server.state))
    server.output(PaneId(0), text(5))
    manifest = server.checkpoint("why").manifest
    assert (manifest.number, manifest.reason, manifest.engine) == (1, "why", "fake 1/1")
    assert manifest.sessions == ("s0",)
    assert manifest.structure_lsn == manifest.wal_start_lsn == server.applied_lsn
    assert [(p.pane, p.lsn) for p in manifest.panes] == [(0, server.applied_lsn)]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in checkpoints(directory).iterdir())


def test_two_generations_and_more_are_kept(directory: str) -> None:
    server = start(directory, Truth(), CheckpointSettings(extra_generations=1))
    server.commit(*new_session(server.state))
    for number in range(1, 7):
        server.output(PaneId(0), text(3, number))
        last = server.checkpoint().wal_before_lsn
        assert len(names(directory, "MANIFEST-")) == min(number, 3)
        assert (last > 0) == (number > 1)
    assert names(directory, "MANIFEST-")[0].endswith("4")
    older = server.series.generations[1]
    assert (
        run_to_end(CheckpointRun(server.series, server, "test")).wal_before_lsn
        > older.wal_start_lsn
    )
    used = {p.digest for m in server.series.generations for p in m.packs}
    assert {pack_digest(name) for name in names(directory, "pack-")} == used


def test_a_saved_checkpoint_stays(directory: str) -> None:
    truth = Truth()
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.output(PaneId(0), text(50))
    server.checkpoint(name="before the upgrade")
    for number in range(5):
        server.output(PaneId(0), text(3, number))
        server.checkpoint()
    again = start(directory, truth)
    (save,) = again.recovered.saves
    assert (save.name, save.number) == ("before the upgrade", 1)
    for pack in save.packs:  # which lies beside the checkpoints
        again.store.reader.verify(pack.digest, pack.size_bytes)


def test_new_lines_alone_are_written(directory: str) -> None:
    truth = Truth()
    server = start(directory, truth)
    for _ in range(20):
        server.commit(*new_session(server.state))
    for pane in list(server.terminals):
        server.output(pane, text(3000, pane))
    full = server.checkpoint()
    server.output(PaneId(3), text(20))
    small = server.checkpoint()
    assert (small.panes_written, small.blocks_written) == (1, 0)
    assert small.new_bytes * 20 <= full.new_bytes
    assert differences(start(directory, truth)) == []


def test_dead_packs_are_rewritten_and_the_disk_stays_bounded(directory: str) -> None:
    truth = Truth()
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.commit(*new_session(server.state))
    server.output(PaneId(1), text(2000))
    server.checkpoint()
    server.store.pane(PaneId(0)).limit_lines = 3000
    sizes = []
    for round_ in range(60):
        server.output(PaneId(0), text(400, round_ * 400))
        server.checkpoint()
        sizes.append(sum(path.stat().st_size for path in checkpoints(directory).iterdir()))
        assert len(names(directory, "pack-")) <= 30
    assert max(sizes[30:]) <= 1.5 * max(sizes[:30])
    mine = server.terminals[PaneId(0)]
    mine.archive()
    assert len(mine.scrollback) == 3000


def test_a_pane_that_changed_nothing_moves_when_its_pack_is_rewritten(directory: str) -> None:
    truth = Truth()
    server = start(directory, truth)
    for _ in range(3):
        server.commit(*new_session(server.state))
    for pane in list(server.terminals):
        server.output(pane, text(2500, pane))
    server.checkpoint()
    server.store.erase_wanted = True
    server.commit(ev.HistoryCleared(PaneId(0)))
    result = server.checkpoint()
    assert result.bytes_moved > 0
    assert result.panes_written == 3
    assert differences(server) == []
    assert differences(start(directory, truth)) == []


def test_nothing_dead_is_left_after_lines_were_erased(directory: str) -> None:
    server = start(directory, Truth())
    server.commit(*new_session(server.state))
    server.commit(*split_window(server.state, WindowId(0)))
    server.output(PaneId(0), b"secret 4711\n" * 30)
    server.checkpoint()
    server.output(PaneId(0), text(30))
    server.checkpoint()
    assert any(b"4711" in payload for payload in payloads(directory))
    server.commit(ev.HistoryCleared(PaneId(0)))
    result = server.checkpoint()
    assert result.purge
    assert not any(b"4711" in payload for payload in payloads(directory))
    assert len(names(directory, "MANIFEST-")) == 2
    assert not server.checkpoint().purge


def payloads(directory: str) -> list[bytes]:
    """Every entry of every pack, decompressed."""
    found = []
    for name in names(directory, "pack-"):
        digest = pack_digest(name)
        assert digest is not None
        data = (checkpoints(directory) / name).read_bytes()
        for entry in entries_of(data, digest):
            raw = data[entry.place.offset : entry.place.offset + entry.place.length]
            found.append(decode_entry(raw, EntryKind(entry.kind), entry.pane))
    return found


def test_a_failed_checkpoint_changes_nothing(directory: str) -> None:
    class Refusing(RealStorage):
        refuse_after = 1 << 30

        def _count(self) -> None:
            self.refuse_after -= 1
            if self.refuse_after < 0:
                raise OSError(errno.ENOSPC, "No space left on device")

        def pwrite(self, file: int, data: Bytes, offset: int) -> int:
            self._count()
            return super().pwrite(file, data, offset)

        def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
            self._count()
            return super().pwritev(file, parts, offset)

        def fsync(self, file: int) -> None:
            self._count()
            super().fsync(file)

        def rename(self, source: str, target: str) -> None:
            self._count()
            super().rename(source, target)

        def create(self, path: str) -> int:
            self._count()
            return super().create(path)

    truth = Truth()
    storage = Refusing()
    server = SmallServer(storage, directory, truth, entropy=os.urandom)
    server.commit(*new_session(server.state))
    server.output(PaneId(0), text(3000))
    server.checkpoint()
    server.sync()
    refused = 0
    for after in range(40):
        server.output(PaneId(0), text(10, after))
        server.sync()
        before = list(server.series.generations)
        storage.refuse_after = after
        try:
            run_to_end(CheckpointRun(server.series, server, "test"))
        except OSError:
            refused += 1
            assert server.series.generations == before
            # Manifests may stay: they tell which packs are superfluous.
            left = [name for name in names(directory) if name.endswith(".tmp")]
            assert all(name.startswith("MANIFEST-") for name in left)
        finally:
            storage.refuse_after = 1 << 30
        if after % 5 == 0:
            assert differences(start(directory, truth)) == []
            server = SmallServer(storage, directory, truth, entropy=os.urandom)
    assert refused >= 5
    server.checkpoint()
    assert differences(start(directory, truth)) == []


@pytest.mark.parametrize("power", [False, True])
def test_crash_at_every_operation(power: bool) -> None:
    for cut in range(200):
        disk = SimDisk(Random(cut))
        disk.directories.add("")
        truth = Truth()
        server = SmallServer(disk, "state", truth, entropy=disk.rng.randbytes)
        server.commit(*new_session(server.state))
        server.output(PaneId(0), text(200))
        server.checkpoint()
        server.output(PaneId(0), text(200, 500))
        server.commit(*new_session(server.state))
        server.commit(ev.HistoryCleared(PaneId(0)))
        server.output(PaneId(1), text(20, 900))
        server.sync()
        disk.settle()
        disk.crash_in = cut
        try:
            run_to_end(CheckpointRun(server.series, server, "test"))
        except Crash:
            pass
        else:
            assert cut > 10
            return
        if power:
            disk.power_loss()
        else:
            disk.process_crash()
        again = SmallServer(disk, "state", truth, entropy=disk.rng.randbytes)
        assert differences(again) == [], cut
        assert again.recovered.report.complete, cut
    pytest.fail("a checkpoint takes fewer operations than this")


def test_what_cannot_be_read_back_is_not_published(directory: str) -> None:
    class Forgetful(RealStorage):
        armed = False

        def fsync(self, file: int) -> None:
            if self.armed:
                super().pwrite(file, b"\0", 60)
            super().fsync(file)

    truth = Truth()
    storage = Forgetful()
    server = SmallServer(storage, directory, truth, entropy=os.urandom)
    server.commit(*new_session(server.state))
    server.output(PaneId(0), text(100))
    server.checkpoint()
    server.output(PaneId(0), text(100))
    storage.armed = True
    before = names(directory)
    with pytest.raises(PackDamaged, match="cannot be read back"):
        run_to_end(CheckpointRun(server.series, server, "test"))
    assert names(directory) == before


def test_steps_on_the_loop_are_cut_into_slices(directory: str) -> None:
    server = start(directory, Truth(), CheckpointSettings(slice_ms=0.1))
    for _ in range(6):
        server.commit(*new_session(server.state))
        server.output(PaneId(server.state.next_pane - 1), text(30))
    run = CheckpointRun(server.series, server, "test")
    blocking = []
    for step in run.steps():
        blocking.append(step.blocking)
        step.run()
    assert blocking[:2] == [False, True]
    assert blocking.count(False) == 1 + 6 + 1 + 6


def test_a_history_that_is_cleared_meanwhile_is_cleared_as_of_its_record(directory: str) -> None:
    """The screen stays as it was stored before, and the cut history is newer than the structure."""
    server = start(directory, Truth())
    server.commit(*new_session(server.state))
    server.output(PaneId(0), text(30))
    server.checkpoint()
    server.store.pane(PaneId(0)).append([b"one more"])
    run = CheckpointRun(server.series, server, "test")
    steps = run.steps()
    next(steps).run()
    cleared = server.commit(ev.HistoryCleared(PaneId(0)))
    awaited = []
    for step in steps:
        awaited.append(step.after_lsn)
        step.run()
    assert max(awaited) == cleared
    assert [(p.pane, p.lsn) for p in run.result.manifest.panes] == [(0, cleared)]
