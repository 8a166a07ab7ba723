"""Reloading the configuration, on real files that are written as editors do. Every wait is for an event, and no time
is measured."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fuguemux.config.changes import Change
from fuguemux.config.load import load
from fuguemux.config.schema import Configuration
from fuguemux.server.admin import config_reload
from fuguemux.server.admin.config_reload import ConfigReload, Reload

INTERVAL_10 = "[persistence]\ncheckpoint_interval_secs = 10\n"
INTERVAL_20 = "[persistence]\ncheckpoint_interval_secs = 20\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in [("DEBOUNCE_MS", 40), ("QUIET_MS", 20), ("LOOK_ANYWAY_MS", 100)]:
        monkeypatch.setattr(config_reload, name, value)


class Server:
    """What a server does with a reload, remembered."""

    def __init__(self, path: Path, environment: dict[str, str] | None = None) -> None:
        self.applied: list[tuple[Configuration, tuple[Change, ...]]] = []
        self.told: asyncio.Queue[Reload] = asyncio.Queue()
        loaded = load(str(path), environment or {}, required=False)
        self.reload = ConfigReload(
            loaded,
            required=False,
            environment=environment or {},
            apply=lambda configuration, live: self.applied.append((configuration, live)),
            tell=self.told.put_nowait,
        )

    def interval(self) -> int:
        return self.reload.running.persistence.checkpoint_interval_secs


@asynccontextmanager
async def watched(server: Server) -> AsyncIterator[None]:
    """The watcher runs; a change made from here on is seen."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(server.reload.watch())
        yield
        task.cancel()


def replace(path: Path, text: str) -> None:
    """As vim and most editors: a new file is renamed over the old one."""
    other = path.with_name("4913")
    other.write_text(text)
    other.rename(path)


def rewrite(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.mark.parametrize("write", [replace, rewrite])
async def test_a_change_is_applied_and_announced(
    tmp_path: Path, write: Callable[[Path, str], None]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    server = Server(path)
    async with watched(server):
        write(path, INTERVAL_10 + 'state_dir = "/data"\n')
        told = await server.told.get()
        assert told.lines() == ("checkpoint_interval_secs 30 → 10; state_dir needs a restart",)
        assert server.interval() == 10
        assert server.reload.running.persistence.state_dir == ""
        assert [change.option.name for change in server.reload.restart_needed] == ["state_dir"]
        ((configuration, live),) = server.applied
        assert configuration is server.reload.running
        assert [change.option.name for change in live] == ["checkpoint_interval_secs"]


async def until_told(server: Server, write: Callable[[str], object]) -> None:
    """Write again and again, with another value each time: the first writes may come before the watcher is ready."""
    before = number = server.interval()
    while server.interval() == before:
        number += 1
        write(f"[persistence]\ncheckpoint_interval_secs = {number}\n")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.told.get(), 0.5)


@pytest.fixture
def only_watching(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_reload, "LOOK_ANYWAY_MS", 3_600_000)


@pytest.mark.usefixtures("only_watching")
@pytest.mark.parametrize("write", [replace, rewrite])
async def test_the_system_reports_a_change_without_our_looking(
    tmp_path: Path, write: Callable[[Path, str], None]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    server = Server(path)
    async with watched(server):
        await until_told(server, lambda text: write(path, text))


@pytest.mark.usefixtures("only_watching")
async def test_the_system_reports_a_change_behind_a_link_and_in_a_new_directory(
    tmp_path: Path,
) -> None:
    for name in ("dotfiles", "config"):
        (tmp_path / name).mkdir()
    target, path = tmp_path / "dotfiles/fugue.toml", tmp_path / "config/config.toml"
    path.symlink_to("../dotfiles/fugue.toml")
    server = Server(path)
    async with watched(server):
        await until_told(server, target.write_text)
        (tmp_path / "dotfiles").rename(tmp_path / "old")
        (tmp_path / "dotfiles").mkdir()
        for _ in range(2):  # the first may be seen together with the new directory
            await until_told(server, target.write_text)


@pytest.mark.usefixtures("only_watching")
async def test_the_system_reports_a_directory_and_a_file_that_come_into_being(
    tmp_path: Path,
) -> None:
    path = tmp_path / "config" / "fugue" / "config.toml"
    server = Server(path)

    def write(text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    async with watched(server):
        for _ in range(2):  # the first may be seen together with the new directory
            await until_told(server, write)


async def test_an_invalid_change_changes_nothing_and_its_end_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(INTERVAL_10)
    server = Server(path)
    async with watched(server):
        replace(path, "[persistence]\ncheckpoint_interval_secs = 20\nsync = 3\nkeep_close = 1\n")
        told = await server.told.get()
        assert told.lines() == (
            f'{path}:3: persistence.sync: 3 is not allowed; give one of "always", "interval", "os"',
            f"{path}:4: persistence.keep_close: no such option; did you mean persistence.keep_closed_days?",
            "configuration not changed",
        )
        assert server.interval() == 10
        assert server.reload.problems == told.problems
        replace(path, INTERVAL_10 + "# mended\n")
        told = await server.told.get()
        assert told.lines() == ("nothing changed",)
        assert server.reload.problems == ()
        assert server.applied == []


async def test_a_file_that_comes_into_being_with_its_directories(tmp_path: Path) -> None:
    path = tmp_path / "config" / "fugue" / "config.toml"
    server = Server(path)
    async with watched(server):
        path.parent.mkdir(parents=True)
        path.write_text(INTERVAL_10)
        await server.told.get()
        assert server.interval() == 10


async def test_a_symbolic_link_and_its_target_are_both_followed(tmp_path: Path) -> None:
    for name in ("dotfiles", "config"):
        (tmp_path / name).mkdir()
    target, path = tmp_path / "dotfiles/fugue.toml", tmp_path / "config/config.toml"
    target.write_text("")
    path.symlink_to("../dotfiles/fugue.toml")
    server = Server(path)
    async with watched(server):
        replace(target, INTERVAL_10)
        await server.told.get()
        assert server.interval() == 10
        (tmp_path / "dotfiles/other.toml").write_text(INTERVAL_20)
        (tmp_path / "config/new").symlink_to("../dotfiles/other.toml")
        (tmp_path / "config/new").rename(path)
        await server.told.get()
        assert server.interval() == 20


async def test_a_file_that_disappears_leaves_everything_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(INTERVAL_10)
    server = Server(path)
    async with watched(server):
        path.unlink()
        (tmp_path / "unrelated").write_text("")
        path.write_text(INTERVAL_20)
        told = await server.told.get()
        assert told.lines() == ("checkpoint_interval_secs 10 → 20",)


async def test_a_directory_that_is_replaced_is_watched_again(tmp_path: Path) -> None:
    path = tmp_path / "fugue" / "config.toml"
    path.parent.mkdir()
    path.write_text(INTERVAL_10)
    server = Server(path)
    async with watched(server):
        path.parent.rename(tmp_path / "old")
        path.parent.mkdir()
        path.write_text(INTERVAL_20)
        await server.told.get()
        replace(path, INTERVAL_10)
        await server.told.get()
        assert server.interval() == 10


@pytest.mark.parametrize(
    "problem",
    [
        OSError(28, "OS file watch limit reached"),
        ExceptionGroup("in the watcher's group", [RuntimeError("can't start new thread")]),
    ],
)
async def test_without_a_watcher_people_are_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    path = tmp_path / "config.toml"

    def refuse() -> None:
        raise problem

    monkeypatch.setattr(config_reload, "_import_awatch", refuse)
    server = Server(path)
    await server.reload.watch()
    assert "cannot be watched" in server.told.get_nowait().lines()[0]
    assert "fugue config reload" not in server.reload.running.server.default_command
    path.write_text(INTERVAL_10)
    assert (await server.reload.reload_now()).lines() == ("checkpoint_interval_secs 30 → 10",)


async def test_a_look_at_a_missing_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(INTERVAL_10)
    server = Server(path)
    path.unlink()
    await server.reload._look(quiet=True)
    assert server.interval() == 10
    assert server.told.empty()


async def test_a_look_at_a_file_that_is_being_written_waits_for_the_rest(tmp_path: Path) -> None:
    """Such a look comes at any moment; the one that the system asks for comes when writing is over."""
    path = tmp_path / "config.toml"
    path.write_text(INTERVAL_10)
    server = Server(path)
    path.write_text("")  # as an editor that writes in place begins
    await server.reload._look(quiet=False)
    assert server.interval() == 10
    path.write_text(INTERVAL_20)
    await server.reload._look(quiet=False)
    assert server.interval() == 10
    await server.reload._look(quiet=False)
    assert server.interval() == 20
    path.write_text(INTERVAL_10)
    await server.reload._look(quiet=True)
    assert server.interval() == 10


async def test_reload_now_always_answers(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    server = Server(path)
    assert (await server.reload.reload_now()).lines() == ("nothing changed",)
    path.write_text("[persistence]\nenabled = false\n")
    for _ in range(2):
        assert (await server.reload.reload_now()).lines() == ("enabled needs a restart",)
    path.write_text("broken")
    for _ in range(2):
        assert (await server.reload.reload_now()).problems
    assert server.told.qsize() == 5
    assert server.applied == []


async def test_the_environment_goes_on_overriding_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    server = Server(path, {"FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS": "7"})
    path.write_text(INTERVAL_10)
    assert (await server.reload.reload_now()).lines() == ("nothing changed",)
    assert server.interval() == 7


async def test_a_file_removed_means_the_defaults_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(INTERVAL_10)
    server = Server(path)
    os.unlink(path)
    assert (await server.reload.reload_now()).lines() == ("checkpoint_interval_secs 10 → 30",)
