"""Checkpoint, crash, recover: on real files."""

import os
from pathlib import Path

import pytest

from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.persistence.files import RealStorage
from tests.support.small_server import (
    SmallServer,
    Truth,
    differences,
    new_session,
    remove_pane,
    resize_window,
    split_window,
)


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def start(directory: str, truth: Truth) -> SmallServer:
    return SmallServer(RealStorage(), directory, truth, entropy=os.urandom)


def lines(first: int, count: int) -> bytes:
    return b"".join(b"line %d of some text\n" % number for number in range(first, first + count))


def busy_server(directory: str, truth: Truth) -> SmallServer:
    server = start(directory, truth)
    server.commit(*new_session(server.state))
    server.commit(*split_window(server.state, WindowId(0)))
    server.output(PaneId(0), lines(0, 300))
    server.output(PaneId(1), b"x" * 500)
    return server


def test_a_first_start_finds_nothing_and_loses_nothing(directory: str) -> None:
    server = start(directory, Truth())
    report = server.recovered.report
    assert (report.complete, report.cause, report.panes) == (True, "first start", [])
    assert server.recovered.next_lsn == 1


def test_without_a_checkpoint_everything_comes_from_the_log(directory: str) -> None:
    truth = Truth()
    busy_server(directory, truth)
    again = start(directory, truth)
    assert differences(again) == []
    assert again.recovered.report.complete


def test_checkpoint_and_log_tail_come_together(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    server.checkpoint()
    server.output(PaneId(0), lines(300, 50))
    server.commit(*resize_window(server.state, WindowId(0), 33, 9))
    server.output(PaneId(1), b"y" * 100 + b"\n" * 12)
    server.commit(*new_session(server.state))
    server.commit(ev.ZoomChanged(WindowId(0), True))
    server.output(PaneId(0), lines(350, 3))
    again = start(directory, truth)
    assert differences(again) == []
    assert again.recovered.report.complete
    assert again.recovered.report.checkpoint == 1


def test_many_lives_with_checkpoints_in_between(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    for life in range(6):
        server.checkpoint()
        server.output(PaneId(0), lines(life * 1000, 400))
        if life % 2:
            server.checkpoint()
        server.output(PaneId(1), b"%d" % life * 30)
        if life == 3:
            server.commit(*remove_pane(server.state, PaneId(1)))
            server.commit(*split_window(server.state, WindowId(0)))
            server.output(PaneId(2), b"third\n" * 20)
            server.output(PaneId(0), b"end\n")
            truth_panes = truth.rebuilt()[1]
            assert set(truth_panes) == {0, 2}
            break
        server = start(directory, truth)
        assert differences(server) == []
    again = start(directory, truth)
    assert differences(again) == []


def test_an_unchanged_pane_is_not_written_again(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    server.checkpoint()
    server.output(PaneId(0), b"more\n")
    result = server.checkpoint()
    assert result.panes_written == 1
    again = start(directory, truth)
    assert differences(again) == []


def test_a_checkpoint_while_panes_are_still_being_rebuilt(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    server.checkpoint()
    server.output(PaneId(1), lines(0, 40))
    server.commit(*split_window(server.state, WindowId(0)))
    server.output(PaneId(2), lines(0, 40))
    lazy = SmallServer(RealStorage(), directory, truth, entropy=os.urandom, lazy=True)
    lazy.rebuild(PaneId(0))
    lazy.output(PaneId(0), lines(900, 20))
    lazy.checkpoint()
    lazy.checkpoint()
    lazy.checkpoint()
    again = start(directory, truth)
    assert differences(again) == []
    assert again.recovered.report.complete


def test_clear_history_removes_the_bytes(directory: str) -> None:
    truth = Truth()
    server = busy_server(directory, truth)
    secret = b"geheim-4711"
    server.output(PaneId(0), secret + b"\n" * 30)
    server.checkpoint()
    server.output(PaneId(0), b"more\n")
    server.checkpoint()
    server.commit(ev.HistoryCleared(PaneId(0)))
    result = server.checkpoint()
    assert result.purge
    packs = b""
    for path in (Path(directory) / "checkpoints").iterdir():
        packs += path.read_bytes()
    assert len(list((Path(directory) / "checkpoints").glob("MANIFEST-*"))) == 2
    again = start(directory, truth)
    assert differences(again) == []
    assert again.store.pane(PaneId(0)).read(0, 10_000) == []
