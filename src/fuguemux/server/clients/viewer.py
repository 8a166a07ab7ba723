"""One attached client: what it shows, what its user types, and the frames that are drawn for it."""

import asyncio
import base64
from typing import NamedTuple

from fuguemux.model import effects as ef
from fuguemux.model.client_flags import ClientFlags, changed
from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.limits import CLIENT_COLUMNS_MAX, CLIENT_ROWS_MAX
from fuguemux.model.live import ClientFacts
from fuguemux.model.state import Session, Window, current_link
from fuguemux.options import options
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.drawing.mouse_places import ShownArea
from fuguemux.server.clients.drawing.passed_on import passed_on
from fuguemux.server.clients.drawing.picture import Picture, Seen, Surface
from fuguemux.server.clients.overlays import (
    AskedQuestion,
    MessageOverlay,
    Page,
    PanesOverlay,
    StatusOverlay,
)
from fuguemux.server.clients.terminals.client_terminal import ClientTerminal
from fuguemux.terminal.compose import ENTER
from fuguemux.terminal.emulator import CLIPBOARD_BYTES_MAX, Event
from fuguemux.terminal.key_reader import KeyReader
from fuguemux.terminal.mouse import Pointer


class Drag(NamedTuple):
    """What the mouse does while its button is held: run a command at each movement, or extend a pane's selection."""

    command: str = ""
    pane: PaneId | None = None


class Viewer:
    """The state of one attached client. Belongs to the loop's thread."""

    draws = True
    """Whether it has a screen."""

    def __init__(
        self,
        connection: Connection,
        command: CommandMessage,
        session: SessionId,
        surface: Surface,
        now_s: int,
        flags: ClientFlags,
    ) -> None:
        self.connection = connection
        self.command = command
        self.session = session
        self.over_panes: PanesOverlay | None = None
        """The menu, popup or the like that lies over the panes. Only one at a time."""
        self.columns, self.rows = 80, 24
        self.resize(command.columns or 80, command.rows or 24)
        self.created_s = self.activity_s = now_s
        self.used = 0
        self.last_session: SessionId | None = None
        self.flags = flags
        self.key_table = ""
        """The table of the next key; empty: the one that the option `key-table` names."""
        self.repeats = False
        """Whether that table is valid for `repeat-time` only."""
        self.pointer = Pointer()
        self.drag: Drag | None = None
        self.suspended = False
        self.used_at = 0.0
        """When a user last typed, by the loop's clock."""
        self.overlay: StatusOverlay | None = None
        """The message that is shown."""
        self.prompt: AskedQuestion | None = None
        """The question that is asked; a message hides it until the next key."""
        self.page: Page | None = None
        self.reader = KeyReader()
        self.dirty = True
        self.round = 1
        """Changes whenever the status line is due, see Viewers.schedule."""
        self.frame_timer: asyncio.Handle | None = None
        """The timer of the frame that is due."""
        self.frame_held_by: PaneId | None = None
        """The pane whose synchronized update that frame waits for."""
        self.frame_at = -1e9
        """When the last frame was drawn, by the loop's clock."""
        self.escape_timer: asyncio.TimerHandle | None = None
        state = surface.state
        self.terminal = ClientTerminal(
            command,
            connection.terminal.message,
            options.get_array(state, "terminal-features"),
            options.get_array(state, "terminal-overrides"),
        )
        self._surface = surface
        self._picture = Picture(surface, self.client)

    @property
    def client(self) -> ClientId:
        """The client's number."""
        return self.connection.client

    @property
    def tty(self) -> str:
        """The path of its terminal."""
        return self.command.tty.decode("utf-8", "replace")

    @property
    def name(self) -> str:
        """Its name in list-clients: the path of its terminal, if it has one."""
        return self.tty or f"client-{self.command.pid}"

    @property
    def read_only(self) -> bool:
        """Whether its keys go to no program."""
        return self.flags.read_only

    def set_flags(self, flags: ClientFlags) -> None:
        """Take over new flags."""
        self.flags = flags

    def change_flags(self, text: str) -> None:
        """Change flags as `client_flags.changed` reads them."""
        self.set_flags(changed(self.flags, text, control=not self.draws))

    def facts(self) -> ClientFacts:
        """Facts about the client for commands and formats."""
        return ClientFacts(
            self.client,
            self.name,
            self.command.pid,
            self.tty,
            self.columns,
            self.rows,
            self.session,
            self.created_s,
            self.activity_s,
            term=self.command.term,
            flags=self.flags,
            key_table=self.key_table,
            environment=self.command.environment,
            used=self.used,
            window_place=self._picture.window_place,
            terminal=self.terminal.facts,
        )

    def resize(self, columns: int, rows: int) -> None:
        """Note the new size of the client's terminal. Cells beyond the limits stay empty."""
        self.columns = min(columns, CLIENT_COLUMNS_MAX)
        self.rows = min(rows, CLIENT_ROWS_MAX)
        if self.over_panes is not None and not self.over_panes.resized(self.columns, self.rows):
            self.uncover()

    def begin(self) -> None:
        """Take over the client's screen."""
        self.connection.output(self.terminal.adapted(ENTER))
        self._picture.forget_title()

    def ask(self, now: float) -> None:
        """Ask the terminal what it is."""
        if self.draws:
            self.connection.output(self.terminal.questions(now))

    def leave(
        self, text: str, *, hang_up_parent: bool = False, shell: str = "", command: str = ""
    ) -> None:
        """Give the client its screen back and print `text` there, or let it become `shell -c command`."""
        self.connection.detached(text, hang_up_parent=hang_up_parent, shell=shell, command=command)

    def detach(self, effect: ef.Detach) -> None:
        """Give the client its screen back and say which session it leaves."""
        session = self.current_session()
        name = "" if session is None else session.name
        self.leave(
            f"[detached (from session {name})]",
            hang_up_parent=effect.kill_parent,
            shell=effect.shell,
            command=effect.shell_command,
        )

    def lend(self, effect: ef.SuspendClient | ef.LockClient) -> None:
        """Let the client stop itself, or run a command that locks its terminal. It says WOKEN when it is back."""
        if self.suspended or not self.draws:
            return
        if isinstance(effect, ef.SuspendClient):
            self.connection.suspend()
        else:
            self.connection.lock(effect.command.encode("utf-8", "surrogateescape"))
        self.suspended = True

    def current_session(self) -> Session | None:
        """The session that it shows. None if the session was closed."""
        return self._surface.state.sessions.get(self.session)

    def current_window(self) -> Window | None:
        """The window that it shows."""
        session = self.current_session()
        if session is None or not session.links:
            return None
        return self._surface.state.windows.get(current_link(session).window)

    def active_pane(self) -> PaneId | None:
        """The pane that gets its keys."""
        window = self.current_window()
        return None if window is None else window.active

    def shown_area(self) -> ShownArea | None:
        """What the client shows where, for the mouse. None: it shows no window."""
        session, window = self.current_session(), self.current_window()
        if session is None or window is None:
            return None
        return self._picture.shown_area(session, window)

    def stop_escape_timer(self) -> None:
        """The user types on: what is unfinished waits anew."""
        if self.escape_timer is not None:
            self.escape_timer.cancel()
            self.escape_timer = None

    def repaint(self) -> None:
        """Draw everything again in the next frame."""
        self._picture.repaint()
        self.dirty = True

    def frame(self) -> bytes:
        """The bytes that update the client's screen. Empty if nothing has changed."""
        self.dirty = False
        session, window = self.current_session(), self.current_window()
        if session is None or window is None:
            return b""
        seen = Seen(
            session,
            window,
            self.columns,
            self.rows,
            self.overlay or self.prompt,
            self.page,
            self.over_panes,
            (self.round, self.rows, self.key_table),
            self.flags,
        )
        return self.terminal.adapted(self._picture.frame(seen))

    def touch_status(self) -> None:
        """Something that the status line may show has changed and is not in the state: compose it again."""
        self._picture.touch_status()
        self.dirty = True

    def uncover(self) -> None:
        """End what lies over the panes."""
        ended, self.over_panes = self.over_panes, None
        if ended is not None:
            self.dirty = True
            ended.ended()

    def abandon(self) -> None:
        """The client leaves: nobody answers the question any more, or uses what lies over the panes."""
        self.uncover()
        if self.prompt is not None:
            self.prompt.cancel()
            self.prompt = None

    def message(self, text: str) -> None:
        """Show a line until the next key, or until it is removed."""
        self.overlay = MessageOverlay(text)
        self.dirty = True

    def copied(self, data: bytes) -> None:
        """Put `data` on the clipboard of the client's terminal (OSC 52), unless it is longer than the limit."""
        if len(data) < CLIPBOARD_BYTES_MAX:
            sequence = b"\x1b]52;c;" + base64.b64encode(data) + b"\x07"
            self.connection.output(self.terminal.adapted(sequence))

    def passed_on(self, pane: PaneId, event: Event) -> bytes:
        """What an event in a pane that it shows says to its terminal. Empty: nothing."""
        return passed_on(event, self._surface.state, self._surface.live, pane)

    def pass_on(self, data: bytes) -> None:
        """Send what a program means for the terminal outside. It may move the terminal's cursor."""
        xterm = self.terminal.abilities.xterm
        self.connection.output(data if xterm else self.terminal.adapted(data))
        self._picture.disturbed()
        self.dirty = True

    def shows(self, pane: PaneId) -> bool:
        """Whether the pane is in the window that the client shows."""
        window = self.current_window()
        stored = self._surface.state.panes.get(pane)
        return window is not None and stored is not None and stored.window == window.id
