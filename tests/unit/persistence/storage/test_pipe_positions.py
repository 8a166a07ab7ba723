"""The next server reads how far a pipe's command has read. Nothing raises, whatever the disk does."""

import os
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.memory_files import MemoryStorage
from fuguemux.persistence.storage.pipe_positions import (
    PIPES,
    PipePositions,
    Position,
    decode_position,
)

PANE = PaneId(3)
GOLDEN_1 = Path(__file__).parents[3] / "formats" / "pipe-1" / "3"
GOLDEN = Path(__file__).parents[3] / "formats" / "pipe-2" / "3"


def test_what_was_passed_on_is_found_again(tmp_path: Path) -> None:
    positions = PipePositions(RealStorage(), str(tmp_path))
    assert positions.read(PANE, 7) is None
    file = positions.begin(PANE, Position(7, 100))
    file.process(4711, 99)
    file.passed(1 << 40)
    assert positions.read(PANE, 7) == Position(7, 1 << 40, 4711, 99)
    assert positions.read(PANE, 8) is None, "another pipe of the pane"
    assert positions.read(PaneId(4), 7) is None
    file.close(remove=False)
    file.passed(5)
    assert positions.read(PANE, 7) == Position(7, 1 << 40, 4711, 99)
    positions.begin(PANE, Position(9, 5)).close(remove=False)
    assert positions.read(PANE, 9) == Position(9, 5)


def test_pipes_that_are_over_leave_nothing(tmp_path: Path) -> None:
    positions = PipePositions(RealStorage(), str(tmp_path))
    positions.forget_others(())
    files = [positions.begin(PaneId(number), Position(1, 1)) for number in (3, 4, 5)]
    files[-1].close(remove=True)
    assert sorted(os.listdir(tmp_path / PIPES)) == ["3", "4"]
    positions.forget_others({PaneId(4)})
    assert os.listdir(tmp_path / PIPES) == ["4"]


@pytest.mark.parametrize("data", [b"", b"FUGUEPIP", bytes(40), bytes(100)])
def test_what_is_no_position_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / PIPES).mkdir()
    (tmp_path / PIPES / "3").write_bytes(data)
    assert PipePositions(RealStorage(), str(tmp_path)).read(PANE, 0) is None


def test_in_memory_and_on_a_disk_that_refuses(tmp_path: Path) -> None:
    memory = MemoryStorage()
    memory.make_directory("/state")
    positions = PipePositions(memory, "/state")
    positions.begin(PANE, Position(1, 2)).passed(3)
    assert positions.read(PANE, 1) == Position(1, 3)
    (tmp_path / PIPES).write_text("no directory")
    refused = PipePositions(RealStorage(), str(tmp_path))
    file = refused.begin(PANE, Position(1, 2))
    file.passed(3)
    file.process(1, 2)
    file.close(remove=True)
    refused.forget_others(())
    assert refused.read(PANE, 1) is None


def test_the_golden_files(tmp_path: Path) -> None:
    wanted = Position(1_764_000_000_000, 123_456, 4711, 99)
    positions = PipePositions(RealStorage(), str(tmp_path))
    (tmp_path / PIPES).mkdir()
    for golden in (GOLDEN_1, GOLDEN):
        (tmp_path / PIPES / "3").write_bytes(golden.read_bytes())
        assert positions.read(PANE, wanted.begun_ms) == wanted
    positions.begin(PANE, wanted)
    assert (tmp_path / PIPES / "3").read_bytes() == GOLDEN.read_bytes()


def test_every_flipped_bit_is_noticed() -> None:
    whole = GOLDEN.read_bytes()
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        assert decode_position(bytes(data)) is None
