"""Saves of closed sessions: a start reports those that are missing or cut, and reading one reports damage inside it."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import encode_manifest, save_name
from fuguemux.persistence.checkpoint.save_check import SAVED_FILE, listed
from fuguemux.persistence.checkpoint.save_reading import damaged
from fuguemux.persistence.checkpoint.saves import delete_save, save_pack_name
from fuguemux.persistence.recovery.point_in_time import CLOSED_REASON
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.packs import pack_name
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.whole_files import write_atomically
from fuguemux.server.storage import save_scrubber
from fuguemux.server.storage.save_scrubber import SaveScrubber
from tests.support.small_server import SmallServer, Truth, new_session

NAME = "closed-old-20261130-150405"
WHAT = f"closed session old, kept as {NAME}"


class Closed:
    """A state directory with a living session and a closed one, which has a pack of its own among the checkpoints."""

    def __init__(self, directory: Path) -> None:
        self.directory = str(directory)
        server = SmallServer(RealStorage(), self.directory, Truth(), entropy=os.urandom)
        server.commit(*new_session(server.state))
        for first in (0, 3000):
            lines = (b"line %d\n" % number for number in range(first, first + 3000))
            server.output(PaneId(0), b"".join(lines))
            server.checkpoint()
        save = replace(server.series.keep(server.series.generations[0], NAME), reason=CLOSED_REASON)
        saves, checkpoints = directory / "saves", directory / "checkpoints"
        self.pack = checkpoints / pack_name(save.packs[0].digest)
        self.manifest = checkpoints / save_name(NAME)
        assert not self.pack.exists(), "it is that of the closed session alone"
        (saves / save_pack_name(NAME)).rename(self.pack)
        (saves / save_name(NAME)).unlink()
        write_atomically(RealStorage(), str(checkpoints), save_name(NAME), [encode_manifest(save)])
        self.data = self.pack.read_bytes()

    def told(self) -> list[str]:
        """What a start says."""
        report = self.report()
        assert report.complete == report.proven == (not report.damages)
        return [f"{each.what}: {each.detail}" for each in report.damages]

    def report(self) -> RecoveryReport:
        """That of a start."""
        server = SmallServer(RealStorage(), self.directory, Truth(), entropy=os.urandom)
        return server.recovered.report


@pytest.fixture
def closed(tmp_path: Path) -> Closed:
    return Closed(tmp_path / "state")


def flip(data: bytes) -> bytes:
    return data[:1000] + bytes([data[1000] ^ 1]) + data[1001:]


def other(data: bytes) -> bytes:
    return data[:64] + bytes(len(data) - 64)


@pytest.mark.parametrize(
    ("spoil", "lost"),
    [
        (lambda _data: b"", "the structure"),
        (lambda data: data[:-1], "the structure"),
        (flip, "lines of scrollback"),
        (other, "the structure, the screen of %0"),
    ],
)
def test_reading_says_what_of_a_closed_session_is_damaged(
    closed: Closed, spoil: Callable[[bytes], bytes], lost: str
) -> None:
    assert damaged(RealStorage(), closed.directory) == []
    closed.pack.write_bytes(spoil(closed.data))
    ((name, reason),) = damaged(RealStorage(), closed.directory)
    assert name == NAME
    assert lost in reason
    closed.pack.write_bytes(closed.data + b"more")
    assert damaged(RealStorage(), closed.directory) == [], "nothing is lost by that"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda _data: b"", "its pack has 0 bytes instead of"),
        (lambda data: data[:-1], "bytes instead of"),
        (lambda data: bytes(64) + data[64:], "its pack does not begin like a pack"),
    ],
)
def test_a_start_tells_of_a_pack_of_a_closed_session_that_is_cut_or_begins_otherwise(
    closed: Closed, spoil: Callable[[bytes], bytes], says: str
) -> None:
    assert closed.told() == []
    closed.pack.write_bytes(spoil(closed.data))
    for _start in range(2):
        (line,) = closed.told()
        assert line.startswith(f"{WHAT}: ")
        assert says in line
    assert len(list(closed.manifest.parent.glob("SAVE-*"))) == 1, "nothing is preserved for it"
    delete_save(RealStorage(), closed.directory, NAME)
    assert closed.told() == []


def test_a_start_tells_once_of_a_closed_session_whose_manifest_is_gone(closed: Closed) -> None:
    Path(closed.directory, SAVED_FILE).unlink()  # an earlier version did not list it
    assert closed.told() == []
    assert listed(RealStorage(), closed.directory) == [NAME]
    closed.manifest.unlink()
    assert closed.told() == [f"{WHAT}: its files are gone"]
    assert closed.told() == [], "nothing is left that could be put right"


def test_a_start_does_not_write_over_a_damaged_list(closed: Closed) -> None:
    path = Path(closed.directory, SAVED_FILE)
    path.write_bytes(b"nothing of the kind")
    assert closed.told() == []
    assert path.read_bytes() == b"nothing of the kind", "it is set aside and told"
    path.unlink()
    assert closed.told() == []
    assert listed(RealStorage(), closed.directory) == [NAME]


def test_a_damaged_manifest_of_a_closed_session_is_told_once(closed: Closed) -> None:
    closed.manifest.write_bytes(b"nothing of the kind")
    assert len(closed.told()) == 1
    assert closed.told() == []


class Told:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.announce = self.said.append

    async def changed(self) -> None:
        self.said.append("changed")


async def test_a_closed_session_that_rots_is_told_while_the_server_runs(
    closed: Closed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(save_scrubber, "PAUSE_SECONDS", 0)
    report, told = RecoveryReport(0), Told()
    scrubber = SaveScrubber(RealStorage(), closed.directory, report, told.announce, told.changed)
    await scrubber.run()
    assert report.damages == []
    closed.pack.write_bytes(flip(closed.data))
    await scrubber.run()
    await scrubber.run()
    assert [damage.what for damage in report.damages] == [WHAT]
    assert told.said == [f"{WHAT} is damaged: see fugue recovery", "changed"]


def test_what_may_be_read_another_time_is_no_damage(closed: Closed) -> None:
    class Refusing(RealStorage):
        def pread(self, file: int, size: int, offset: int) -> bytes:
            if size and offset:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            return super().pread(file, size, offset)

    assert damaged(Refusing(), closed.directory) == []
