"""The shell commands of formats: one run at a time, a second apart, and the last line for whoever asks."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from fuguemux.model.ids import ClientId
from fuguemux.model.live import ShellAsked
from fuguemux.options.environment import SpawnEnvironment
from fuguemux.server.requests.format_jobs import KNOWN_MAX, ClientsOfJobs, FormatJobs
from tests.support.fake_clock import FakeClock
from tests.support.running import DEADLINE_SECONDS, alive

CLIENT = ClientId(7)


class World:
    """Jobs with one attached client, and a clock that the test moves."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.round = 1
        self.changes = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()
        home = str(directory).encode()
        self.jobs = FormatJobs(
            asyncio.get_running_loop(),
            self.clock,
            SpawnEnvironment(b"/run/socket", 1, "1", home),
            lambda: {b"PATH": b"/usr/bin:/bin"},
            ClientsOfJobs(lambda _: home, lambda _: self.round, lambda _: self.changes.set()),
            self._spawn,
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def ask(self, command: str, *, status: bool = True, expanded: str = "") -> str:
        return self.jobs.line(
            ShellAsked(command, client=CLIENT, status=status, expanded=expanded or command)
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():  # noqa: ASYNC110  # other processes are waited for
                await asyncio.sleep(0.002)

    async def quiet(self) -> None:
        await self.until(lambda: not self.tasks)

    def runs(self) -> int:
        log = self.directory / "log"
        return len(log.read_text().splitlines()) if log.exists() else 0


def with_world(directory: Path, test: Callable[[World], Awaitable[None]]) -> None:
    async def run() -> None:
        world = World(directory)
        try:
            await test(world)
        finally:
            world.jobs.close()
            await world.quiet()

    asyncio.run(run())


def test_a_command_shows_its_last_line_and_is_run_in_the_directory_of_the_session(
    tmp_path: Path,
) -> None:
    async def test(world: World) -> None:
        assert world.ask("echo one; pwd; echo no >&2") == ""
        await world.changes.wait()
        await world.quiet()
        assert world.ask("echo one; pwd; echo no >&2") == str(tmp_path)

    with_world(tmp_path, test)


def test_a_frame_does_not_run_it_again_but_the_next_round_does_a_second_later(
    tmp_path: Path,
) -> None:
    async def test(world: World) -> None:
        command = "echo x >>log"
        for moved_ms, begun, rounds in (
            (0, 0, 1),
            (5_000, 0, 1),
            (0, 1, 2),
            (100, 1, 2),
            (900, 1, 3),
        ):
            world.clock.advance_ms(moved_ms)
            world.round += begun
            world.ask(command)
            await world.quiet()
            assert world.runs() == rounds

    with_world(tmp_path, test)


def test_outside_of_a_status_line_a_second_is_enough_and_a_changed_format_runs_at_once(
    tmp_path: Path,
) -> None:
    async def test(world: World) -> None:
        for expanded, moved_ms, runs in (("1", 0, 1), ("1", 10, 1), ("2", 10, 2), ("2", 1000, 3)):
            world.clock.advance_ms(moved_ms)
            world.ask("echo #D >>log", status=False, expanded=f"echo {expanded} >>log")
            await world.quiet()
            assert world.runs() == runs

    with_world(tmp_path, test)


def test_a_hanging_command_is_named_holds_up_no_other_and_ends_with_its_client(
    tmp_path: Path,
) -> None:
    async def test(world: World) -> None:
        hanging = "echo $$ >pid; exec sleep 1000"
        assert world.ask(hanging) == ""
        assert world.ask("echo quick") == ""
        await world.until(lambda: world.ask("echo quick") == "quick")
        world.clock.advance_ms(1_000)
        assert world.ask(hanging) == ""
        world.clock.advance_ms(1_000)
        assert world.ask(hanging) == f"<'{hanging}' not ready>"
        await world.until(lambda: (tmp_path / "pid").exists())
        await world.until(lambda: (tmp_path / "pid").read_text() != "")
        world.jobs.client_gone(CLIENT)
        pid = int((tmp_path / "pid").read_text())
        await world.until(lambda: not alive(pid))

    with_world(tmp_path, test)


def test_a_command_that_never_ends_shows_each_line_and_a_long_line_is_cut(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        command = (
            "echo first; read x <fifo; head -c 100000 /dev/zero | tr '\\0' y; echo; read x <fifo"
        )
        world.ask("mkfifo fifo")
        await world.quiet()
        world.ask(command)
        await world.until(lambda: world.ask(command) == "first")
        (tmp_path / "fifo").write_text("go\n")
        await world.until(lambda: world.ask(command).startswith("yyy"))
        assert len(world.ask(command)) == 8 << 10

    with_world(tmp_path, test)


def test_what_nobody_asks_for_is_forgotten(tmp_path: Path) -> None:
    async def test(world: World) -> None:
        world.ask("echo kept")
        await world.until(lambda: world.ask("echo kept") == "kept")
        world.clock.advance_ms(3_600_000)
        world.ask("true")
        assert world.ask("echo kept") == ""
        await world.until(lambda: world.ask("echo kept") == "kept")
        world.clock.advance_ms(1_000)
        for number in range(KNOWN_MAX):
            world.ask(f"#{number}")
        assert world.ask("echo kept") == ""

    with_world(tmp_path, test)
