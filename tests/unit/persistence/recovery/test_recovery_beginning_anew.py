"""A state continues in another directory, or in its own after that was emptied: nothing of the former content is
needed."""

import os
import shutil
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.state_lock import HeldStorage, lock_state_directory
from tests.support.small_server import SmallServer, Truth, differences, new_session

LINES = 5000
"""Several blocks, of which the oldest are not in memory."""


def text(count: int, first: int = 0) -> bytes:
    return b"".join(b"line %d of some text\n" % number for number in range(first, first + count))


def history(server: SmallServer) -> list[bytes]:
    pane = server.store.pane(PaneId(0))
    return [line.data for line in pane.read(pane.base, pane.next_line)]


def begin_anew(server: SmallServer, directory: str) -> None:
    """As server/state/settling.py does it."""
    for name in ("", "/wal", "/checkpoints", "/quarantine", "/recoveries"):
        server.storage.make_directory(directory + name)
    server.writer.relocate()
    server.series.start_anew([])
    server.sync()
    server.sync()
    assert not server.writer.state.troubled
    server.checkpoint()
    server.sync()


def start(directory: str, truth: Truth) -> SmallServer:
    return SmallServer(RealStorage(), directory, truth, entropy=os.urandom)


def test_everything_is_in_the_new_directory(tmp_path: Path) -> None:
    path, truth = tmp_path / "state", Truth()
    lock = lock_state_directory(str(path))
    storage = HeldStorage(lock)
    server = SmallServer(storage, str(path), truth, entropy=os.urandom)
    server.store.hot_lines = 100
    server.commit(*new_session(server.state))
    server.output(PaneId(0), text(LINES))
    server.checkpoint()
    server.output(PaneId(0), text(10, LINES))
    server.sync()
    server.output(PaneId(0), text(10, LINES + 10))  # not synced when it happens
    path.rename(tmp_path / "moved")
    former = storage.former = lock.become(lock_state_directory(str(path)))
    begin_anew(server, str(path))
    storage.former = None
    former.release()
    shutil.rmtree(tmp_path / "moved")
    server.output(PaneId(0), text(10, LINES + 20))
    server.sync()
    again = start(str(path), truth)
    assert differences(again) == []
    assert again.recovered.report.complete
    lock.release()


@pytest.mark.parametrize("part", ["wal", "checkpoints"])
def test_what_is_gone_is_said_in_its_place_and_costs_nothing_else(
    tmp_path: Path, part: str
) -> None:
    directory, truth = str(tmp_path / "state"), Truth()
    server = start(directory, truth)
    server.store.hot_lines = 1500
    server.commit(*new_session(server.state))
    server.output(PaneId(0), text(LINES))
    server.checkpoint()
    server.store.cool()
    server.store.reader.close()  # else it reads what has no name any more
    server.output(PaneId(0), text(10, LINES))
    before = len(server.store.pane(PaneId(0)))
    shutil.rmtree(Path(directory) / part)
    begin_anew(server, directory)
    again = start(directory, truth)
    assert again.recovered.report.complete
    lines = history(again)
    assert len(lines) >= before
    said = [line for line in lines if b"damaged on disk" in line]
    if part == "wal":
        assert (differences(again), said) == ([], [])
    else:
        assert said, "the oldest lines were in a pack alone"
        newest = lines[-1500:]
        assert all(line.startswith(b"line ") for line in newest), "these were in memory, too"


def test_leftovers_of_a_log_go_once_a_checkpoint_replaces_it(tmp_path: Path) -> None:
    directory, truth = str(tmp_path / "state"), Truth()
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.output(PaneId(0), text(10))
    server.sync()
    old = {path.name for path in (tmp_path / "state/wal").glob("*.wal")}
    begin_anew(server, directory)
    server.sync()
    assert not old & {path.name for path in (tmp_path / "state/wal").glob("*.wal")}
    assert differences(start(directory, truth)) == []


@pytest.mark.parametrize("parts", [("wal",), ("checkpoints",), ("wal", "checkpoints")])
def test_a_start_without_its_directories_is_not_called_whole(
    tmp_path: Path, parts: tuple[str, ...]
) -> None:
    directory, truth = str(tmp_path / "state"), Truth()
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.checkpoint()
    server.sync()
    for part in parts:
        shutil.rmtree(Path(directory) / part)
    server = start(directory, truth)
    report = server.recovered.report
    gone = [line for line in report.missing if line.startswith("the directory")]
    assert [line.split()[2] for line in gone] == list(parts)
    assert any("LSN 1 was durable" in line for line in report.missing) == ("wal" in parts)
    assert not report.complete
    assert "not known" in report.summary
    assert report.cause != "first start"
    server.commit(*new_session(server.state))
    server.sync()
    assert start(directory, truth).recovered.report.missing == [], "they were made again"
