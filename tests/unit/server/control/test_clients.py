"""Which control clients are told what."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from fuguemux.model import effects as ef
from fuguemux.model.client_flags import NO_FLAGS
from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder
from fuguemux.protocol.messages import CommandMessage, Hello
from fuguemux.server.clients.client_socket import ClientSocket
from fuguemux.server.clients.drawing.picture import Surface
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.control.client import ControlClient
from fuguemux.server.control.clients import ControlClients
from fuguemux.server.control.notifications import Happening
from fuguemux.server.control.subscriptions import SUBSCRIPTIONS_MAX
from fuguemux.server.ports import EffectFailed
from tests.support.builders import session, state, window
from tests.support.fake_clock import FakeClock
from tests.support.fake_live import FakeLive
from tests.support.fake_owner import FakeOwner
from tests.support.fake_transport import FakeTransport

HERE, THERE = SessionId(0), SessionId(1)


class World:
    """Two sessions, `work` and `other`, and the control clients on them."""

    def __init__(self) -> None:
        self.state = state(session("work", window("one")), session("other", window("two")))
        self.control = ControlClients(
            asyncio.get_running_loop(), lambda: self.state, FakeLive(), FakeClock()
        )
        self.forgotten: list[Viewer] = []
        self.control.connect(self.forgotten.append)
        self._transports: dict[ClientId, FakeTransport] = {}

    def client(self, number: int, shows: SessionId, flags: int = messages.CONTROL) -> Viewer:
        """Attach a client."""
        command = CommandMessage((b"attach",), flags=flags | messages.CONTROL, pid=number)
        socket = ClientSocket(ClientId(number), FakeOwner())
        transport = self._transports[ClientId(number)] = FakeTransport()
        socket.connection_made(transport)
        socket.data_received(Hello(1, 1).encode() + command.encode())
        self.control.stream(socket.connection, command)
        surface = cast("Surface", SimpleNamespace(state=self.state))  # nothing is drawn
        viewer = self.control.viewer(socket.connection, command, shows, surface, 0, NO_FLAGS)
        socket.connection.attached(b"")
        return viewer

    def text(self, viewer: Viewer) -> str:
        """Everything that a client got."""
        decoder = Decoder()
        decoder.receive(bytes(self._transports[viewer.client].written))
        kinds = (messages.OUTPUT, messages.STDOUT)
        found = iter(decoder.next_message, None)
        return b"".join(data for kind, data in found if kind in kinds).decode()


@pytest.fixture
async def here() -> World:
    return World()


async def turn() -> None:
    """Let what was scheduled for the next turns of the loop happen."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_each_is_told_from_where_it_stands(here: World) -> None:
    one, two = here.client(1, HERE), here.client(2, THERE)
    window = WindowId(0)
    for name in ("window-linked", "window-unlinked", "window-renamed", "window-pane-changed"):
        here.control.changed(Happening(name, HERE, window))
    here.control.changed(Happening("window-layout-changed", HERE, window))
    here.control.changed(Happening("session-renamed", HERE))
    here.control.changed(Happening("session-window-changed", HERE))
    here.control.changed(Happening("session-created", HERE))
    here.control.changed(Happening("pane-mode-changed", pane=PaneId(0)))
    here.control.changed(Happening("window-renamed", HERE, WindowId(9), named="gone"))
    here.control.changed(Happening("client-resized", HERE))
    await turn()
    everywhere = "%session-renamed $0 work\n%session-window-changed $0 @0\n%sessions-changed\n"
    assert here.text(two) == (
        "%unlinked-window-add @0\n%unlinked-window-close @0\n%unlinked-window-renamed @0 one\n"
        f"%window-pane-changed @0 %0\n{everywhere}%pane-mode-changed %0\n"
        "%unlinked-window-renamed @9 gone\n"
    )
    told = here.text(one).splitlines()
    assert told[:4] == [
        "%window-add @0",
        "%window-close @0",
        "%window-renamed @0 one",
        "%window-pane-changed @0 %0",
    ]
    assert told[4].startswith("%layout-change @0 ")
    assert len(told[4].split(" ")) == 5


async def test_who_shows_what_and_who_leaves(here: World) -> None:
    one, two = here.client(1, HERE), here.client(2, THERE)
    here.control.shows(one)
    here.control.left(two)
    await turn()
    assert here.text(two) == "%client-session-changed client-1 $0 work\n"
    here.control.closed(two.client)
    await turn()
    assert here.text(one) == "%session-changed $0 work\n%client-detached client-2\n"


async def test_output_goes_to_those_whose_session_has_the_pane(here: World) -> None:
    one, two = here.client(1, HERE), here.client(2, THERE)
    here.control.output(PaneId(0), memoryview(b"x"))
    here.control.output(PaneId(99), memoryview(b"y"))
    assert (here.text(one), here.text(two)) == ("%output %0 x\n", "")
    here.control.set_flow(ef.SetPaneFlow(one.client, PaneId(0), "off"))
    here.control.output(PaneId(0), memoryview(b"z"))
    assert here.text(one) == "%output %0 x\n"


async def test_a_client_has_no_size_until_it_sets_one(here: World) -> None:
    one = here.client(1, HERE)
    assert not one.facts().sized
    here.control.set_size(ef.SetControlSize(one.client, 30, 10, WindowId(0)))
    assert one.facts().window_sizes == {WindowId(0): (30, 10)}
    here.control.set_size(ef.SetControlSize(one.client, 0, 0, WindowId(0)))
    here.control.set_size(ef.SetControlSize(one.client, 40, 12))
    facts = one.facts()
    assert (facts.sized, facts.columns, facts.rows, facts.window_sizes) == (True, 40, 12, {})


async def test_subscriptions_tell_each_change_once(here: World) -> None:
    one = here.client(1, HERE)
    assert isinstance(one, ControlClient)
    for name, what in (("s", ""), ("w", "@*"), ("p", "%*"), ("q", "%0"), ("r", "@7")):
        here.control.subscribe(ef.Subscribe(one.client, name, what, "#{session_name}"))
    places = {"s": "- - -", "w": "@0 0 -", "p": "@0 0 %0", "q": "@0 0 %0"}
    first = one.subscriptions.changes(here.state, FakeLive(), HERE)
    assert first == [f"%subscription-changed {name} $0 {at} : work" for name, at in places.items()]
    assert one.subscriptions.changes(here.state, FakeLive(), HERE) == []
    here.control.subscribe(ef.Subscribe(one.client, "p", "%*", "#{pane_id}"))
    here.control.subscribe(ef.Subscribe(one.client, "s"))
    changed = one.subscriptions.changes(here.state, FakeLive(), HERE)
    assert changed == ["%subscription-changed p $0 @0 0 %0 : %0"]


async def test_subscriptions_are_limited(here: World) -> None:
    one = here.client(1, HERE)
    for number in range(SUBSCRIPTIONS_MAX):
        here.control.subscribe(ef.Subscribe(one.client, str(number), "", "x"))
    with pytest.raises(EffectFailed, match="too many subscriptions"):
        here.control.subscribe(ef.Subscribe(one.client, "more", "", "x"))


async def test_all_end_for_a_reason_and_a_device_string_begins_before_all(here: World) -> None:
    one = here.client(1, HERE, messages.CONTROL_DEVICE)
    assert here.text(one) == "\x1bP1000p"
    here.control.end_for("server restarted")
    assert here.forgotten == [one]
    await turn()
    assert not one.connection.is_open
