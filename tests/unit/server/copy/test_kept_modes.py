"""The next server puts panes back into copy mode at their position. A position whose text is missing is ignored."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from fuguemux.keeper.helper_record import encode
from fuguemux.model.ids import PaneId
from fuguemux.persistence.recovery.helper_files import MODES_FILE
from fuguemux.persistence.scrollback.scrollback_search import SearchPart
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.copy.copy_document import Document, RowAt, Spot
from fuguemux.server.copy.copy_mode import CopyMode
from fuguemux.server.copy.kept_modes import Kept, KeptModes, kept, put_back
from fuguemux.terminal.emulator import ScreenSize

STORED = b"[[3,[2,0],[4,5],[3,1],true,false,true,null]]\n"
WITHOUT_LAST_SCREENS = b"[[3,[2,0],[4,5],[3,1],true,false,true]]\n"
"""As it was before copy mode knew last screens."""
PLACE = Kept(PaneId(3), (2, 0), (4, 5), (3, 1), True, False, True)


def mode() -> CopyMode:
    lines: list[SearchPart] = []
    screen = [b"line %d" % number for number in range(20)]
    return CopyMode(Document(lines, screen, continues=False), 0, ScreenSize(40, 5))


def now(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def files_in(directory: Path) -> KeptModes:
    return KeptModes(RealStorage(), str(directory), now)


def test_what_is_kept_is_put_back(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    assert files.load() == []
    one = mode()
    assert put_back(one, PLACE)
    assert (one.top, one.cursor, one.anchor) == (RowAt(2, 0), Spot(4, 5), Spot(3, 1))
    assert one.rectangle
    assert one.ends_at_bottom
    assert not one.whole_lines
    files.save([(PaneId(8), mode()), (PaneId(3), one)])
    files.save([(PaneId(3), one)])
    assert (tmp_path / MODES_FILE).read_bytes() == encode(MODES_FILE, STORED)
    assert files_in(tmp_path).load() == [PLACE]
    assert kept(PaneId(3), one) == PLACE
    files.save([])
    assert files.load() == []


@pytest.mark.parametrize("data", [b"", b"[[3", b"{}", b"[[3]]", b"\xff\n" + STORED])
def test_what_is_no_place_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / MODES_FILE).write_bytes(data)
    assert files_in(tmp_path).load() == []


def test_a_file_from_before_last_screens_is_read(tmp_path: Path) -> None:
    (tmp_path / MODES_FILE).write_bytes(WITHOUT_LAST_SCREENS)
    assert files_in(tmp_path).load() == [PLACE]


def test_what_is_left_of_a_longer_line_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / MODES_FILE).write_bytes(STORED + b"[9,9]]\n")
    assert files_in(tmp_path).load() == [PLACE]


@pytest.mark.parametrize("spot", [(20, 0), (-1, 0), (4, -1)])
def test_a_place_whose_text_is_gone_is_left(spot: tuple[int, int]) -> None:
    for place in (
        Kept(PaneId(0), spot, (4, 5), None, False, False, False),
        Kept(PaneId(0), (2, 0), spot, None, False, False, False),
        Kept(PaneId(0), (2, 0), (4, 5), spot, False, False, False),
    ):
        assert not put_back(mode(), place)


def test_a_disk_that_refuses_costs_nothing(tmp_path: Path) -> None:
    files_in(tmp_path / "gone").save([(PaneId(3), mode())])
