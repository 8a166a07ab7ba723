"""All attached clients: which sessions they show, when their frames are drawn, and what happens to them when sessions
are closed."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from fuguemux.model import effects as ef
from fuguemux.model.client_flags import NO_FLAGS, ClientFlags, changed
from fuguemux.model.events import AnyEvent
from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.live import ClientFacts
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import Clock
from fuguemux.options import options
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients import resume_token
from fuguemux.server.clients.attaching import checked, next_session, others
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.control_port import ControlPort
from fuguemux.server.clients.cover import cover, notice_page
from fuguemux.server.clients.drawing.picture import Surface, mode_style
from fuguemux.server.clients.frames import Frames
from fuguemux.server.clients.message_log import MessageLog
from fuguemux.server.clients.shown_messages import ShownMessages
from fuguemux.server.clients.status_clock import StatusClock
from fuguemux.server.clients.terminals import pane_colours
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.previews import LastScreensPort
from fuguemux.server.ports import Requester
from fuguemux.terminal.emulator import ClipboardWrite, Event, TitleChanged
from fuguemux.terminal.style import text_width

GREETING_MS = 5_000


class Viewers:
    """All attached clients. Implements `effect_runner.ViewersPort`. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        surface: Surface,
        clock: Clock,
        frame_rate_hz: Callable[[], int],
        sizes_changed: Callable[[], None],
        came: Callable[[SessionId], None],
        happened: Callable[[str, SessionId, str], None],
        last_screens: LastScreensPort,
        greeting: Callable[[], Sequence[str]],
        control: ControlPort,
    ) -> None:
        """`happened` is called with the name of a hook when a client comes, goes, is resized or shows another
        session.

        `last_screens`: the source of previews in lists. `greeting`: the notices for a client that has just attached.
        """
        self._loop = loop
        self._surface = surface
        self._clock = clock
        self._frames = Frames(loop, frame_rate_hz)
        self._sizes_changed = sizes_changed
        self._came = came
        self._viewers: dict[ClientId, Viewer] = {}
        self._uses = 0
        self.messages = MessageLog(
            lambda: clock.wall_ms() // 1000,
            lambda: options.get_number(
                surface.state, surface.live.option_defaults(), "message-limit"
            ),
        )
        """Messages that were shown to a client, and announcements, even those that no client has seen."""
        self._happened = happened
        self.scroll = surface.scroll
        self.scroll.connect(
            self._scrolled,
            lambda terminal: self.pane_changed(terminal, ()),
            lambda pane: mode_style(surface.state, surface.live, pane),
        )
        self.idle_begins: Callable[[], None] = lambda: None
        """Called when a client attaches, or is back after it was suspended or locked."""
        self.status_clock = StatusClock(loop, self._number, self.schedule, self._frames.schedule)
        self._shown = ShownMessages(loop, self._number, self.schedule)
        self._last_screens = last_screens
        self._greeting = greeting
        self.control = control
        control.connect(self._forget)

    def get(self, client: ClientId) -> Viewer | None:
        """The viewer. None: the client is not attached."""
        return self._viewers.get(client)

    def all(self) -> tuple[Viewer, ...]:
        """Attached clients in the order in which they attached."""
        return tuple(self._viewers.values())

    def facts(self) -> tuple[ClientFacts, ...]:
        """Attached clients in the order in which they attached."""
        return tuple(viewer.facts() for viewer in self._viewers.values())

    def used(self, viewer: Viewer) -> None:
        """A user types in the client, or has changed its size."""
        self._uses += 1
        viewer.used = self._uses
        viewer.used_at = self._loop.time()
        viewer.activity_s = self._clock.wall_ms() // 1000

    def typed(self, viewer: Viewer) -> None:
        """A user types in the client, so its size may decide the sizes of windows now."""
        latest = viewer.used == self._uses
        self.used(viewer)
        if not latest:
            self._sizes_changed()

    # Attaching and detaching

    def attach(self, requester: Requester, effect: ef.Attach) -> None:
        """Attach the requesting client. A client that is attached already shows the session instead."""
        if effect.detach_others:
            for viewer in others(self._viewers.values(), effect.session, effect.client):
                self.detach(ef.Detach(viewer.client))
        attached = self._viewers.get(effect.client)
        if attached is not None:
            attached.change_flags(effect.flags)
            self.switch(effect.client, effect.session)
            return
        client = checked(requester)
        flags = changed(NO_FLAGS, effect.flags, control=client.command.control)
        self.add(client.connection, client.command, effect.session, flags)

    def add(
        self,
        connection: Connection,
        command: CommandMessage,
        session: SessionId,
        flags: ClientFlags = NO_FLAGS,
    ) -> Viewer:
        """Make a viewer of a connection whose client has a terminal, or is a control client."""
        now_s, surface = self._clock.wall_ms() // 1000, self._surface
        make = self.control.viewer if command.control else Viewer
        viewer = make(connection, command, session, surface, now_s, flags)
        self._viewers[viewer.client] = viewer
        self.used(viewer)
        self.idle_begins()
        connection.attached(self._token(viewer), *viewer.terminal.abilities.around())
        viewer.begin()
        viewer.ask(self._loop.time())
        self.status_clock.begin(viewer)
        self._came(session)
        self._happened("client-attached", session, viewer.name)
        self.control.shows(viewer)
        self._sizes_changed()
        if viewer.draws:
            self._greet(viewer)
        self.schedule(viewer)
        return viewer

    def _greet(self, viewer: Viewer) -> None:
        """Show the notices for a client that has just attached: in the status line, or if several do not fit, on a
        page."""
        notices = self._greeting()
        text = "; ".join(notices)
        if len(notices) > 1 and text_width(text) > viewer.columns:
            for notice in notices:
                self.messages.add(f"{viewer.name} message: {notice}")
            self.overlay(notice_page(viewer.client, notices, viewer.columns))
        elif text:
            self.message(viewer, text, GREETING_MS)

    def _token(self, viewer: Viewer) -> bytes:
        places = self._surface.scroll.places()
        return resume_token.encode(viewer.session, flags=viewer.flags, scrolled=places)

    def _scrolled(self) -> None:
        """A pane shows another part of its history. Update the resume tokens, so that a client shows it again after a
        reconnect."""
        for viewer in self._viewers.values():
            viewer.connection.resume_as(self._token(viewer))

    def resume(self, connection: Connection, command: CommandMessage, session: SessionId) -> Viewer:
        """Attach a client again that was attached to the previous server."""
        wanted = resume_token.decode(command.resume)
        viewer = self.add(connection, command, session, wanted.flags)
        for pane, rows in wanted.scrolled:
            terminal = self._surface.panes.get(pane)
            if terminal is not None:
                self._surface.scroll.put(terminal, rows)
        return viewer

    def switch(self, client: ClientId, session: SessionId) -> None:
        """Let the client show another session."""
        viewer = self._viewers.get(client)
        if viewer is None:
            return
        if viewer.session == session:
            self.control.shows(viewer)
            return
        viewer.last_session, viewer.session = viewer.session, session
        viewer.connection.resume_as(self._token(viewer))
        viewer.repaint()
        self.status_clock.begin(viewer)
        self._came(session)
        self._happened("client-session-changed", session, viewer.name)
        self.control.shows(viewer)
        self._sizes_changed()
        self.schedule(viewer)

    def detach(self, effect: ef.Detach) -> None:
        """Restore the client's terminal and detach the client."""
        viewer = self._viewers.get(effect.client)
        if viewer is not None:
            self._forget(viewer)
            viewer.detach(effect)

    def lend(self, effect: ef.SuspendClient | ef.LockClient) -> None:
        """Let the client use its terminal for something else for a while."""
        viewer = self._viewers.get(effect.client)
        if viewer is not None:
            viewer.lend(effect)

    def _forget(self, viewer: Viewer) -> None:
        """The client is no longer attached."""
        self._viewers.pop(viewer.client, None)
        self.status_clock.end(viewer.client)
        viewer.abandon()
        self._frames.cancel(viewer)
        self.control.left(viewer)
        self.give_colours()
        self._happened("client-detached", viewer.session, viewer.name)
        self._sizes_changed()

    def give_colours(self) -> None:
        """Give the panes the colours of the clients' terminals, as far as they are known."""
        pane_colours.update(self._viewers.values(), self._surface.panes, self._surface.state)

    def settings_changed(self, viewer: Viewer) -> None:
        """The client's flags, or the size that it has set, are different now."""
        self.used(viewer)
        viewer.connection.resume_as(self._token(viewer))
        self._sizes_changed()

    def closed(self, connection: Connection) -> None:
        """The connection is closed: the client was killed, its terminal was closed, or it was too slow."""
        viewer = self._viewers.get(connection.client)
        if viewer is not None:
            self._forget(viewer)

    def end_all(self, text: str) -> None:
        """Detach all clients."""
        for viewer in list(self._viewers.values()):
            self._forget(viewer)
            viewer.leave(text)

    def resized(self, connection: Connection, columns: int, rows: int) -> None:
        """The client's terminal has a new size."""
        viewer = self._viewers.get(connection.client)
        if viewer is not None and columns and rows:
            viewer.resize(columns, rows)
            self.used(viewer)
            viewer.repaint()
            self._happened("client-resized", viewer.session, viewer.name)
            self._sizes_changed()
            self.schedule(viewer)

    # Changes

    def published(
        self, before: ServerState, after: ServerState, events: Sequence[AnyEvent]
    ) -> None:
        """Follow one transaction: viewers of closed sessions switch or leave, the others are drawn again."""
        if before.panes.keys() != after.panes.keys():
            self.give_colours()
        self.status_clock.published(events)
        for viewer in list(self._viewers.values()):
            session = after.sessions.get(viewer.session)
            if session is None:
                other = next_session(after, self._surface.live, viewer.last_session)
                if other is None:
                    self._forget(viewer)
                    viewer.leave("[exited]")
                else:
                    self.switch(viewer.client, other)
                continue
            viewer.dirty = True
            self.schedule(viewer)

    def pane_changed(self, terminal: PaneTerminal, events: Sequence[Event]) -> None:
        """The pane's screen has changed. `events` happened during the change."""
        for event in events:
            if isinstance(event, ClipboardWrite):
                self.copied(terminal.id, event.data)
        for viewer in self._viewers.values():
            shows = viewer.shows(terminal.id)
            for event in events:
                self._pass_on(viewer, terminal.id, event, shows=shows)
            if shows:
                viewer.dirty = True
                self._frames.changed(viewer, terminal)
        # The echo is expected until a synchronized update that contains it is complete.
        if terminal.echo_awaited:
            terminal.echo_awaited = terminal.emulator.modes.synchronized_output

    def _pass_on(self, viewer: Viewer, pane: PaneId, event: Event, *, shows: bool) -> None:
        if isinstance(event, TitleChanged):
            viewer.dirty = True
        elif shows:
            self._frames.pass_on(viewer, viewer.passed_on(pane, event))

    def of_session(self, session: SessionId) -> list[Viewer]:
        """The clients that show the session."""
        return [viewer for viewer in self._viewers.values() if viewer.session == session]

    # Frames

    def _number(self, viewer: Viewer, option: str) -> int:
        state, defaults = self._surface.state, self._surface.live.option_defaults()
        return options.get_number(state, defaults, option, session=viewer.current_session())

    def refresh(self, client: ClientId | None) -> None:
        """Draw one client, or all, completely."""
        for viewer in list(self._viewers.values()):
            if client is None or viewer.client == client:
                viewer.repaint()
                self.schedule(viewer)

    def touch_all(self) -> None:
        """Something that all status lines may show has changed."""
        for viewer in self._viewers.values():
            self._drawn_anew(viewer)

    def schedule(self, viewer: Viewer) -> None:
        """Draw soon: at once if the last frame is long ago, else when the next is due. The commands of the status line
        may run again for this frame. Nothing happens if nothing is to be drawn: a key that only a program reads does not
        make the status line again."""
        if viewer.dirty:
            viewer.round += 1
        self._frames.schedule(viewer)

    def drained(self, connection: Connection) -> None:
        """The client has received everything: draw what it missed, as one frame."""
        viewer = self._viewers.get(connection.client)
        if viewer is not None and viewer.dirty:
            self.schedule(viewer)

    def suspended(self, connection: Connection) -> None:
        """The client is stopped: send nothing to it now."""
        viewer = self._viewers.get(connection.client)
        if viewer is not None:
            viewer.suspended = True

    def woken(self, connection: Connection, columns: int, rows: int) -> None:
        """The client runs again, and its screen is empty."""
        viewer = self._viewers.get(connection.client)
        if viewer is not None:
            viewer.suspended = False
            self.used(viewer)
            self.idle_begins()
            viewer.begin()
            self.resized(connection, columns, rows)
            viewer.repaint()
            self.schedule(viewer)

    # Overlays and views

    def overlay(self, effect: ef.ShowMessage | ef.Choose | ef.ShowText) -> None:
        """Show a message or a page on the client."""
        viewer = self._viewers.get(effect.client)
        if viewer is None or not (viewer.draws or isinstance(effect, ef.ShowMessage)):
            return
        if isinstance(effect, ef.ShowMessage):
            self.message(viewer, effect.text, effect.duration_ms)
        else:
            cover(viewer, effect, self._last_screens, partial(self._drawn_anew, viewer))
        self._drawn_anew(viewer)

    def _drawn_anew(self, viewer: Viewer) -> None:
        viewer.dirty = True
        if viewer.client in self._viewers:
            self.schedule(viewer)

    def message(self, viewer: Viewer, text: str, duration_ms: int = 0) -> None:
        """Show a line for `duration_ms`, or as long as the option `display-time` says. show-messages lists it."""
        self.messages.add(f"{viewer.name} message: {text}")
        self._shown.show(viewer, text, duration_ms)

    def announce(self, text: str, duration_ms: int = 0) -> None:
        """Show a line on all clients, as `message` does. show-messages lists it even if no client is attached."""
        self.messages.add(text)
        for viewer in list(self._viewers.values()):
            self._shown.show(viewer, text, duration_ms)

    def copied(self, pane: PaneId, data: bytes) -> None:
        """Put a copied text on the clipboards of the clients that show the pane. It was copied by a user or by the
        program in the pane."""
        for viewer in self._viewers.values():
            if viewer.shows(pane):
                viewer.copied(data)
