"""One attached client: what it shows, what its user types, and the frames that are drawn for it."""

import asyncio
import base64
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from fuguemux.formats.formats import FormatContext, TooExpensive
from fuguemux.model import effects as ef
from fuguemux.model.client_flags import ClientFlags, changed
from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.layout import panes_of, rectangles
from fuguemux.model.limits import CLIENT_COLUMNS_MAX, CLIENT_ROWS_MAX
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.state import ServerState, Session, Window, current_link
from fuguemux.options import options
from fuguemux.options.derived import status_rows
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.mouse_places import ShownArea, shown_ranges
from fuguemux.server.clients.overlays import AskedQuestion, MessageOverlay, Page, StatusOverlay
from fuguemux.server.clients.passed_on import passed_on
from fuguemux.server.clients.status import status_line
from fuguemux.server.clients.status.border_looks import BorderLooks
from fuguemux.server.clients.status.titles import ClientTitle
from fuguemux.server.clients.watched import WatchedStatus
from fuguemux.server.copy.copy_mode import Styles
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.overlays.status_styles import StatusStyles
from fuguemux.server.panes.panes import Panes
from fuguemux.terminal import style
from fuguemux.terminal.borders import CellRectangle
from fuguemux.terminal.compose import ENTER, Composer, PaneView, Scene
from fuguemux.terminal.emulator import CLIPBOARD_BYTES_MAX, Emulator, Event
from fuguemux.terminal.key_reader import KeyReader
from fuguemux.terminal.mouse import Pointer
from fuguemux.terminal.styled_row import DrawnRow


class Surface(Protocol):
    """What a viewer needs from the server to draw."""

    panes: Panes
    scroll: ScrollViews
    modes: PaneModes

    @property
    def state(self) -> ServerState: ...

    @property
    def live(self) -> LiveView: ...

    def alert(self) -> str:
        """A short text for the status line about durability or recovery; empty: all is well."""
        ...


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
        self.escape_timer: object = None
        self._surface = surface
        self._composer = Composer()
        self._shown: object = None
        self._status_line = WatchedStatus()
        self._border_looks = BorderLooks()
        self._title = ClientTitle()
        self._status_rows: tuple[DrawnRow, ...] = ()
        self._status_top = 0

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
        )

    def resize(self, columns: int, rows: int) -> None:
        """Note the new size of the client's terminal. Cells beyond the limits stay empty."""
        self.columns = min(columns, CLIENT_COLUMNS_MAX)
        self.rows = min(rows, CLIENT_ROWS_MAX)

    def begin(self) -> None:
        """Take over the client's screen."""
        self.connection.output(ENTER)
        self._title.forget()

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
        rows, ranges = len(self._status_rows), shown_ranges(self._status_rows)
        return ShownArea(session, window, self._status_top if rows else -1, rows, ranges)

    def repaint(self) -> None:
        """Draw everything again in the next frame."""
        self._composer.repaint()
        self.dirty = True

    def frame(self) -> bytes:
        """The bytes that update the client's screen. Empty if nothing has changed."""
        self.dirty = False
        defaults = self._surface.live.option_defaults()
        state, session, window = self._surface.state, self.current_session(), self.current_window()
        if session is None or window is None:
            return b""
        if self._shown is not (shown := self.page or window.id):
            self._shown = shown
            self._composer.repaint()
        status, cursor = self._status(state, session, window)
        top = status_line.at_top(state, defaults, session)
        scene = Scene(
            self.columns,
            self.rows,
            [] if self.page is not None else self._panes(window),
            status,
            top,
            (window.layout.columns, window.layout.rows),
            self._border_looks.look(
                state, self._surface.live, session, window, self.client, self._modes(window)
            ),
            options.get(state, defaults, "mouse", session=session) == "on",
            cursor,
        )
        frame = self._page_frame(scene) if self.page is not None else self._composer.compose(scene)
        facts = (self.round, self.rows, self.key_table)
        return self._title.change(state, self._surface.live, session, self.client, facts) + frame

    def _page_frame(self, scene: Scene) -> bytes:
        """Rows of text over the panes, drawn like status rows above the status line."""
        assert self.page is not None
        height = max(1, self.rows - len(scene.status))
        rows = self.page.rows(self.columns, height)
        rows += [b""] * (height - len(rows))
        return self._composer.compose(
            scene._replace(status=[*rows[:height], *scene.status], status_at_top=True, window=None)
        )

    def _status(
        self, state: ServerState, session: Session, window: Window
    ) -> tuple[Sequence[bytes], tuple[int, int] | None]:
        """The rows of the status line, with an overlay in the last of them, and the cursor if the overlay has it."""
        live = self._surface.live
        count = status_rows(state, live.option_defaults(), session)
        top = status_line.at_top(state, live.option_defaults(), session)
        rows = self._status_line.rows(
            state,
            live,
            session,
            self.columns,
            self.client,
            count,
            self._surface.alert(),
            (self.round, self.rows, self.key_table, self.flags, self._modes(window)),
            apart=(self.overlay or self.prompt) is not None and count < 2,
        )
        self._status_rows = rows
        self._status_top = 0 if top else self.rows - len(rows)
        shown = [row.content for row in rows]
        over = self.overlay or self.prompt
        if over is None:
            return shown, None
        content, column = over.row(self.columns, self._status_styles(state, session))
        shown = [*(shown[:-1] if count else shown), content]
        row = len(shown) - 1 if top else self.rows - 1
        return shown, None if column is None else (column, row)

    def _modes(self, window: Window) -> tuple[tuple[int, str], ...]:
        """The modes of each pane of the window: how many, and the name of copy mode or view mode."""
        scroll, modes = self._surface.scroll, self._surface.modes
        copying = [(pane, scroll.mode(pane)) for pane in panes_of(window.layout)]
        return tuple(
            (modes.count(pane), "" if mode is None else mode.name) for pane, mode in copying
        )

    def touch_status(self) -> None:
        """Something that the status line may show has changed and is not in the state: compose it again."""
        self._status_line.touch()
        self.dirty = True

    def _status_styles(self, state: ServerState, session: Session) -> StatusStyles:
        defaults = self._surface.live.option_defaults()
        return StatusStyles(
            options.get(state, defaults, "message-style", session=session),
            options.get(state, defaults, "message-command-style", session=session),
        )

    def cancel_prompt(self) -> None:
        """The client leaves: nobody answers the question any more."""
        if self.prompt is not None:
            self.prompt.cancel()
            self.prompt = None

    def _panes(self, window: Window) -> list[PaneView]:
        views: list[PaneView] = []
        whole = CellRectangle(0, 0, window.layout.columns, window.layout.rows)
        for pane, rectangle in rectangles(window.layout):
            if window.zoomed and pane != window.active:
                continue
            terminal = self._surface.panes.get(pane)
            if terminal is None:
                continue
            place = whole if window.zoomed else CellRectangle(*rectangle)
            emulator: Emulator = terminal.emulator
            scroll = self._surface.modes.view(terminal) or self._surface.scroll.view(terminal)
            views.append(PaneView(place, emulator, pane == window.active, scroll))
        return views

    def message(self, text: str) -> None:
        """Show a line until the next key, or until it is removed."""
        self.overlay = MessageOverlay(text)
        self.dirty = True

    def copied(self, data: bytes) -> None:
        """Put `data` on the clipboard of the client's terminal (OSC 52), unless it is longer than the limit."""
        if len(data) < CLIPBOARD_BYTES_MAX:
            self.connection.output(b"\x1b]52;c;" + base64.b64encode(data) + b"\x07")

    def passed_on(self, pane: PaneId, event: Event) -> bytes:
        """What an event in a pane that it shows says to its terminal. Empty: nothing."""
        return passed_on(event, self._surface.state, self._surface.live, pane)

    def pass_on(self, data: bytes) -> None:
        """Send what a program means for the terminal outside. It may move the terminal's cursor."""
        self.connection.output(data)
        self._composer.disturbed()
        self.dirty = True

    def shows(self, pane: PaneId) -> bool:
        """Whether the pane is in the window that the client shows."""
        window = self.current_window()
        stored = self._surface.state.panes.get(pane)
        return window is not None and stored is not None and stored.window == window.id


def mode_style(state: ServerState, live: LiveView, pane: PaneId) -> tuple[Styles, bool]:
    """The style of copy mode in a pane, and whether the pane uses vi keys."""
    stored = state.panes.get(pane)
    window = None if stored is None else state.windows.get(stored.window)

    def sgr(option: str) -> bytes:
        text = options.get(state, live.option_defaults(), option, window=window)
        context = FormatContext(
            state, live, window=None if window is None else window.id, pane=pane
        )
        try:
            return status_line.expanded_style(text, context).sgr()
        except TooExpensive:
            return style.DEFAULT.sgr()

    match, current = sgr("copy-mode-match-style"), sgr("copy-mode-current-match-style")
    vi = options.get(state, live.option_defaults(), "mode-keys", window=window) == "vi"
    return Styles(match, current, sgr("mode-style"), sgr("copy-mode-mark-style")), vi
