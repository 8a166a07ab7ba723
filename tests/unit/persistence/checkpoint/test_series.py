"""What the checkpoints of one store share."""

import os
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.storage.files import RealStorage
from tests.support.small_server import SmallServer, Truth, new_session


@pytest.fixture
def server(tmp_path: Path) -> SmallServer:
    server = SmallServer(RealStorage(), str(tmp_path / "state"), Truth(), entropy=os.urandom)
    server.commit(*new_session(server.state))
    server.output(PaneId(0), b"".join(b"line %d\n" % number for number in range(300)))
    return server


def test_numbers_rise_whatever_becomes_of_the_checkpoints(server: SmallServer) -> None:
    series = server.series
    assert [series.next_number(anew=False) for _ in range(3)] == [1, 2, 3]
    assert server.checkpoint().manifest.number == 4


def test_a_checkpoint_anew_takes_no_screen_and_no_index_of_earlier_ones(
    server: SmallServer,
) -> None:
    server.checkpoint()
    assert server.checkpoint().panes_written == 0
    before = server.series.written[PaneId(0)]
    server.series.next_number(anew=True)
    after = server.series.written[PaneId(0)]
    assert (before.mark is None, before.version is None) == (False, False)
    assert after == before._replace(mark=None, version=None)
    assert server.checkpoint().panes_written == 1


def test_nothing_is_rewritten_before_there_is_a_checkpoint(server: SmallServer) -> None:
    assert server.series.victims(set(), all_dead=True) == set()


def test_all_dead_packs_are_rewritten_but_for_those_that_are_busy(server: SmallServer) -> None:
    server.checkpoint()
    series = server.series
    (pack,) = series.generations[0].packs
    assert series.victims(set(), all_dead=False) == set()
    assert series.victims(set(), all_dead=True) == {pack.digest}  # its structure is not counted
    assert series.victims({pack.digest}, all_dead=True) == set()


def test_a_directory_that_was_made_again_gets_everything_anew(server: SmallServer) -> None:
    save = server.checkpoint(name="kept").manifest
    series = server.series
    kept = list(series.saves)
    series.start_anew(kept)
    assert (series.generations, series.written, series.saves) == ([], {}, kept)
    assert series.victims(set(), all_dead=False) == set(series.store.live_bytes)
    assert save.number < series.next_number(anew=False)
