"""The listener with correct, incorrect, slow and silent clients, on real sockets with a handler that records its
calls."""

import asyncio
import contextlib
import os
import random
import socket
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fuguemux.model.limits import VIEWER_OUTBOX_BYTES_MAX
from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder, message_bytes
from fuguemux.protocol.messages import CommandMessage, Detached, Hello
from fuguemux.server.clients import connection as connection_module
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.listener import Listener, ListenError, bind_private, peer_uid
from tests.support.fake_handler import FakeHandler, take_terminal

GREETING = Hello(1, 1, "test").encode()


class Client:
    """A client on a real socket, one frame at a time."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.setblocking(False)
        self.decoder = Decoder()

    async def send(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def ask(self, *words: bytes, **fields: object) -> None:
        await self.send(GREETING + CommandMessage(words, b"/tmp", **fields).encode())  # type: ignore[arg-type]  # a test's keywords

    async def next(self) -> tuple[int, bytes]:
        """The next message; kind 0 at the end of the stream."""
        async with asyncio.timeout(20):
            while (found := self.decoder.next_message()) is None:
                try:
                    data = await asyncio.get_running_loop().sock_recv(self.socket, 1 << 16)
                except (
                    ConnectionResetError
                ):  # closed by the other side with something of ours unread
                    data = b""
                if not data:
                    return 0, b""
                self.decoder.receive(data)
        return found

    async def rest(self) -> list[tuple[int, bytes]]:
        found = []
        while (one := await self.next())[0]:
            found.append(one)
        return found


class Bench:
    def __init__(self, path: str, listener: Listener, handler: FakeHandler) -> None:
        self.path = path
        self.listener = listener
        self.handler = handler
        self._clients: list[Client] = []

    async def client(self, *said: bytes) -> Client:
        """A client that has `said` something before the listener sees it, if it says anything at once."""
        client = Client(self.path)
        client.socket.sendall(b"".join(said))
        self._clients.append(client)
        await asyncio.sleep(
            0
        )  # the listener is in this thread too: let it accept before its backlog is full
        return client

    def close(self) -> None:
        for client in self._clients:
            client.socket.close()


@contextlib.asynccontextmanager
async def listening(
    path: Path, handler: FakeHandler | None = None, **options: object
) -> AsyncIterator[Bench]:
    """A listener with a handler. Whatever it does, nothing may be left for the event loop to complain of."""
    handler = handler or FakeHandler()
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: complaints.append(repr(context))
    )
    async with asyncio.TaskGroup() as tasks:
        sock = bind_private(str(path))
        listener = Listener(sock, handler, tasks, **options)  # type: ignore[arg-type]  # tests give the right ones
        await listener.start()
        bench = Bench(str(path), listener, handler)
        try:
            yield bench
        finally:
            bench.close()
            listener.close()
            listener.abort_all("the test ends")
            async with asyncio.timeout(20):
                for connection in listener.connections:
                    await connection.wait_gone()
    assert complaints == []


async def test_a_command_is_answered_and_the_connection_closed(tmp_path: Path) -> None:
    async with listening(tmp_path / "s") as bench:
        client = await bench.client()
        await client.ask(b"list-sessions", b"-F", pid=7)
        kinds = await client.rest()
        assert kinds[0][0] == messages.HELLO
        assert kinds[1:] == [(messages.STDOUT, b"list-sessions -F\n"), (messages.EXIT, b"\0")]
        await bench.handler.until("closed")
        told = bench.handler.told[0][1]
        assert isinstance(told, CommandMessage)
        assert (told.argv, told.cwd, told.pid) == ((b"list-sessions", b"-F"), b"/tmp", 7)
        assert bench.listener.connections == ()


async def test_it_is_told_who_comes_and_who_was_served_or_refused(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    async with listening(
        tmp_path / "s",
        clients_max=1,
        came=lambda client: told.append(("came", client)),
        served=lambda client: told.append(("served", client)),
    ) as bench:
        client = await bench.client()
        await client.ask(b"list-sessions")
        await client.rest()
        await bench.handler.until("closed")
        assert told[0] == ("came", 1)
        assert set(told[1:]) == {("served", 1)}
        del told[:]
        await bench.client()
        refused = await bench.client()
        await refused.rest()
        assert told.index(("came", 3)) < told.index(("served", 3))
        assert ("served", 2) not in told


async def test_one_byte_at_a_time_is_as_good(tmp_path: Path) -> None:
    async with listening(tmp_path / "s") as bench:
        client = await bench.client()
        for byte in GREETING + CommandMessage((b"ls",)).encode():
            await client.send(bytes((byte,)))
            await asyncio.sleep(0)
        assert (messages.STDOUT, b"ls\n") in await client.rest()


GARBAGE = [
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\0" * 100,
    random.Random(3).randbytes(4_096),
    GREETING[:-1].replace(b"fugue", b"other"),
    CommandMessage((b"kill-server",)).encode(),
]


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_closes_its_own_connection_only(tmp_path: Path, garbage: bytes) -> None:
    async with listening(tmp_path / "s") as bench:
        good, bad = await bench.client(), await bench.client()
        await bad.send(garbage + garbage)
        assert await bad.rest() == []
        await good.ask(b"ls")
        assert (messages.EXIT, b"\0") in await good.rest()
        assert bench.handler.count("command") == 1


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (message_bytes(messages.INPUT, b"x"), b"before a command"),
        (message_bytes(messages.COMMAND, b"\1\xff\xff\xff\xff"), b"a field that ends after"),
        ((5 << 20).to_bytes(4, "big") + b"\2", b"at most"),
        (bytes(5), b"kind 0"),
    ],
)
async def test_nonsense_after_the_greeting_is_told_why(
    tmp_path: Path, after: bytes, why: bytes
) -> None:
    async with listening(tmp_path / "s") as bench:
        client = await bench.client()
        await client.send(GREETING + after)
        found = await client.rest()
        assert [kind for kind, _ in found] == [messages.HELLO, messages.STDERR, messages.EXIT]
        assert found[1][1].startswith(b"protocol error: ")
        assert why in found[1][1]
        assert bench.handler.told == []


async def test_a_client_without_a_common_version_gets_a_sentence(tmp_path: Path) -> None:
    async with listening(tmp_path / "s") as bench:
        client = await bench.client()
        await client.send(Hello(90, 99, "9.9.9").encode() + CommandMessage((b"ls",)).encode())
        found = await client.rest()
        assert len(found) == 1
        hello = Hello.decode(found[0][1])
        assert hello.highest == 0
        assert "upgrade the server" in hello.text


async def test_unknown_messages_are_skipped_if_they_may_be(tmp_path: Path) -> None:
    async with listening(tmp_path / "s", FakeHandler(take_terminal)) as bench:
        client = await bench.client()
        await client.ask(b"attach")
        assert [(await client.next())[0] for _ in range(2)] == [messages.HELLO, messages.ATTACHED]
        await client.send(
            message_bytes(0xFE, b"from the future") + message_bytes(messages.INPUT, b"k")
        )
        await bench.handler.until("input")
        await client.send(message_bytes(0x1F, b"cannot be skipped"))
        detached = (await client.rest())[-1]
        assert detached[0] == messages.DETACHED
        assert Detached.decode(detached[1]).text == "protocol error: unexpected message kind 31"


async def test_whoever_sends_no_command_in_time_is_closed(tmp_path: Path) -> None:
    async with listening(tmp_path / "s", hello_seconds_max=0.05) as bench:
        silent = await bench.client()
        halfway = await bench.client(GREETING)
        attached = await bench.client(GREETING, CommandMessage((b"ls",)).encode())
        assert await silent.rest() == []
        assert [kind for kind, _ in await halfway.rest()] == [messages.HELLO]
        assert (messages.EXIT, b"\0") in await attached.rest()


async def test_a_client_whose_command_came_in_time_may_stay_as_long_as_it_likes(
    tmp_path: Path,
) -> None:
    async with listening(
        tmp_path / "s", FakeHandler(take_terminal), hello_seconds_max=0.05
    ) as bench:
        await bench.client(GREETING, CommandMessage((b"attach",)).encode())
        await bench.handler.until("command")
        later = await bench.client()
        assert await later.rest() == []  # its time was over after the other's would have been
        assert bench.handler.connections[0].is_attached


async def test_after_its_command_a_client_sends_short_messages_only(tmp_path: Path) -> None:
    async with listening(tmp_path / "s", FakeHandler(take_terminal)) as bench:
        client = await bench.client()
        await client.ask(b"attach")
        await bench.handler.until("command")
        await client.send(message_bytes(messages.INPUT, bytes(300_000)))
        kind, payload = (await client.rest())[-1]
        assert kind == messages.DETACHED
        assert "300000 bytes; at most 262144" in Detached.decode(payload).text


async def test_keys_of_a_client_that_is_not_attached_go_nowhere(tmp_path: Path) -> None:
    async def wait(connection: Connection, command: CommandMessage) -> None:
        await connection.wait_gone()

    async with listening(tmp_path / "s", FakeHandler(wait)) as bench:
        client = await bench.client()
        await client.ask(b"wait-for", b"x")
        await client.send(message_bytes(messages.INPUT, b"rm -rf") + message_bytes(messages.DETACH))
        await bench.handler.until("closed")
        assert bench.handler.count("input") == 0


async def test_the_one_client_too_many_is_told(tmp_path: Path) -> None:
    async with listening(tmp_path / "s", FakeHandler(take_terminal), clients_max=3) as bench:
        inside = [await bench.client() for _ in range(3)]
        for client in inside:
            await client.ask(b"attach")
        await bench.handler.until("command", 3)
        outside = await bench.client()
        await outside.ask(b"ls")
        found = await outside.rest()
        assert (
            Hello.decode(found[0][1]).text
            == "too many clients: 3 are connected; detach some and try again"
        )
        inside[0].socket.close()
        await bench.handler.until("closed")
        again = await bench.client()
        await again.ask(b"attach")
        await bench.handler.until("command", 4)


async def test_two_hundred_idle_connections_do_not_disturb(tmp_path: Path) -> None:
    async with listening(tmp_path / "s") as bench:
        idle = [await bench.client() for _ in range(200)]
        for client in idle[::2]:
            await client.send(GREETING[:9])
        client = await bench.client()
        await client.ask(b"ls")
        assert (messages.EXIT, b"\0") in await client.rest()
        assert len(bench.listener.connections) == 200


async def test_random_frames_after_the_greeting_never_reach_the_handler_as_commands(
    tmp_path: Path,
) -> None:
    chance = random.Random(11)
    async with listening(tmp_path / "s") as bench:
        for _ in range(150):
            client = await bench.client()
            noise = b"".join(
                message_bytes(
                    chance.choice((0, 3, 4, 5, 0x80, 0x85, 0xFF)),
                    chance.randbytes(chance.randrange(50)),
                )
                for _ in range(chance.randrange(1, 8))
            )
            await client.send(GREETING + noise)
            found = await client.rest()
            assert found[0][0] == messages.HELLO
        assert bench.handler.told == []


async def test_an_attached_client_tells_keys_sizes_and_stops(tmp_path: Path) -> None:
    async with listening(tmp_path / "s", FakeHandler(take_terminal)) as bench:
        client = await bench.client()
        await client.ask(b"attach", resume=b"token")
        assert (await client.next())[0] == messages.HELLO
        assert await client.next() == (messages.ATTACHED, messages.attached(b"token")[5:])
        await client.send(
            message_bytes(messages.INPUT, b"\x02d")
            + messages.resize(100, 30)
            + message_bytes(messages.SUSPENDED)
        )
        await client.send(
            messages.resize(90, 20, messages.WOKEN) + message_bytes(messages.DETACH, b"lost tty")
        )
        await bench.handler.until("closed")
        assert bench.handler.told[1:] == [
            ("input", b"\x02d"),
            ("resized", 100, 30),
            ("suspended",),
            ("woken", 90, 20),
            ("closed", "lost tty"),
        ]


async def test_a_viewer_that_never_reads_is_dropped_with_a_message_and_others_go_on(
    tmp_path: Path,
) -> None:
    async with listening(tmp_path / "s", FakeHandler(take_terminal)) as bench:
        client = await bench.client()
        await client.ask(b"attach")
        await bench.handler.until("command")
        deaf = bench.handler.connections[0]
        sent = 0
        while deaf.is_open:
            deaf.output(b"x" * 60_000)
            sent += 60_000
            assert deaf.outbox_bytes <= VIEWER_OUTBOX_BYTES_MAX
            assert sent < 2 * VIEWER_OUTBOX_BYTES_MAX
        assert deaf.outbox_bytes < 1_000, "what it did not read is not kept"
        other = await bench.client()
        await other.ask(b"attach")
        await bench.handler.until("command", 2)
        kind, payload = (await client.rest())[-1]
        assert kind == messages.DETACHED
        assert (
            Detached.decode(payload).text
            == "[detached: this terminal did not keep up; attach again]"
        )
        await bench.handler.until("closed")


async def test_a_dropped_viewer_that_still_does_not_read_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "FAREWELL_SECONDS_MAX", 0.05)
    async with listening(tmp_path / "s", FakeHandler(take_terminal)) as bench:
        client = await bench.client()
        await client.ask(b"attach")
        await bench.handler.until("command")
        deaf = bench.handler.connections[0]
        while deaf.is_open:
            deaf.output(b"x" * 100_000)
        await bench.handler.until("closed")
        assert bench.listener.connections == ()


async def test_a_client_that_will_send_no_more_while_much_waits_for_it_is_let_go(
    tmp_path: Path,
) -> None:
    """What the transport has goes out, and nothing is written to it after that: Python 3.13 would never close it."""
    async with listening(tmp_path / "s", FakeHandler(take_terminal)) as bench:
        client = await bench.client()
        await client.ask(b"attach")
        await bench.handler.until("command")
        viewer = bench.handler.connections[0]
        while viewer.outbox_bytes < 500_000:
            viewer.output(b"y" * 50_000)
        client.socket.shutdown(socket.SHUT_WR)
        await client.rest()
        await bench.handler.until("closed")


async def test_a_renderer_that_waits_for_drained_never_loses_its_viewer(tmp_path: Path) -> None:
    async with listening(tmp_path / "s", FakeHandler(take_terminal)) as bench:
        client = await bench.client()
        await client.ask(b"attach")
        await bench.handler.until("command")
        viewer = bench.handler.connections[0]
        while not viewer.congested:
            viewer.output(b"y" * 50_000)
        await asyncio.gather(client.next(), client.next(), client.next())
        reader = asyncio.get_running_loop().create_task(client.rest())
        await bench.handler.until("drained")
        assert viewer.outbox_bytes == 0
        viewer.detached("[exited]")
        assert (await reader)[-1][0] == messages.DETACHED


async def test_a_long_reply_waits_for_a_slow_reader(tmp_path: Path) -> None:
    reply = b"z" * (3 * VIEWER_OUTBOX_BYTES_MAX)

    async def answer(connection: Connection, command: CommandMessage) -> None:
        connection.stdout(reply)
        connection.stderr(b"done\n")
        connection.exit(3)

    async with listening(tmp_path / "s", FakeHandler(answer)) as bench:
        client = await bench.client()
        await client.ask(b"capture-pane")
        await bench.handler.until("command")
        found = await client.rest()
        assert b"".join(payload for kind, payload in found if kind == messages.STDOUT) == reply
        assert found[-2:] == [(messages.STDERR, b"done\n"), (messages.EXIT, b"\3")]


async def test_standard_input_is_asked_for_and_collected(tmp_path: Path) -> None:
    async def load(connection: Connection, command: CommandMessage) -> None:
        data = await connection.read_stdin()
        assert data is not None
        connection.stdout(data[::-1])
        connection.exit(0)

    async with listening(tmp_path / "s", FakeHandler(load)) as bench:
        client = await bench.client()
        await client.ask(b"load-buffer", b"-")
        assert [(await client.next())[0] for _ in range(2)] == [
            messages.HELLO,
            messages.STDIN_WANTED,
        ]
        await client.send(
            message_bytes(messages.STDIN, b"abc")
            + message_bytes(messages.STDIN, b"def")
            + message_bytes(messages.STDIN)
        )
        assert (await client.next()) == (messages.STDOUT, b"fedcba")


@pytest.mark.parametrize("send", [message_bytes(messages.STDIN, b"x" * 20), b""])
async def test_standard_input_too_long_or_never_ended(tmp_path: Path, send: bytes) -> None:
    ends: list[object] = []

    async def load(connection: Connection, command: CommandMessage) -> None:
        try:
            ends.append(await connection.read_stdin(10))
        except ValueError as error:
            ends.append(str(error))
            connection.exit(1)

    async with listening(tmp_path / "s", FakeHandler(load)) as bench:
        client = await bench.client()
        await client.ask(b"load-buffer", b"-")
        await bench.handler.until("command")
        await client.send(send)
        if not send:
            client.socket.close()
        await bench.handler.until("closed")
        assert ends == ["more than 10 bytes on standard input" if send else None]


async def test_a_long_wait_sees_that_its_client_left(tmp_path: Path) -> None:
    async def wait(connection: Connection, command: CommandMessage) -> None:
        await connection.wait_gone()

    async with listening(tmp_path / "s", FakeHandler(wait)) as bench:
        client = await bench.client()
        await client.ask(b"wait-for", b"x")
        await bench.handler.until("command")
        client.socket.close()
        await bench.handler.until("closed")
        connection = bench.handler.connections[0]
        connection.stdout(b"nobody reads this")
        connection.exit(0)
        assert not connection.is_open


# The socket's file.


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_the_socket_is_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        sock = bind_private(str(tmp_path / "s"))
        after = os.umask(mask)
    finally:
        os.umask(before)
    sock.close()
    assert stat.S_IMODE((tmp_path / "s").lstat().st_mode) == 0o600
    assert after == mask


def test_a_socket_left_over_is_replaced(tmp_path: Path) -> None:
    bind_private(str(tmp_path / "s")).close()
    sock = bind_private(str(tmp_path / "s"))
    sock.listen()
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(tmp_path / "s"))
    sock.close()


def test_a_socket_on_which_another_server_listens_is_left_alone(tmp_path: Path) -> None:
    with bind_private(str(tmp_path / "s")) as sock:
        sock.listen()
        with pytest.raises(ListenError, match="another server listens on"):
            bind_private(str(tmp_path / "s"))
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(tmp_path / "s"))


def _file(path: Path) -> None:
    path.write_text("precious")


@pytest.mark.parametrize(
    "make", [_file, Path.mkdir, lambda path: path.symlink_to(path.parent / "elsewhere")]
)
def test_what_is_no_socket_is_left_alone(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "s")
    with pytest.raises(ListenError, match="is not a socket: remove it"):
        bind_private(str(tmp_path / "s"))


def test_a_path_that_cannot_be_bound_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match=r"cannot listen on .*missing/s: No such file"):
        bind_private(str(tmp_path / "missing" / "s"))


def test_the_peer_of_a_socket_is_known() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert peer_uid(one) == os.getuid()


async def test_strangers_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuguemux.server.clients.listener.peer_uid", lambda sock: os.getuid() + 1)
    async with listening(tmp_path / "s") as bench:
        client = await bench.client()
        await client.ask(b"ls")
        found = await client.rest()
        assert Hello.decode(found[0][1]).text == "access not allowed"
        assert bench.handler.told == []
