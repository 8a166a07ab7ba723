"""From which checkpoint a recovery starts, and from which older state it can replay."""

import os
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.recovery.aside import CHECKPOINTS, Aside
from fuguemux.persistence.recovery.replay import OlderState
from fuguemux.persistence.recovery.starting_point import Checkpoints, StartingPoint
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.packs import pack_name
from fuguemux.persistence.storage.files import RealStorage
from tests.support.small_server import SmallServer, Truth, new_session


@pytest.fixture
def server(tmp_path: Path) -> SmallServer:
    return SmallServer(RealStorage(), str(tmp_path / "state"), Truth(), entropy=os.urandom)


def checkpoints(directory: Path) -> tuple[Checkpoints, RecoveryReport]:
    storage, report = RealStorage(), RecoveryReport(started_ms=1)
    reader = PackReader(storage, f"{directory}/{CHECKPOINTS}")
    aside = Aside(storage, str(directory), report, read_only=True)
    return Checkpoints(storage, str(directory), reader, report, aside), report


def test_without_a_checkpoint_a_recovery_starts_from_nothing(
    server: SmallServer, tmp_path: Path
) -> None:
    server.commit(*new_session(server.state))
    found, report = checkpoints(tmp_path / "state")
    manifests = found.find("")
    start = found.starting_point(manifests)
    assert start == StartingPoint(None, ServerState(), 0)
    assert found.older_state(start, manifests, 0) is None
    assert (report.notes, report.damages, report.checkpoints_tried) == ([], [], 0)


def test_the_newest_whole_structure_counts(server: SmallServer, tmp_path: Path) -> None:
    server.commit(*new_session(server.state))
    first = server.checkpoint().manifest
    server.commit(*new_session(server.state))
    second = server.checkpoint().manifest
    found, report = checkpoints(tmp_path / "state")
    start = found.starting_point(found.find(""))
    assert (start.manifest, start.state) == (second, server.state)
    assert report.checkpoint == second.number
    (pack,) = (
        pack.digest for pack in second.packs if pack.digest not in {p.digest for p in first.packs}
    )
    path = tmp_path / "state" / CHECKPOINTS / pack_name(pack)
    path.write_bytes(bytes(path.stat().st_size))
    found, report = checkpoints(tmp_path / "state")
    manifests = found.find("")
    start = found.starting_point(manifests)
    assert (start.manifest, len(start.state.sessions)) == (first, 1)
    assert manifests.manifests == [first]
    assert [damage.what for damage in report.damages] == [
        f"structure of checkpoint {second.number}"
    ]
    assert report.checkpoints_tried == 2


def test_an_older_pane_needs_the_newest_state_that_is_as_old(
    server: SmallServer, tmp_path: Path
) -> None:
    server.commit(*new_session(server.state))
    before = server.state
    first = server.checkpoint().manifest
    server.output(PaneId(0), b"x")
    server.commit(*new_session(server.state))
    server.checkpoint()
    found, _report = checkpoints(tmp_path / "state")
    manifests = found.find("")
    start = found.starting_point(manifests)
    lsn = first.structure_lsn
    assert found.older_state(start, manifests, start.structure_lsn) is None
    assert found.older_state(start, manifests, lsn) == OlderState(before, lsn)
    assert found.older_state(start, manifests, start.structure_lsn - 1) == OlderState(before, lsn)
    assert found.older_state(start, manifests, 0) == OlderState(ServerState(), 0)
