"""A stopped keeper (SIGSTOP, a frozen cgroup, heavy swapping): commands that need it wait and say so, all others do
not wait."""

import asyncio
import contextlib
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.keeper_harness import KeeperHarness, eventually, eventually_async
from tests.integration.test_keeper_panes import keeper
from tests.support.running import Running, until

__all__ = ["keeper"]

pytestmark = pytest.mark.real


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process is stopped inside."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until("a stopped process", lambda: _state(pid) == "T")
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_new_window_says_what_it_waits_for_and_others_go_on(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    pid = fugue.keeper_pid()
    with stopped(pid):
        waiting = fugue.begin("new-window", "-dP", "-F", "#{pane_id}", "-t", "work:7", "cat")
        assert waiting.stderr is not None
        until("the window", lambda: fugue.run("list-panes", "-t", "work:7").returncode == 0)
        fugue("rename-session", "-t", "work", "other")
        assert "other: 2 windows" in fugue("list-sessions")
        fugue("send-keys", "-t", "other:7", "typed early", "Enter")
        assert select.select([waiting.stderr], [], [], 30)[0], "a line comes by itself"
        line = waiting.stderr.readline()
        assert line == (
            f"fugue: waiting for the keeper (process {pid}), which does not answer: is it stopped?…\n"
        )
        assert waiting.poll() is None, "and it goes on waiting"
    output, rest = waiting.communicate(timeout=30)
    assert (waiting.returncode, output.strip(), rest) == (0, "%1", "")
    fugue.wait_for("typed early", "other:7")


def test_a_window_that_is_closed_while_it_waits_never_runs(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    trace = fugue.directory / "trace"
    with stopped(fugue.keeper_pid()):
        waiting = fugue.begin("new-window", "-d", "-t", "work:7", f"touch {trace}; exec cat")
        until("the window", lambda: fugue.run("list-panes", "-t", "work:7").returncode == 0)
        fugue("kill-window", "-t", "work:7")
        assert waiting.wait(timeout=30) == 0
        waiting.communicate()
    fugue("new-window", "-d", "-t", "work:8", "cat")  # the keeper answers in order
    assert not trace.exists()
    assert fugue("list-windows", "-t", "work", "-F", "#{window_index}").split() == ["0", "8"]
    fugue.kill_server()
    assert len(fugue.pane_pids()) == 2, "the keeper has no other one for the next server"


def test_a_window_whose_client_gave_up_waiting_never_runs(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    trace = fugue.directory / "trace"
    with stopped(fugue.keeper_pid()):
        waiting = fugue.begin("new-window", "-d", "-t", "work:7", f"touch {trace}; exec cat")
        assert waiting.stderr is not None
        assert "waiting for the keeper" in waiting.stderr.readline()
        waiting.kill()
        waiting.communicate()
        until("the end of the window", lambda: fugue.run("list-panes", "-t", "work:7").returncode)
    fugue("new-window", "-d", "-t", "work:8", "cat")  # the keeper answers in order
    assert not trace.exists()
    assert fugue("list-windows", "-t", "work", "-F", "#{window_index}").split() == ["0", "8"]


def test_keys_of_an_attached_client_go_on(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    with fugue.attached() as client:
        client.wait_for("[work]")
        with stopped(fugue.keeper_pid()):
            client.type(b"\x02c")
            client.wait_for("waiting for the keeper")
            client.type(b"\x02d")
            assert client.wait_exit() == 0


async def test_a_spawn_taken_back_from_a_stopped_keeper_is_not_carried_out(
    keeper: KeeperHarness,
) -> None:
    await keeper.start()
    client = await keeper.connect()
    trace = keeper.directory / "trace"
    with stopped(client.keeper_pid):
        task = asyncio.create_task(keeper.spawn(client, "p", "/usr/bin/touch", str(trace)))
        await asyncio.sleep(0)  # the request is sent
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert keeper.status()["panes"] == 0
    await keeper.spawn(client, "p", "/bin/sleep", "1000")
    assert not trace.exists()
    client.close()


async def test_a_spawn_taken_back_too_late_is_hung_up(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    task = asyncio.create_task(keeper.spawn(client, "p", "/bin/sleep", "1000"))
    await asyncio.sleep(0)
    eventually(lambda: keeper.status()["running"], "it runs, and the answer is not read yet")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await eventually_async(lambda: keeper.status()["panes"] == 0, "it is hung up and forgotten")
    client.close()
