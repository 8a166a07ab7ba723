"""The file with the times of the last attach: the order is preserved, and no content of it stops a start."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from fuguemux.keeper.helper_record import encode
from fuguemux.model.ids import SessionId
from fuguemux.server.clients.last_used import FILE, LastUsed, read_times


async def test_what_is_kept_is_read_in_order(tmp_path: Path) -> None:
    path = str(tmp_path / FILE)
    async with asyncio.TaskGroup() as tasks:
        kept = LastUsed(path, tasks.create_task)
        kept.keep({SessionId(0): 5})
        kept.keep({SessionId(3): 7, SessionId(0): 7})
    assert list(read_times(path).items()) == [(3, 7), (0, 7)]
    assert os.listdir(tmp_path) == [FILE]


async def test_a_disk_that_takes_nothing_ends_nobody(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as tasks:

        def spawn(work: Coroutine[Any, Any, None]) -> object:
            return tasks.create_task(work)

        kept = LastUsed(str(tmp_path / "gone" / FILE), spawn)
        kept.keep({SessionId(0): 5})
    assert read_times(str(tmp_path / "gone" / FILE)) == {}


@pytest.mark.parametrize(
    ("data", "times"),
    [
        (b"", {}),
        (b"1 2\n", {1: 2}),
        (b"1 2\n3", {}),
        (b"x 2\n3 4\n5 -6\n7 8 9\n", {}),
        (encode(FILE, b"5 6\n3 4\n"), {5: 6, 3: 4}),
        (encode("boot", b"5 6\n3 4\n"), {}),
        (b"\xff\x00", {}),
    ],
)
def test_anything_may_lie_there(tmp_path: Path, data: bytes, times: dict[int, int]) -> None:
    (tmp_path / FILE).write_bytes(data)
    assert read_times(str(tmp_path / FILE)) == times
