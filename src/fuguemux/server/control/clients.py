"""All control clients: tells them what happens, and passes the output of panes on to them."""

import asyncio
import itertools
from collections.abc import Callable, Iterable
from functools import partial

from fuguemux.model import effects as ef
from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import Clock
from fuguemux.protocol import messages
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.drawing.picture import Surface
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.control import lines
from fuguemux.server.control.client import ControlClient
from fuguemux.server.control.notifications import Happening, told
from fuguemux.server.control.stream import TOO_FAR_BEHIND, ControlStream
from fuguemux.server.control.subscriptions import INTERVAL_SECONDS, SUBSCRIPTIONS_MAX
from fuguemux.server.ports import EffectFailed


class ControlClients:
    """Implements viewers.ControlPort. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        state: Callable[[], ServerState],
        live: LiveView,
        clock: Clock,
    ) -> None:
        self._loop = loop
        self._state = state
        self._live = live
        self._clock = clock
        self._streams: dict[ClientId, ControlStream] = {}
        self._clients: dict[ClientId, ControlClient] = {}
        self._leaving: dict[ClientId, Viewer] = {}
        self._numbers = itertools.count(1)
        self._timer: asyncio.TimerHandle | None = None
        self._let_go: Callable[[Viewer], None] = lambda _viewer: None

    def connect(self, let_go: Callable[[Viewer], None]) -> None:
        """`let_go` ends a client for a reason that it has been told already."""
        self._let_go = let_go

    # Connections

    def stream(self, connection: Connection, command: CommandMessage) -> ControlStream:
        """The stream of a connection whose command has just come."""
        stream = ControlStream(
            connection,
            self._loop,
            lambda: self._clock.wall_ms() // 1000,
            lambda: next(self._numbers),
        )
        self._streams[connection.client] = stream
        if command.flags & messages.CONTROL_DEVICE:
            connection.control(lines.INTRODUCER)
        return stream

    def stream_of(self, client: ClientId) -> ControlStream | None:
        """The stream of a connection. None: it is no control client."""
        return self._streams.get(client)

    def closed(self, client: ClientId) -> None:
        """The connection is closed."""
        self._streams.pop(client, None)
        self._clients.pop(client, None)
        leaving = self._leaving.pop(client, None)
        if leaving is not None:
            self._tell_of_end(leaving)

    def drained(self, client: ClientId) -> None:
        """The client has received everything: send more."""
        stream = self._streams.get(client)
        if stream is not None:
            stream.pump()

    # Attached clients

    def viewer(
        self,
        connection: Connection,
        command: CommandMessage,
        session: SessionId,
        surface: Surface,
        now_s: int,
        flags: ClientFlags,
    ) -> Viewer:
        """Make a viewer of a connection that has a stream."""
        stream = self._streams[connection.client]
        client = ControlClient(connection, command, session, surface, now_s, stream, flags)
        self._clients[client.client] = client
        stream.dropped = partial(self._too_slow, client)
        self._tick_soon()
        return client

    def _too_slow(self, client: ControlClient) -> None:
        if self._clients.pop(client.client, None) is not None:
            self._let_go(client)
            client.end_for(TOO_FAR_BEHIND)

    def end_for(self, reason: str) -> None:
        """End all of them for a reason, with the server."""
        for client in list(self._clients.values()):
            if self._clients.pop(client.client, None) is not None:
                self._let_go(client)
                client.end_for(reason)
                client.stream.finish()

    def set_size(self, effect: ef.SetControlSize) -> None:
        """Note the size that a client has set."""
        client = self._clients.get(effect.client)
        if client is not None:
            client.set_size(effect.columns, effect.rows, effect.window)

    def set_flow(self, effect: ef.SetPaneFlow) -> None:
        """Do what `refresh-client -A` says."""
        client = self._clients.get(effect.client)
        if client is not None:
            client.stream.flow(effect.pane, effect.flow)

    def subscribe(self, effect: ef.Subscribe) -> None:
        """Begin or end a subscription. Raises EffectFailed."""
        client = self._clients.get(effect.client)
        if client is not None:
            if not client.subscriptions.set(effect.name, effect.what, effect.format):
                raise EffectFailed(f"too many subscriptions: a client may have {SUBSCRIPTIONS_MAX}")
            self._tick_soon()

    # What happens

    def changed(self, change: Happening) -> None:
        """Something has changed for which there may be a notification."""
        if not self._streams:
            return
        for client, stream in self._streams.items():
            stream.notice(partial(self._lines, client, change))

    def _lines(self, client: ClientId, change: Happening) -> Iterable[str]:
        attached = self._clients.get(client)
        shows = None if attached is None else attached.session
        text = told(self._state(), self._live, change, shows)
        return () if text is None else (text,)

    def shows(self, viewer: Viewer) -> None:
        """A client shows a session from now on: any client, not only a control client."""
        for client, stream in self._streams.items():
            stream.notice(partial(self._shown, client == viewer.client, viewer))

    def _shown(self, itself: bool, viewer: Viewer) -> Iterable[str]:
        session = self._state().sessions.get(viewer.session)
        if session is None:
            return ()
        if itself:
            return (f"%session-changed ${session.id} {session.name}",)
        return (f"%client-session-changed {viewer.name} ${session.id} {session.name}",)

    def left(self, viewer: Viewer) -> None:
        """A client is no longer attached: any client, not only a control client."""
        self._clients.pop(viewer.client, None)
        # As in tmux, it is told when the connection has ended.
        self._leaving[viewer.client] = viewer

    def _tell_of_end(self, viewer: Viewer) -> None:
        for client, stream in self._streams.items():
            if client != viewer.client:
                stream.notice(lambda: (f"%client-detached {viewer.name}",))

    # Output

    def output(self, pane: PaneId, data: memoryview) -> None:
        """A pane has written this."""
        if not self._clients:
            return
        state = self._state()
        stored = state.panes.get(pane)
        if stored is None:
            return
        copied = bytes(data)
        for client in list(self._clients.values()):
            session = state.sessions.get(client.session)
            if session and any(link.window == stored.window for link in session.links):
                client.stream.output(pane, copied)

    def removed(self, pane: PaneId) -> None:
        """A pane is gone."""
        for stream in self._streams.values():
            stream.removed(pane)

    # Once a second

    def _tick_soon(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(INTERVAL_SECONDS, self._tick)

    def _tick(self) -> None:
        """Look for changed subscriptions, and for clients that are too far behind."""
        self._timer = None
        for client in list(self._clients.values()):
            client.stream.look()
            if client.subscriptions:
                client.stream.notice(partial(self._subscribed, client))
        if self._clients:
            self._tick_soon()

    def _subscribed(self, client: ControlClient) -> Iterable[str]:
        return client.subscriptions.changes(self._state(), self._live, client.session)
