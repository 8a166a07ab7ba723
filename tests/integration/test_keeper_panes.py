"""The keeper with real processes on real terminals: what the processes receive, and what they survive."""

import asyncio
import errno
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fuguemux.keeper.channel import PeerGone
from fuguemux.keeper.protocol import PROTOCOL_VERSION, UNKNOWN_STATUS, ExitStatus, Message
from fuguemux.server.processes.keeper_client import (
    HeldPane,
    KeeperClient,
    KeeperLost,
    KeeperRefused,
    KeeperUnreachable,
    PaneExited,
    RequestFailed,
)
from fuguemux.server.processes.keeper_start import replace_keeper
from tests.integration.keeper_harness import (
    PATH,
    KeeperHarness,
    alive,
    eventually_async,
    parent_of,
    read_until,
    within,
)

pytestmark = pytest.mark.real

FACTS = """
import json, os, signal, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
listed = [int(name) for name in os.listdir("/proc/self/fd")]
listed = [number for number in listed if os.path.exists(f"/proc/self/fd/{number}")]  # not the listing's own
print(json.dumps({
    "size": list(os.get_terminal_size(0)),
    "tty": [os.ttyname(fd) for fd in (0, 1, 2)],
    "controlling": os.ttyname(os.open("/dev/tty", os.O_RDWR)) != "",
    "leader": os.getpid() == os.getsid(0) == os.getpgrp() == os.tcgetpgrp(0),
    "parent": os.getppid(),
    "descriptors": sorted(listed),
    "blocked": int(status["SigBlk"], 16),
    # 32 and 33 belong to the C library, which gives nobody a way to reset them
    "ignored": int(status["SigIgn"], 16) & ~(1 << (signal.SIGPIPE - 1)) & ~(1 << (signal.SIGXFSZ - 1)) & ~(3 << 31),
    "cwd": os.getcwd(),
    "environment": {os.fsencode(k).hex(): os.fsencode(v).hex() for k, v in os.environ.items()},
    "argv": [os.fsencode(a).hex() for a in sys.argv[1:]],
}))
"""


@pytest.fixture
def keeper() -> Iterator[KeeperHarness]:
    directory = Path(tempfile.mkdtemp(prefix="fugue-"))  # socket paths are short
    harness = KeeperHarness(directory)
    yield harness
    harness.end()
    shutil.rmtree(directory)


def held_by(pid: int) -> list[str]:
    """What a process has open, by name; the numbers in them differ."""
    directory = f"/proc/{pid}/fd"
    names = []
    for number in os.listdir(directory):
        with suppress(FileNotFoundError):  # closed meanwhile
            names.append(os.readlink(f"{directory}/{number}"))
    return sorted(name.partition(":[")[0] for name in names)


def state_of(pid: int) -> str:
    """R, S, T …: proc_pid_stat(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def exit_of(client: KeeperClient, key: str) -> ExitStatus:
    event = await within(client.events.get())
    assert isinstance(event, PaneExited)
    assert event.key == key
    return event.status


async def test_a_process_gets_a_terminal_of_its_own_and_nothing_else(
    keeper: KeeperHarness, tmp_path: Path
) -> None:
    await keeper.start()
    client = await keeper.connect()
    environment = {b"LC_ALL": b"C.UTF-8", b"ODD": b"\xff\xfe a=b\n", b"\xe9": b""}
    odd = b"two\nlines \xff 'quoted' \xe2\x82\xac"
    program = os.fsencode(sys.executable)
    directory = tmp_path / "d"
    directory.mkdir()
    spawned = await client.spawn(
        "1",
        [b"-facts", b"-I", b"-S", b"-c", FACTS.encode(), odd],
        os.fsencode(directory),
        environment,
        77,
        33,
        program=program,
    )
    output = read_until(spawned.master_fd, b"\r\n")
    facts = json.loads(output)
    assert facts["size"] == [77, 33]
    assert facts["tty"] == [spawned.tty] * 3
    assert facts["controlling"]
    assert facts["leader"]
    assert facts["parent"] == client.keeper_pid
    assert facts["descriptors"] == [0, 1, 2]
    assert facts["blocked"] == facts["ignored"] == 0
    assert facts["cwd"] == str(directory)
    assert facts["environment"] == {name.hex(): value.hex() for name, value in environment.items()}
    assert facts["argv"] == [odd.hex()]
    assert await exit_of(client, "1") == ExitStatus(code=0)
    os.close(spawned.master_fd)
    client.close()


async def test_exit_statuses_are_kept_until_they_are_taken(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    await keeper.spawn(client, "three", "sh", "-c", "exit 3")
    assert await exit_of(client, "three") == ExitStatus(code=3)
    await keeper.spawn(client, "killed", "sleep", "1000")
    assert await client.kill("killed", signal.SIGKILL)
    assert await exit_of(client, "killed") == ExitStatus(signal=9)
    assert not await client.kill("killed", signal.SIGKILL), (
        "the number may mean another process now"
    )
    client.close()

    client = await keeper.connect()
    assert {pane.key: pane.exit_status for pane in client.held} == {
        "three": ExitStatus(code=3),
        "killed": ExitStatus(signal=9),
    }
    await client.taken("three")
    with pytest.raises(RequestFailed, match="no pane"):
        await client.taken("three")
    client.close()
    client = await keeper.connect()
    assert [pane.key for pane in client.held] == ["killed"]
    client.close()


async def test_what_cannot_be_started_is_said_and_leaves_nothing(
    keeper: KeeperHarness, tmp_path: Path
) -> None:
    await keeper.start()
    client = await keeper.connect()
    plain = tmp_path / "plain"
    plain.write_text("no program")

    async def refusal(
        argv: list[bytes], cwd: bytes = b"/", environment: dict[bytes, bytes] | None = None
    ) -> RequestFailed:
        with pytest.raises(RequestFailed) as raised:
            await within(client.spawn("p", argv, cwd, environment or {b"PATH": PATH}, 80, 24))
        return raised.value

    missing = await refusal([b"/no/such/shell"])
    assert (missing.stage, missing.errno) == ("execute", errno.ENOENT)
    assert (await refusal([b"no-such-program"])).errno == errno.ENOENT
    assert (await refusal([os.fsencode(plain)])).errno == errno.EACCES
    gone = await refusal([b"sh"], b"/no/such/directory")
    assert (gone.stage, gone.errno) == ("change the directory", errno.ENOENT)
    assert "change the directory: No such file" in str(gone)
    assert keeper.status()["panes"] == 0
    await keeper.spawn(client, "p", "sleep", "1000")
    assert "already" in str(await refusal([b"sh"]))
    with pytest.raises(RequestFailed, match="still runs"):
        await client.taken("p")
    client.close()


async def test_processes_and_their_output_outlive_the_server(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    spawned = await keeper.spawn(
        client, "p", "sh", "-c", "read a; echo got $a; read b; echo got $b; exit 5"
    )
    client.close()  # what the keeper sees of a server killed by SIGKILL
    os.write(spawned.master_fd, b"one\n")
    keeper.close(spawned.master_fd)

    client = await keeper.connect()
    (pane,) = client.held
    assert (pane.pid, pane.start_time, pane.tty) == (spawned.pid, spawned.start_time, spawned.tty)
    assert pane.argv[0] == b"sh"
    assert pane.exit_status is None
    assert b"got one" in read_until(pane.master_fd, b"got one\r\n")
    os.write(pane.master_fd, b"two\n")
    assert b"got two" in read_until(pane.master_fd, b"got two\r\n")
    assert await exit_of(client, "p") == ExitStatus(code=5)
    client.close()


async def test_there_is_one_server_at_a_time(keeper: KeeperHarness) -> None:
    await keeper.start()
    first = await keeper.connect()
    with pytest.raises(KeeperRefused, match="is the server already") as refused:
        await keeper.connect()
    assert refused.value.reason == "busy"
    await keeper.spawn(first, "p", "sleep", "1000")
    second = await keeper.connect(takeover=True)
    assert [pane.key for pane in second.held] == ["p"]
    lost = await within(first.events.get())
    assert isinstance(lost, KeeperLost)
    assert lost.superseded_by == os.getpid()
    with pytest.raises(KeeperUnreachable):
        await first.kill("p", 0)
    assert await second.kill("p", 0)
    second.close()


async def test_another_state_is_refused(keeper: KeeperHarness) -> None:
    await keeper.start()
    (await keeper.connect()).close()
    with pytest.raises(KeeperRefused, match="belong to the state 'state', not to 'other'"):
        await KeeperClient.connect(keeper.path, store="other")


async def test_version_skew_is_refused_politely_by_the_keeper(keeper: KeeperHarness) -> None:
    await keeper.start()
    channel = keeper.raw()
    channel.send(
        {"type": "hello", "protocol": PROTOCOL_VERSION + 1, "role": "server", "store": "state"}
    )
    received: list[Message] = []

    def answered() -> bool:
        received.extend(message for message, _ in channel.receive())
        return bool(received)

    await eventually_async(answered)
    assert received[0]["type"] == "refused"
    assert received[0]["reason"] == "version"
    assert received[0]["protocol"] == PROTOCOL_VERSION
    channel.close()


async def test_version_skew_is_refused_politely_by_the_server(tmp_path: Path) -> None:
    path = os.path.join(tempfile.mkdtemp(prefix="fugue-"), "k")

    async def newer_keeper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        answer = json.dumps(
            {"type": "refused", "protocol": 2, "reason": "version", "message": "I speak 2, you 1"}
        )
        writer.write(len(answer).to_bytes(4, "big") + answer.encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(newer_keeper, path):
        with pytest.raises(KeeperRefused, match="I speak 2, you 1") as refused:
            await KeeperClient.connect(path, store="state")
    assert refused.value.reason == "version"
    shutil.rmtree(os.path.dirname(path))


async def test_no_keeper_and_a_silent_one_are_unreachable(keeper: KeeperHarness) -> None:
    with pytest.raises(KeeperUnreachable, match="no keeper at"):
        await keeper.connect()
    await keeper.start()
    pid = keeper.note_pid()
    os.kill(pid, signal.SIGSTOP)
    await eventually_async(lambda: state_of(pid) == "T", "it is stopped")
    with pytest.raises(KeeperUnreachable, match=r"did not answer within 0\.2 s"):
        await KeeperClient.connect(keeper.path, store="state", timeout_seconds=0.2)
    os.kill(pid, signal.SIGCONT)
    client = await keeper.connect()
    client.close()


async def test_garbage_closes_its_own_connection_only(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    await keeper.spawn(client, "p", "sleep", "1000")
    assert await client.kill("p", 0)  # by its answer the keeper is through with everything before
    before = held_by(client.keeper_pid)
    hello = json.dumps({"type": "hello", "protocol": 1, "role": "control"}).encode()
    frames = [
        b"\xff" * 100,
        b"\0\0\0\0",
        b"\0\0\0\5hello",
        b"\0\0\0\2[]",
        b"\0\0\0\2{}",
        b"\0\0\xff\xff" + b"[" * 0xFFFF,
        b"GET / HTTP/1.1\r\n\r\n",
        len(hello).to_bytes(4, "big") + hello + b'\0\0\0\7{"id":}',
        len(hello).to_bytes(4, "big") + hello + b"\0\0\0\2{}",
    ]
    for frame in frames:
        channel = keeper.raw()
        sock = channel.socket
        sock.setblocking(True)
        null = os.open(os.devnull, os.O_RDONLY)
        socket.send_fds(sock, [frame], [null] * 3)
        os.close(null)
        sock.settimeout(20)
        while sock.recv(65536):
            pass  # a welcome may precede the end
        channel.close()
    assert await client.kill("p", 0)
    await eventually_async(
        lambda: held_by(client.keeper_pid) == before, "what was sent along is closed"
    )
    client.close()


async def test_bad_requests_are_answered_or_end_the_connection_and_never_the_keeper(
    keeper: KeeperHarness,
) -> None:
    await keeper.start()
    client = await keeper.connect()
    with pytest.raises(RequestFailed, match="does not know the request 'dance'"):
        await client._ask({"type": "dance"})
    with pytest.raises(RequestFailed, match="no pane"):
        await client.kill("nobody", 15)
    await keeper.spawn(client, "p", "sleep", "1000")
    with pytest.raises(KeeperUnreachable):
        await client.kill("p", 10_000)
    client = await keeper.connect()
    with pytest.raises(KeeperUnreachable):
        await client.spawn("q", [b"a\0b"], b"/", {}, 80, 24)
    client = await keeper.connect()
    assert await client.kill("p", 0)
    client.close()


async def test_panes_outlive_their_keeper(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    spawned = await keeper.spawn(client, "p", "sh", "-c", "read a; echo got $a; exit 3")
    await keeper.spawn(client, "q", "sleep", "1000")
    client.close()
    client = await keeper.connect()
    panes = list(client.held)
    listener = socket.create_server(("127.0.0.1", 0))
    os.kill(client.keeper_pid, signal.SIGKILL)
    assert isinstance(await within(client.events.get()), KeeperLost)

    client = await replace_keeper(
        keeper.argv(adopt=True),
        lambda: keeper.path,
        store="state",
        panes=panes,
        descriptors={"listen": listener.fileno()},
    )
    keeper.note_pid()
    client.close()
    client = await keeper.connect()
    assert {pane.key: (pane.pid, pane.adopted, pane.exit_status) for pane in client.held} == {
        pane.key: (pane.pid, True, None) for pane in panes
    }
    assert list(client.descriptors) == ["listen"]
    os.close(client.descriptors["listen"])
    listener.close()
    assert alive(spawned.pid)
    os.write(spawned.master_fd, b"it\n")
    assert b"got it" in read_until(spawned.master_fd, b"got it\r\n")
    status = await exit_of(client, "p")
    assert status in (ExitStatus(code=3), UNKNOWN_STATUS), (
        "told by the kernel, or unknown, but never another"
    )
    assert await client.kill("q", signal.SIGTERM)
    assert await exit_of(client, "q") in (ExitStatus(signal=15), UNKNOWN_STATUS)
    client.close()


async def test_a_connection_lost_while_the_keeper_lives_is_no_reason_for_another(
    keeper: KeeperHarness,
) -> None:
    await keeper.start()
    client = await keeper.connect()
    await keeper.spawn(client, "p", "sleep", "1000")
    client.close()
    client = await keeper.connect()
    panes = list(client.held)
    pid = client.keeper_pid
    client.close()
    client = await replace_keeper(
        keeper.argv(adopt=True), lambda: keeper.path, store="state", panes=panes, descriptors={}
    )
    assert client.keeper_pid == pid
    assert await client.kill("p", 0)
    client.close()


async def test_a_number_that_another_process_has_got_is_not_taken_for_the_pane(
    keeper: KeeperHarness,
) -> None:
    await keeper.start()
    client = await keeper.connect()
    bystander = await asyncio.create_subprocess_exec("sleep", "1000")
    master, slave = os.openpty()
    os.close(slave)
    await client.adopt(HeldPane("p", bystander.pid, 1, "/dev/pts/x", (b"sh",), master, None))
    assert await exit_of(client, "p") == UNKNOWN_STATUS
    assert not await client.kill("p", signal.SIGKILL)
    await client.taken("p")
    assert bystander.returncode is None
    bystander.kill()
    await bystander.wait()
    os.close(master)
    client.close()


async def test_orphans_of_panes_fall_to_the_keeper(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    spawned = await keeper.spawn(
        client, "p", "sh", "-c", "trap '' HUP; sleep 1000 & echo pid=$!; exit 0"
    )
    await exit_of(client, "p")
    output = read_until(spawned.master_fd, b"\r\n")
    orphan = int(output.partition(b"pid=")[2].split()[0])
    assert parent_of(orphan) == client.keeper_pid
    os.kill(orphan, signal.SIGKILL)
    await eventually_async(lambda: not os.path.exists(f"/proc/{orphan}"), "the keeper reaps it")
    client.close()


async def test_a_stored_listening_socket_keeps_callers_waiting_for_the_next_server(
    keeper: KeeperHarness,
) -> None:
    await keeper.start()
    client = await keeper.connect()
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    await client.store("listen", listener.fileno())
    await client.store("listen", listener.fileno())
    listener.close()
    client.close()
    with socket.create_connection(address) as caller:
        client = await keeper.connect()
        with (
            socket.socket(fileno=client.descriptors["listen"]) as again,
            again.accept()[0] as accepted,
        ):
            caller.sendall(b"still there?")
            assert accepted.recv(100) == b"still there?"
    await client.unstore("listen")
    client.close()
    client = await keeper.connect()
    assert client.descriptors == {}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    client.close()


async def test_forgetting_a_pane_hangs_it_up(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    spawned = await keeper.spawn(client, "p", "sleep", "1000")
    await client.forget("p")
    assert alive(spawned.pid), "our own duplicate holds the line"
    keeper.close(spawned.master_fd)
    await eventually_async(lambda: not alive(spawned.pid), "the last master is closed")
    assert keeper.status()["panes"] == 0
    client.close()


async def test_signals_reach_the_foreground_job_or_the_process(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    spawned = await keeper.spawn(client, "p", "bash", "-ic", "sleep 1000; echo status=$?; read x")

    def job_runs() -> bool:
        """What was forked for it has become it; before that it ignores SIGTERM, as an interactive shell does."""
        group = os.tcgetpgrp(spawned.master_fd)
        return Path(f"/proc/{group}/cmdline").read_bytes().startswith(b"sleep\0")

    await eventually_async(job_runs, "bash runs its job in the foreground")
    assert await client.kill("p", signal.SIGTERM, foreground=True)
    assert b"status=143" in read_until(spawned.master_fd, b"status=143")
    assert await client.kill("p", signal.SIGKILL)
    assert await exit_of(client, "p") == ExitStatus(signal=9)
    client.close()


async def test_stop_hangs_everything_up_and_ends_the_keeper(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    spawned = await keeper.spawn(client, "p", "sleep", "1000")
    await client.stop()
    assert alive(spawned.pid), "the server may still have something to do"
    client.close()
    await eventually_async(lambda: not alive(spawned.pid))
    await eventually_async(lambda: not alive(client.keeper_pid))
    await eventually_async(lambda: not os.path.exists(keeper.path))


async def test_three_hundred_panes_are_reported_with_their_masters(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    spawned = {
        f"p{number}": await keeper.spawn(client, f"p{number}", "sleep", "1000")
        for number in range(300)
    }
    for pane in spawned.values():
        keeper.close(pane.master_fd)
    client.close()
    client = await keeper.connect()
    assert {pane.key: pane.pid for pane in client.held} == {
        key: pane.pid for key, pane in spawned.items()
    }
    assert all(os.tcgetpgrp(pane.master_fd) == pane.pid for pane in client.held), (
        "each has its own terminal"
    )
    await client.stop()
    client.close()
    for held in client.held:
        keeper.close(held.master_fd)


async def test_a_server_that_stops_reading_does_not_stop_the_keeper(keeper: KeeperHarness) -> None:
    await keeper.start()
    client = await keeper.connect()
    for number in range(20):
        await keeper.spawn(client, f"p{number}", "sleep", "1000")
    client.close()
    deaf = keeper.raw()
    deaf.send({"type": "hello", "protocol": PROTOCOL_VERSION, "role": "server", "store": "state"})
    for request in range(3000):
        try:
            deaf.send({"type": "kill", "id": request, "key": "x" * 200, "signal": 0})
        except PeerGone:
            break
    assert keeper.status()["panes"] == 20
    deaf.close()
    client = await keeper.connect()
    assert len(client.held) == 20
    client.close()
