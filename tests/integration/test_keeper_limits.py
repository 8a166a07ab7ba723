"""The keeper when descriptors or processes run out: it refuses new panes, keeps those it has, and accepts every
server."""

import errno
import os
from pathlib import Path

import pytest

from fuguemux.keeper.protocol import keeper_argv
from fuguemux.server.processes.keeper_client import KeeperClient, RequestFailed
from fuguemux.server.processes.keeper_start import start_keeper
from tests.integration.keeper_harness import KeeperHarness, eventually, within
from tests.integration.test_keeper_panes import keeper

__all__ = ["keeper"]

pytestmark = pytest.mark.real

LIMIT = 40


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


async def begin(keeper: KeeperHarness, limit: int) -> KeeperClient:
    words = keeper_argv(keeper.path, log_path=str(keeper.log))
    await start_keeper(("/bin/sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *words))
    keeper.note_pid()
    return await keeper.connect()


async def fill(keeper: KeeperHarness, client: KeeperClient) -> tuple[int, RequestFailed]:
    """Start panes until one is refused; how many run, and the refusal."""
    for number in range(LIMIT):
        try:
            await keeper.spawn(client, f"p{number}", "/bin/sleep", "1000")
        except RequestFailed as refusal:
            return number, refusal
    raise AssertionError("it is never refused")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are counted in /proc")
async def test_a_pane_too_many_is_refused_and_the_next_server_gets_all_others(
    keeper: KeeperHarness,
) -> None:
    client = await begin(keeper, LIMIT)
    count, refusal = await fill(keeper, client)
    assert refusal.errno == errno.EMFILE
    assert f"({LIMIT}, " in str(refusal)
    assert LIMIT // 3 < count < LIMIT
    assert keeper.status()["panes"] == count, "nothing of the refused one is left"
    used = open_files(client.keeper_pid)
    for _ in range(3):
        with pytest.raises(RequestFailed):
            await keeper.spawn(client, "again", "/bin/sleep", "1000")
    eventually(lambda: open_files(client.keeper_pid) <= used, "no descriptor is lost")
    client.close()
    following = await within(keeper.connect())
    assert [pane.key for pane in following.held] == [f"p{number}" for number in range(count)]
    await within(following.kill("p0", 9))
    assert (await within(following.events.get())).key == "p0"  # type: ignore[union-attr]  # an end
    await within(following.taken("p0"))
    await keeper.spawn(following, "instead", "/bin/sleep", "1000")
    following.close()


async def test_masters_that_do_not_fit_into_the_socket_need_no_descriptors(
    keeper: KeeperHarness,
) -> None:
    """All are sent at once to a server that reads later: more duplicates than the limit allows, were they made."""
    limit = 60
    client = await begin(keeper, limit)
    first = await keeper.spawn(client, "p0", "/bin/sleep", "1000")
    argument = "x" * 100_000
    count, refusal = 1, None
    while refusal is None:
        try:
            await keeper.spawn(client, f"p{count}", "/bin/echo", argument)
            count += 1
        except RequestFailed as failure:
            refusal = failure
    assert refusal.errno == errno.EMFILE
    assert count > limit - 40
    client.close()
    following = await within(keeper.connect())
    assert len(following.held) == count
    assert first.key in {pane.key for pane in following.held}
    following.close()


async def test_whoever_comes_while_no_descriptor_is_left_is_turned_away_and_nothing_spins(
    keeper: KeeperHarness,
) -> None:
    client = await begin(keeper, LIMIT)
    await fill(keeper, client)
    strangers = [keeper.raw() for _ in range(LIMIT)]
    for stranger in strangers:
        stranger.close()
    eventually(lambda: keeper.status()["panes"], "it answers again")
    client.close()
