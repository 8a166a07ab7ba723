"""Damage to a block of scrollback on disk: only its lines are lost, and that is reported."""

import os
from pathlib import Path
from random import Random

import pytest

from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.report.text import report_lines
from fuguemux.persistence.scrollback import scrollback_check
from fuguemux.persistence.scrollback.blocks import Block
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import PackDamaged, PackUnreadable, pack_name
from fuguemux.persistence.storage.files import RealStorage
from tests.support.small_server import SmallServer, Truth, new_session

P, Q = PaneId(0), PaneId(1)
LINES = 5_000


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def start(directory: str, truth: Truth | None = None) -> SmallServer:
    return SmallServer(RealStorage(), directory, truth or Truth(), entropy=os.urandom)


def text(count: int, seed: int) -> bytes:
    rng = Random(seed)
    return b"".join(b"%d %x\n" % (n, rng.getrandbits(64)) for n in range(count))


def filled(directory: str) -> SmallServer:
    """Two panes whose histories are in packs, and nowhere else."""
    server = start(directory)
    server.commit(*new_session(server.state))
    server.commit(*new_session(server.state))
    for pane in (P, Q):
        server.output(pane, text(LINES, pane))
    server.checkpoint()
    for pane in (P, Q):
        server.store.pane(pane).cool(idle=True)
    return server


def rot(directory: str, block: Block, *, at: int = 40) -> bytes:
    """Change a byte of a block on the disk; what is there then."""
    place = block.place
    assert place is not None
    path = Path(directory) / "checkpoints" / pack_name(place.digest)
    data = bytearray(path.read_bytes())
    data[place.offset + at] ^= 1
    path.write_bytes(data)
    return bytes(data[place.offset : place.offset + place.length])


def shown(server: SmallServer, pane: PaneId) -> list[bytes]:
    scrollback = server.store.pane(pane)
    return [line.data for line in scrollback.read(scrollback.base, scrollback.next_line)]


def assert_only_these_are_lost(server: SmallServer, before: list[bytes], block: Block) -> None:
    now = shown(server, P)
    assert len(now) == len(before)
    assert now[: block.first] == before[: block.first]
    assert now[block.end :] == before[block.end :]
    assert f"[{block.count:,} lines (".encode() in now[block.first]
    assert not any(now[block.first + 1 : block.end])


def test_the_checkpoint_that_has_to_move_it_goes_on_and_keeps_the_count(directory: str) -> None:
    server = filled(directory)
    before = shown(server, P)
    server.store.pane(P).cool(idle=True)
    block = server.store.pane(P).blocks()[1]
    server.store._cache.clear()
    rotten = rot(directory, block)
    server.commit(ev.HistoryCleared(Q))  # everything has to leave the pack
    server.store.pane(Q).clear(erase=True)
    server.checkpoint()
    assert [pane.count for pane in server.store.pane(P).lost()] == [block.count]
    assert_only_these_are_lost(server, before, block)
    [aside] = (Path(directory) / "quarantine").glob("block-*")
    assert aside.read_bytes() == rotten
    server.checkpoint()  # and so do the next ones
    server.sync()

    again = start(directory, server.truth)
    report = again.recovered.report
    assert report.scrollback_lost_before == block.count
    assert report.complete
    assert "nothing lost" not in report.summary
    assert f"Lost before: {block.count} lines of scrollback" in report.summary
    assert_only_these_are_lost(again, before, block)
    again.checkpoint()
    assert [each.count for each in again.store.pane(P).lost()] == [block.count]


def test_what_is_in_memory_is_written_anew(directory: str) -> None:
    server = filled(directory)
    before = shown(server, P)
    block = server.store.pane(P).blocks()[-1]
    assert server.store.in_memory(block, P) is not None
    rot(directory, block)
    assert not server.store.check(block, P)
    assert server.store.losses.adopt() == []
    server.checkpoint()
    server.sync()
    again = start(directory, server.truth)
    assert again.recovered.report.proven
    assert shown(again, P) == before


def test_a_start_reads_what_is_little_and_says_what_is_lost(directory: str) -> None:
    server = filled(directory)
    server.sync()
    block = server.store.pane(P).blocks()[1]
    rotten = rot(directory, block)
    again = start(directory, server.truth)
    report = again.recovered.report
    assert not report.complete
    [lost] = report.scrollback_lost
    assert (lost.pane, lost.first, lost.last) == (P, block.first, block.end - 1)
    assert (lost.lines, lost.size_bytes) == (block.count, len(rotten))
    assert (Path(directory) / lost.set_aside).read_bytes() == rotten
    assert f"{block.count} lines of scrollback" in report.summary
    text = "\n".join(report_lines(report, when="now"))
    assert f"number {block.first} to {block.end - 1}" in text
    assert lost.set_aside in text


def test_before_all_was_read_nothing_is_said_of_it(
    directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(directory).sync()
    monkeypatch.setattr(scrollback_check, "AT_START_BYTES_MAX", 10)
    server = start(directory)
    report = server.recovered.report
    for pane in report.panes:
        pane.status = "live"
    assert report.complete
    assert not report.proven
    assert "log complete; scrollback not yet verified" in report.summary.lower().replace(":", "")
    blocks = scrollback_check.on_disk(server.store)
    assert report.scrollback_unread_bytes == sum(each.size_bytes for each in blocks)
    report.scrollback_unread_bytes = sum(scrollback_check.read(server.store, blocks))
    assert report.summary == "2 panes are still running, nothing lost."


def test_a_disk_that_does_not_let_us_read_is_no_loss(
    directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = filled(directory)
    before = shown(server, P)
    server.store.pane(P).cool(idle=True)
    server.store._cache.clear()
    server.store.reader.close()
    refuse = OSError(24, "Too many open files")

    def refused(_storage: RealStorage, path: str, *, writable: bool = False) -> int:
        raise refuse

    block = server.store.pane(P).blocks()[1]
    with monkeypatch.context() as patch:
        patch.setattr(RealStorage, "open", refused)
        assert b"cannot be read: " in shown(server, P)[block.first]
        assert b"Too many open files" in shown(server, P)[block.first]
        with pytest.raises(PackUnreadable):
            server.store.check(block, P)
        server.store.erase_wanted = True
        server.store.pane(Q).clear(erase=True)
        with pytest.raises(PackUnreadable):
            server.checkpoint()
    assert server.store.losses.adopt() == []
    server.checkpoint()
    assert shown(server, P) == before


def test_a_pack_that_is_missing_beside_others_is_lost(directory: str) -> None:
    server = filled(directory)
    block = server.store.pane(P).blocks()[1]
    assert block.place is not None
    server.store.reader.close()
    (Path(directory) / "checkpoints" / pack_name(block.place.digest)).unlink()
    assert not server.store.check(block, P)
    assert [str(loss) for loss in server.store.losses.adopt()] == server.store.damages
    server.store.losses.set_aside(RealStorage(), f"{directory}/quarantine")  # nothing is there


def test_a_directory_that_is_away_is_no_loss(tmp_path: Path) -> None:
    server = filled(str(tmp_path / "state"))
    block = server.store.pane(P).blocks()[1]
    server.store.reader.close()
    (tmp_path / "state" / "checkpoints").rename(tmp_path / "away")
    with pytest.raises(PackUnreadable):
        server.store.check(block, P)
    (tmp_path / "away").rename(tmp_path / "state" / "checkpoints")
    assert server.store.check(block, P)


def test_a_search_does_not_find_the_notice(directory: str) -> None:
    server = filled(directory)
    block = server.store.pane(P).blocks()[1]
    server.store._cache.clear()
    rot(directory, block)
    scrollback = server.store.pane(P)
    texts = [part.content().text for part in scrollback.parts(notices=False)]
    assert texts[1] == b"\n" * (block.count - 1)
    server.store.losses.adopt()
    assert [part.content().text for part in scrollback.parts(notices=False)] == texts
    assert scrollback.parts()[1].content().text.startswith(b"\x1b[7m[")
    assert sum(part.size for part in scrollback.parts()) == len(shown(server, P))


def test_persist_off_goes_on_without_it(directory: str) -> None:
    server = filled(directory)
    block = server.store.pane(P).blocks()[1]
    server.store._cache.clear()
    rot(directory, block)
    server.store.pane(P).withdraw()
    assert [each.first for each in server.store.pane(P).lost()] == [block.first]
    assert all(each.place is None for each in server.store.pane(P).blocks())


def test_reading_anew_asks_the_disk(directory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = filled(directory)
    asked: list[int] = []
    monkeypatch.setattr(RealStorage, "forget_cached", lambda _self, file: asked.append(file))
    place = server.store.pane(P).blocks()[0].place
    assert place is not None
    server.store.reader.read_anew(place.digest)
    assert len(asked) == 1
    PackReader(RealStorage(), f"{directory}/none").read_anew(place.digest)  # it is not there


def test_a_block_that_is_found_bad_twice_is_lost_once_and_one_that_moved_meanwhile_is_not(
    directory: str,
) -> None:
    server = filled(directory)
    server.store._cache.clear()
    bad, moved = server.store.pane(P).blocks()[1:3]
    losses = server.store.losses
    for _ in range(2):
        losses.note(bad, P, PackDamaged("rotten"))
    losses.note(moved, P, PackDamaged("rotten"))
    moved.place = server.store.pane(P).blocks()[0].place  # a checkpoint wrote it anew
    assert [loss.first for loss in losses.adopt()] == [bad.first]
    assert len(losses.noted) == 2
    assert moved.lost is None


def test_blocks_that_lie_apart_are_told_apart(directory: str) -> None:
    server = filled(directory)
    server.store._cache.clear()
    blocks = server.store.pane(P).blocks()
    for block in (blocks[0], blocks[1], blocks[3]):
        server.store.losses.note(block, P, PackDamaged("rotten"))
    server.store.losses.adopt()
    report = RecoveryReport(0)
    scrollback_check.tell(server.store, report)
    assert [(each.first, each.last) for each in report.scrollback_lost] == [
        (0, blocks[1].end - 1),
        (blocks[3].first, blocks[3].end - 1),
    ]
