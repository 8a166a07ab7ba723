"""Tests the file of `history-file`: which path an option names, and what is read and written."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from fuguemux.server.overlays.prompt_history import PromptHistory
from fuguemux.server.requests.keys.prompt_file import PromptFile, expanded


@pytest.mark.parametrize(
    ("option", "path"),
    [("/a/b", "/a/b"), ("~/h", "/home/u/h"), ("h", ""), ("~u/h", ""), ("", "")],
)
def test_the_option_names_an_absolute_path(option: str, path: str) -> None:
    assert expanded(option, "/home/u") == path
    assert expanded("~/h", "") == ""


async def test_answers_are_read_once_and_written_at_each_change(tmp_path: Path) -> None:
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        tasks.append(asyncio.create_task(work))

    async def done() -> None:
        while tasks:
            await tasks.pop(0)

    file, option = tmp_path / "history", ""
    file.write_text("search:before\n")
    history = PromptHistory(lambda: 10)
    kept = PromptFile(history, lambda: option, spawn)
    history.add("command", "unsaved")
    kept.look()
    assert not tasks
    option = str(file)
    kept.look()
    kept.look()
    assert len(tasks) == 1
    await done()
    history.add("command", "ls")
    await done()
    assert file.read_text() == "command:unsaved\ncommand:ls\nsearch:before\n"
    option = str(tmp_path / "missing" / "history")
    kept.look()
    await done()
    history.add("command", "lost")
    await done()
    assert "lost" not in file.read_text()
