"""What a control client is sent, in which order, and what is dropped if it reads slowly."""

import asyncio
import itertools

import pytest

from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder
from fuguemux.protocol.messages import CommandMessage, Hello
from fuguemux.server.clients.client_socket import ClientSocket
from fuguemux.server.control.stream import WAITING_BYTES_MAX, ControlStream
from tests.support.fake_owner import FakeOwner
from tests.support.fake_transport import FakeTransport

PANE, OTHER = PaneId(1), PaneId(2)


class World:
    """A stream on a transport that keeps what it gets."""

    def __init__(self) -> None:
        self.socket = ClientSocket(ClientId(1), FakeOwner())
        self.transport = FakeTransport()
        self.socket.connection_made(self.transport)
        self.socket.data_received(
            Hello(1, 1).encode() + CommandMessage((b"new",), flags=messages.CONTROL).encode()
        )
        self.socket.connection.attached(b"")
        numbers = itertools.count(1)
        self.stream = ControlStream(
            self.socket.connection, asyncio.get_running_loop(), lambda: 7, lambda: next(numbers)
        )

    def text(self) -> str:
        """Everything that the client got."""
        decoder = Decoder()
        decoder.receive(bytes(self.transport.written))
        found = iter(decoder.next_message, None)
        return b"".join(data for kind, data in found if kind == messages.OUTPUT).decode()

    def slow(self) -> None:
        """The client stops reading."""
        self.socket.pause_writing()

    def reads(self) -> None:
        """It has read everything."""
        self.socket.connection.resume_sending()
        self.stream.pump()


@pytest.fixture
async def here() -> World:
    return World()


async def turn() -> None:
    """Let what was scheduled for the next turn of the loop happen."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_blocks_come_first_then_notices_then_output(here: World) -> None:
    with here.stream.batch():
        block = here.stream.block(flags=1)
        here.stream.notice(lambda: ["%sessions-changed"])
        here.stream.output(PANE, b"a\\\x1b\xc3\xa9\r\n")
        here.stream.say(b"one")
        block.end()
        here.stream.block(flags=1).end(failed=True)
    assert here.text() == (
        "%begin 7 1 1\none\n%end 7 1 1\n%begin 7 2 1\n%error 7 2 1\n"
        "%sessions-changed\n%output %1 a\\134\\033é\\015\\012\n"
    )


async def test_a_waiting_command_holds_nothing_and_later_lines_are_outside(here: World) -> None:
    with here.stream.batch():
        block = here.stream.block(flags=0)
        here.stream.notice(lambda: ["%sessions-changed"])
        with block.waits():
            assert here.text() == "%begin 7 1 0\n%end 7 1 0\n%sessions-changed\n"
        here.stream.say(b"late\n")
    assert here.text().endswith("%sessions-changed\nlate\n")


async def test_notices_without_a_command_say_what_is_true_then(here: World) -> None:
    names = ["old"]
    here.stream.notice(lambda: [f"%window-renamed @1 {names[0]}"])
    names[0] = "new"
    await turn()
    assert here.text() == "%window-renamed @1 new\n"


async def test_output_of_panes_that_are_off_or_paused_is_not_sent(here: World) -> None:
    here.stream.flow(PANE, "off")
    here.stream.output(PANE, b"x")
    here.stream.flow(PANE, "on")
    here.stream.flow(OTHER, "pause")
    here.stream.flow(OTHER, "pause")
    here.stream.output(OTHER, b"y")
    here.stream.flow(OTHER, "continue")
    here.stream.flow(OTHER, "continue")
    here.stream.output(OTHER, b"z")
    assert here.text() == "%pause %2\n%continue %2\n%output %2 z\n"


async def test_without_output_nothing_is_sent_and_what_waits_is_dropped(here: World) -> None:
    here.slow()
    here.stream.output(PANE, b"x")
    here.stream.flags = ClientFlags(no_output=True)
    here.stream.forget_output()
    here.stream.output(PANE, b"y")
    here.reads()
    assert here.text() == ""


async def test_a_slow_client_is_ended_when_too_much_waits(here: World) -> None:
    dropped: list[str] = []
    here.stream.dropped = lambda: dropped.append("dropped")
    here.slow()
    half = b"x" * (WAITING_BYTES_MAX // 2)
    here.stream.output(PANE, half)
    here.stream.output(PANE, half)
    assert not dropped
    here.stream.output(PANE, b"y")
    assert dropped


async def test_with_pause_after_the_pane_is_paused_instead(here: World) -> None:
    here.stream.flags = ClientFlags(pause_after_s=0)
    here.slow()
    here.stream.output(PANE, b"x")
    here.stream.output(OTHER, b"y")
    here.reads()
    here.stream.output(PANE, b"z")
    assert here.text() == "%pause %1\n%pause %2\n"


async def test_output_has_its_age_with_pause_after(here: World) -> None:
    here.stream.flags = ClientFlags(pause_after_s=60)
    here.stream.output(PANE, b"x")
    assert here.text() == "%extended-output %1 0 : x\n"


async def test_the_end_waits_for_commands_and_drops_output(here: World) -> None:
    left: list[str] = []
    with here.stream.batch():
        block = here.stream.block(flags=1)
        here.stream.leave(lambda: left.append("left"))
        here.stream.notice(lambda: ["%sessions-changed"])
        await turn()
        assert not left
        block.end()
    assert left
    assert here.text() == "%begin 7 1 1\n%end 7 1 1\n%sessions-changed\n"


async def test_a_line_that_cannot_be_run_has_a_block_of_its_own(here: World) -> None:
    here.stream.refuse("parse error: no")
    assert here.text() == "%begin 7 1 1\nparse error: no\n%error 7 1 1\n"


async def test_a_pane_that_is_gone_is_forgotten(here: World) -> None:
    here.stream.flow(PANE, "off")
    here.stream.removed(PANE)
    here.stream.output(PANE, b"x")
    assert here.text() == "%output %1 x\n"
