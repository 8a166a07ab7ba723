"""Attached clients: attaching and detaching, which session each shows, and what happens when sessions are closed."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from fuguemux.model import effects as ef
from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.state import ServerState
from fuguemux.protocol import messages
from fuguemux.protocol.framing import Decoder
from fuguemux.protocol.messages import CommandMessage, Detached, Hello
from fuguemux.server.clients import resume_token
from fuguemux.server.clients.client_socket import ClientSocket
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.requesters import ConnectionRequester
from fuguemux.server.clients.surface import ServerSurface
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.control.clients import ControlClients
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.panes.last_screens import LastScreens
from fuguemux.server.ports import EffectFailed
from fuguemux.terminal.emulator import ClipboardWrite
from tests.support.builders import session, state
from tests.support.fake_live import FakeLive
from tests.support.fake_owner import FakeOwner
from tests.support.fake_requester import FakeRequester
from tests.support.fake_transport import FakeTransport
from tests.support.pane_world import PaneWorld

WORK, PLAY = SessionId(0), SessionId(1)


class Client:
    """A client on a transport of ours, that has given a command and has a terminal or not."""

    def __init__(self, world: "World", number: int, command: CommandMessage) -> None:
        socket = ClientSocket(ClientId(number), FakeOwner())
        self.transport = FakeTransport()
        socket.connection_made(self.transport)
        socket.data_received(Hello(1, 1, "test").encode() + command.encode())
        self.socket = socket
        self.command = command
        self.connection: Connection = socket.connection
        self.requester = ConnectionRequester(
            self.connection, command, lambda: world.panes.engine.state, b"/run/fugue"
        )

    def messages(self, kind: int) -> list[bytes]:
        """What it got of one kind."""
        decoder = Decoder()
        decoder.receive(bytes(self.transport.written))
        return [payload for found, payload in iter(decoder.next_message, None) if found == kind]

    def farewell(self) -> str:
        """The text of the only message that let it go."""
        (payload,) = self.messages(messages.DETACHED)
        return Detached.decode(payload).text

    def screen(self) -> bytes:
        """Everything that was written to its terminal."""
        return b"".join(self.messages(messages.OUTPUT))


class World:
    """Viewers over two sessions with a pane each. `told` holds what they told, in order."""

    def __init__(self, now: ServerState) -> None:
        self.panes = PaneWorld(now)
        self.now = now
        self.told: list[object] = []
        self.notices: list[str] = []
        scroll = ScrollViews()
        modes = PaneModes(scroll.mode, asyncio.get_running_loop().call_later)
        surface = ServerSurface(self.panes.panes, scroll, modes, lambda: self.now, FakeLive(), str)
        self.viewers = Viewers(
            asyncio.get_running_loop(),
            surface,
            self.panes.clock,
            lambda: 1_000_000,
            lambda: self.told.append("sizes"),
            lambda session: self.told.append(("came", session)),
            lambda hook, session, _client: self.told.append((hook, session)),
            LastScreens(
                None,
                "nothing is kept",
                self.panes.spawn,
                lambda: 0,
                self.panes.clock.wall_ms,
                self.panes.panes.get,
                self.told.append,
            ),
            lambda: self.notices,
            ControlClients(
                asyncio.get_running_loop(), lambda: self.now, FakeLive(), self.panes.clock
            ),
        )
        self._clients = 0

    def client(self, *, interactive: bool = True, resume: bytes = b"") -> Client:
        self._clients += 1
        flags = messages.STDIN_TTY if interactive else 0
        command = CommandMessage(
            (b"attach",), b"/", columns=80, rows=25, flags=flags, resume=resume, tty=b"/dev/pts/1"
        )
        return Client(self, self._clients, command)

    def attached(self, to: SessionId = WORK) -> Client:
        """A client that looks at a session."""
        client = self.client()
        self.viewers.attach(client.requester, ef.Attach(client.connection.client, to))
        return client

    def viewer(self, client: Client) -> Viewer:
        found = self.viewers.get(client.connection.client)
        assert found is not None
        return found

    def becomes(self, after: ServerState) -> None:
        """The committer tells of another state."""
        before, self.now = self.now, after
        self.viewers.published(before, after, ())

    def without(self, gone: SessionId) -> ServerState:
        """The state when a session ended, with its window and pane."""
        return msgspec.structs.replace(
            self.now, sessions={i: s for i, s in self.now.sessions.items() if i != gone}
        )


@pytest.fixture
async def here() -> AsyncIterator[World]:
    world = World(state(session("work"), session("play")))
    yield world
    await world.panes.close()


async def frames() -> None:
    """What is to be drawn soon is drawn."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_who_attaches_gets_the_screen_and_everybody_hears_of_it(here: World) -> None:
    here.panes.terminal(0).emulator.feed(b"hello")
    client = here.attached()
    await frames()
    assert here.told == [("came", WORK), ("client-attached", WORK), "sizes"]
    assert client.connection.is_attached
    assert b"hello" in client.screen()
    (facts,) = here.viewers.facts()
    assert (facts.id, facts.session, facts.columns, facts.rows) == (1, WORK, 80, 25)


@pytest.mark.parametrize("how", ["no terminal", "no client", "gone"])
async def test_who_cannot_attach_is_told_why(here: World, how: str) -> None:
    client = here.client(interactive=how != "no terminal")
    if how == "gone":
        client.socket.eof_received()
    requester = FakeRequester() if how == "no client" else client.requester
    reason = "the client is gone" if how == "gone" else "not a terminal"
    with pytest.raises(EffectFailed, match=f"open terminal failed: {reason}"):
        here.viewers.attach(requester, ef.Attach(client.connection.client, WORK))
    assert here.viewers.facts() == ()
    assert here.told == []


async def test_attaching_again_looks_at_the_other_session(here: World) -> None:
    client = here.attached()
    here.viewers.attach(client.requester, ef.Attach(client.connection.client, PLAY))
    assert here.viewer(client).session == PLAY
    assert len(client.messages(messages.ATTACHED)) == 1
    (resume,) = client.messages(messages.RESUME)
    assert resume_token.decode(resume).session == PLAY, "it would come back there"


async def test_others_of_the_same_session_may_be_detached_by_it(here: World) -> None:
    first, elsewhere = here.attached(), here.attached(PLAY)
    second = here.client()
    here.viewers.attach(
        second.requester, ef.Attach(second.connection.client, WORK, detach_others=True)
    )
    assert first.farewell() == "[detached (from session work)]"
    assert [facts.id for facts in here.viewers.facts()] == [
        elsewhere.connection.client,
        second.connection.client,
    ]


async def test_the_viewers_of_a_session_that_ends_leave_with_it(here: World) -> None:
    client, other = here.attached(), here.attached(PLAY)
    here.becomes(here.without(WORK))
    assert client.farewell() == "[exited]"
    assert here.viewer(other).session == PLAY


async def test_or_go_to_the_one_before_by_the_option(here: World) -> None:
    here.now = msgspec.structs.replace(here.now, session_options={"detach-on-destroy": "off"})
    client = here.attached(PLAY)
    here.viewers.switch(client.connection.client, WORK)
    here.becomes(here.without(WORK))
    assert here.viewer(client).session == PLAY
    here.becomes(here.without(PLAY))
    assert client.farewell() == "[exited]", "there is none left"


async def test_a_connection_that_is_gone_counts_no_more(here: World) -> None:
    client = here.attached()
    del here.told[:]
    here.viewers.closed(client.connection)
    here.viewers.closed(client.connection)
    assert here.told == [("client-detached", WORK), "sizes"]
    assert here.viewers.get(client.connection.client) is None


async def test_who_comes_back_from_another_server_is_what_it_was(here: World) -> None:
    token = resume_token.encode(WORK, flags=ClientFlags(read_only=True), scrolled=((PaneId(0), 0),))
    client = here.client(resume=token)
    viewer = here.viewers.resume(client.connection, client.command, WORK)
    assert viewer.read_only
    assert client.connection.is_attached


async def test_a_stopped_client_gets_nothing_until_it_runs_again(here: World) -> None:
    client = here.attached()
    await frames()
    here.viewers.suspended(client.connection)
    before = client.screen()
    here.panes.terminal(0).emulator.feed(b"meanwhile")
    here.viewers.pane_changed(here.panes.terminal(0), ())
    await frames()
    assert client.screen() == before
    here.viewers.woken(client.connection, 80, 25)
    await frames()
    assert b"meanwhile" in client.screen()


async def test_a_client_that_does_not_read_gets_the_newest_as_one_frame(here: World) -> None:
    client = here.attached()
    await frames()
    client.socket.pause_writing()
    for text in (b"one", b"\rtwo", b"\rnew"):
        here.panes.terminal(0).emulator.feed(text)
        here.viewers.pane_changed(here.panes.terminal(0), ())
        await frames()
    assert client.connection.outbox_bytes == 0
    assert client.connection.resume_sending()
    here.viewers.drained(client.connection)
    await frames()
    assert b"new" in client.screen()
    assert b"two" not in client.screen()


async def test_clipboards_reach_those_who_look_on(here: World) -> None:
    looks_on, elsewhere = here.attached(), here.attached(PLAY)
    here.viewers.pane_changed(here.panes.terminal(0), (ClipboardWrite("c", b"copied"),))
    for client, reached in ((looks_on, True), (elsewhere, False)):
        assert (b"]52;c;" in client.screen()) is reached


async def test_what_is_put_before_a_client_that_is_gone_is_nothing(here: World) -> None:
    here.viewers.overlay(ef.ShowMessage(ClientId(9), "hello"))
    here.viewers.detach(ef.Detach(ClientId(9)))
    here.viewers.switch(ClientId(9), PLAY)
    assert here.told == []


async def test_messages_are_shown_and_kept_although_nobody_looks(here: World) -> None:
    client = here.attached()
    here.viewers.overlay(ef.ShowMessage(client.connection.client, "only you"))
    here.viewers.announce("everybody")
    await frames()
    assert b"everybody" in client.screen()
    texts = [text for _, text in here.viewers.messages.newest_first()]
    assert texts == ["everybody", "/dev/pts/1 message: only you"]


async def test_a_message_goes_away_by_itself_unless_another_came(here: World) -> None:
    client = here.attached()
    viewer = here.viewer(client)
    here.viewers.message(viewer, "first", 1)
    first = viewer.overlay
    here.viewers.message(viewer, "second", 60_000)
    here.viewers._shown._clear(viewer, first)
    assert viewer.overlay is not None
    here.viewers._shown._clear(viewer, viewer.overlay)
    assert viewer.overlay is None


async def test_at_the_end_all_are_let_go(here: World) -> None:
    clients = [here.attached(), here.attached(PLAY)]
    here.viewers.end_all("[server exited]")
    assert [client.farewell() for client in clients] == ["[server exited]"] * 2
    assert here.viewers.facts() == ()


async def test_notices_that_do_not_fit_side_by_side_are_shown_on_a_page(here: World) -> None:
    """A line cut off after 80 columns would hide the others."""
    here.notices = ["safe mode: " + "s" * 60, "start.conf: " + "e" * 90 + " end"]
    viewer = here.viewer(here.attached())
    page = b"".join(viewer.page.rows(80, 24)) if viewer.page is not None else b""
    assert b"safe mode: ssss" in page
    assert b" end" in page
    assert [
        text.partition("message: ")[2] for _, text in here.viewers.messages.newest_first()
    ] == here.notices[::-1]


async def test_notices_that_fit_are_one_line(here: World) -> None:
    here.notices = ["one", "two"]
    viewer = here.viewer(here.attached())
    assert viewer.page is None
    assert [text.partition("message: ")[2] for _, text in here.viewers.messages.newest_first()] == [
        "one; two"
    ]
