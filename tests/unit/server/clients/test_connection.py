"""One client's connection and socket, with every order of calls that the client, asyncio and the server can cause."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.model.ids import ClientId
from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder, message_bytes
from fuguemux.protocol.messages import CommandMessage, Hello
from fuguemux.server.clients.client_socket import ClientSocket
from fuguemux.server.clients.connection_state import TRANSITIONS, ConnectionState
from tests.support.fake_owner import FakeOwner
from tests.support.fake_transport import FakeTransport

GREETING = Hello(1, 1, "test").encode()
COMMAND = CommandMessage((b"new",)).encode()
INPUT = message_bytes(messages.INPUT, b"x")


class Bench:
    """A connection on a transport of ours. `do` does one thing as asyncio, the client or the server would."""

    def __init__(self, refusal: str = "") -> None:
        self.owner = FakeOwner(refusal)
        self.socket = ClientSocket(ClientId(1), self.owner)
        self.connection = self.socket.connection
        self.transport = FakeTransport()
        self.socket.connection_made(self.transport)

    def received(self, *parts: bytes) -> None:
        if not self.transport.closing and not self.is_closed():
            self.socket.data_received(b"".join(parts))

    def sent(self) -> list[tuple[int, bytes]]:
        """The messages that the client has got."""
        decoder = Decoder()
        decoder.receive(bytes(self.transport.written))
        return list(iter(decoder.next_message, None))

    def do(self, what: str) -> None:
        """One of CALLS."""
        CALLS[what](self)

    def lost(self) -> None:
        """asyncio says so once."""
        if not self.is_closed():
            self.transport.close()
            self.socket.connection_lost(None)

    def ended(self) -> None:
        """The client closed its side."""
        if not self.transport.closing:
            self.socket.eof_received()
            self.transport.close()

    def attached(self) -> None:
        """A viewer is made only of a client that gave a command and is none yet."""
        if self.connection.command is not None and not self.connection.is_attached:
            self.connection.attached(b"$1")

    def is_attached(self) -> bool:
        return self.connection.is_attached

    def is_closing(self) -> bool:
        return self.transport.closing

    def is_closed(self) -> bool:
        return self.connection.state is ConnectionState.CLOSED


CALLS: dict[str, Callable[[Bench], object]] = {
    "greeting": lambda bench: bench.received(GREETING),
    "unknown greeting": lambda bench: bench.received(Hello(90, 99, "tomorrow").encode()),
    "command": lambda bench: bench.received(COMMAND),
    "input": lambda bench: bench.received(INPUT),
    "detach": lambda bench: bench.received(message_bytes(messages.DETACH)),
    "stdin": lambda bench: bench.received(message_bytes(messages.STDIN, b"x")),
    "all at once": lambda bench: bench.received(GREETING, COMMAND, INPUT),
    "noise": lambda bench: bench.received(b"\xff" * 40),
    "end": lambda bench: bench.ended(),
    "lost": lambda bench: bench.lost(),
    "full": lambda bench: bench.socket.pause_writing(),
    "not full": lambda bench: bench.socket._resume(),
    "attached": lambda bench: bench.attached(),
    "output": lambda bench: bench.connection.output(b"o" * 3_000),
    "exit": lambda bench: bench.connection.exit(0),
    "detached": lambda bench: bench.connection.detached("bye"),
    "drop": lambda bench: bench.connection.drop("no"),
    "abort": lambda bench: bench.connection.abort("no"),
}


@contextmanager
def loop_at_hand() -> Iterator[None]:
    """Timers may be set; none goes off."""
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(None)
        loop.close()


def reachable(state: ConnectionState) -> set[ConnectionState]:
    """`state` and all that can come after it by the table."""
    found = {state}
    for after in TRANSITIONS[state].values():
        found |= reachable(after) if after is not state else set()
    return found


BEGINNINGS: tuple[tuple[str, ...], ...] = (
    (),
    ("greeting",),
    ("all at once",),
    ("all at once", "full", "output"),
    ("all at once", "attached"),
    ("all at once", "attached", "full", "output"),
)


@given(
    st.sampled_from(["", "", "", "too many clients"]),
    st.sampled_from(BEGINNINGS),
    st.lists(st.sampled_from(sorted(CALLS)), max_size=8),
)
@settings(max_examples=400)
def test_no_sequence_of_calls_leaves_the_table(
    refusal: str, begun: tuple[str, ...], calls: list[str]
) -> None:
    with loop_at_hand():
        bench = Bench(refusal)
        connection = bench.connection
        for what in (*begun, *calls, "lost"):
            before = connection.state
            bench.do(what)
            assert connection.state in reachable(before)
            if connection.is_attached:
                assert messages.ATTACHED in [kind for kind, _ in bench.sent()] or (
                    connection.congested
                )
            if not connection.is_open and not connection.congested:
                assert bench.transport.closing, "whoever has the last word closes"
        assert connection.state is ConnectionState.CLOSED
        assert bench.owner.told.count("forget") == 1
        assert bench.owner.told.count("run") == (connection.command is not None)
        assert bench.owner.fake.count("closed") == (connection.command is not None)


async def test_what_is_sent_behind_the_last_word_is_dropped() -> None:
    bench = Bench()
    bench.do("all at once")
    bench.connection.exit(3)
    bench.connection.stdout(b"late")
    bench.connection.exit(4)
    assert bench.sent()[1:] == [(messages.EXIT, b"\3")]
    assert bench.is_closing()


async def test_a_reply_that_is_not_read_closes_once_it_was() -> None:
    bench = Bench()
    bench.do("all at once")
    bench.do("full")
    bench.connection.stdout(b"long")
    bench.connection.exit(0)
    assert not bench.is_closing()
    bench.do("not full")
    assert [kind for kind, _ in bench.sent()[1:]] == [messages.STDOUT, messages.EXIT]
    assert bench.is_closing()
    assert bench.owner.fake.count("drained") == 0, "it is served no more"


async def test_keys_count_only_while_the_terminal_is_ours() -> None:
    bench = Bench()
    bench.do("all at once")
    assert bench.owner.fake.count("input") == 0
    bench.do("attached")
    bench.do("input")
    assert bench.owner.fake.told == [("input", b"x")]


async def test_a_terminal_that_does_not_keep_up_is_given_back_with_the_reason() -> None:
    bench = Bench()
    bench.do("all at once")
    bench.do("attached")
    bench.do("full")
    bench.do("output")
    assert bench.is_attached()
    bench.do("output")
    assert not bench.is_attached()
    bench.do("not full")
    kind, payload = bench.sent()[-1]
    assert kind == messages.DETACHED
    assert b"did not keep up" in payload
    assert messages.OUTPUT not in [kind for kind, _ in bench.sent()], "what was unsent is dropped"


async def test_a_client_that_does_not_read_its_last_word_can_be_ended() -> None:
    bench = Bench()
    bench.do("all at once")
    bench.do("full")
    bench.do("output")
    bench.do("exit")
    assert not bench.is_closing()
    bench.do("abort")
    assert bench.is_closing()
