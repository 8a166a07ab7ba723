"""The picture that an attached client sees: panes, borders, status line, what covers them, and the title of its terminal."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from fuguemux.formats.formats import FormatContext, TooExpensive
from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.pane_places import border_edge, shown_rectangles
from fuguemux.model.state import ServerState, Session, Window
from fuguemux.model.window_panes import floating_rectangles, is_visible, panes_in, zoomed_pane
from fuguemux.options import options
from fuguemux.options.derived import status_rows
from fuguemux.server.clients.drawing.mouse_places import ShownArea, shown_ranges
from fuguemux.server.clients.overlays import Page, PanesOverlay, StatusOverlay
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
from fuguemux.terminal.compose import Composer, PaneView, Scene
from fuguemux.terminal.emulator import Emulator
from fuguemux.terminal.floats import Frame
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


class Seen(NamedTuple):
    """What a client looks at, and what it has opened over it."""

    session: Session
    window: Window
    columns: int
    rows: int
    """The size of its terminal."""
    over: StatusOverlay | None
    """A message or a prompt in place of the status line."""
    page: Page | None
    over_panes: PanesOverlay | None
    facts: tuple[object, ...]
    """What the title of its terminal may show, beside the state: the status line also shows the flags."""
    flags: ClientFlags


class Picture:
    """Remembers what the client's terminal shows, and makes the bytes that bring it up to date."""

    def __init__(self, surface: Surface, client: ClientId) -> None:
        self._surface = surface
        self._client = client
        self._composer = Composer()
        self._shown: object = None
        self._status_line = WatchedStatus()
        self._border_looks = BorderLooks()
        self._title = ClientTitle()
        self._status_rows: tuple[DrawnRow, ...] = ()
        self._status_top = 0

    def repaint(self) -> None:
        """Draw everything again in the next frame."""
        self._composer.repaint()

    def disturbed(self) -> None:
        """Something else was sent to the terminal, which may have moved its cursor."""
        self._composer.disturbed()

    def forget_title(self) -> None:
        """The terminal may have another title now."""
        self._title.forget()

    def touch_status(self) -> None:
        """Compose the status line again: something that is not in the state has changed."""
        self._status_line.touch()
        self._border_looks.touch()

    def shown_area(self, session: Session, window: Window) -> ShownArea:
        """What the client shows where, for the mouse."""
        rows, ranges = len(self._status_rows), shown_ranges(self._status_rows)
        edge = border_edge(self._surface.state, window)
        top = self._status_top if rows else -1
        return ShownArea(session, window, top, rows, ranges, edge=edge)

    def window_place(self, index: int) -> tuple[int, int] | None:
        """The column and the row of the status line in which it names a window; None: in none."""
        for found in shown_ranges(self._status_rows):
            if found.kind == "window" and found.argument == index:
                return found.begin, found.row
        return None

    def frame(self, seen: Seen) -> bytes:
        """The bytes that update the client's screen. Empty if nothing has changed."""
        defaults = self._surface.live.option_defaults()
        state, session, window = self._surface.state, seen.session, seen.window
        if self._shown is not (shown := seen.page or window.id):
            self._shown = shown
            self._composer.repaint()
        modes = self._modes(window)
        status, cursor = self._status(state, seen, modes)
        top = status_line.at_top(state, defaults, session)
        look = self._border_looks.look(
            state,
            self._surface.live,
            session,
            window,
            self._client,
            modes,
            seen.facts,
        )
        scene = Scene(
            seen.columns,
            seen.rows,
            [] if seen.page is not None else self._panes(state, window, self._border_looks.frames),
            status,
            top,
            (window.layout.columns, window.layout.rows),
            look,
            options.get(state, defaults, "mouse", session=session) == "on",
            cursor,
            None if seen.over_panes is None else seen.over_panes.drawn(seen.columns, seen.rows),
        )
        frame = (
            self._page_frame(scene, seen.page)
            if seen.page is not None
            else self._composer.compose(scene)
        )
        live = self._surface.live
        return self._title.change(state, live, session, self._client, seen.facts) + frame

    def _page_frame(self, scene: Scene, page: Page) -> bytes:
        """Rows of text over the panes, drawn like status rows above the status line."""
        height = max(1, scene.rows - len(scene.status))
        rows = page.rows(scene.columns, height)
        rows += [b""] * (height - len(rows))
        return self._composer.compose(
            scene._replace(status=[*rows[:height], *scene.status], status_at_top=True, window=None)
        )

    def _status(
        self, state: ServerState, seen: Seen, modes: tuple[tuple[int, str], ...]
    ) -> tuple[Sequence[bytes], tuple[int, int] | None]:
        """The rows of the status line, with an overlay in the last of them, and the cursor if the overlay has it."""
        live, session = self._surface.live, seen.session
        count = status_rows(state, live.option_defaults(), session)
        top = status_line.at_top(state, live.option_defaults(), session)
        rows = self._status_line.rows(
            state,
            live,
            session,
            seen.columns,
            self._client,
            count,
            self._surface.alert(),
            (*seen.facts, seen.flags, modes),
            apart=seen.over is not None and count < 2,
        )
        rows = with_short_alert(rows, count, seen.rows)
        self._status_rows = rows
        self._status_top = 0 if top else seen.rows - len(rows)
        shown = [row.content for row in rows]
        over = seen.over
        if over is None:
            return shown, None
        content, column = over.row(seen.columns, self._status_styles(state, session))
        shown = [*(shown[:-1] if count else shown), content]
        row = len(shown) - 1 if top else seen.rows - 1
        return shown, None if column is None else (column, row)

    def _modes(self, window: Window) -> tuple[tuple[int, str], ...]:
        """The modes of each pane of the window: how many, and the name of copy mode or view mode."""
        scroll, modes = self._surface.scroll, self._surface.modes
        copying = [(pane, scroll.mode(pane)) for pane in panes_in(window)]
        return tuple(
            (modes.count(pane), "" if mode is None else mode.name) for pane, mode in copying
        )

    def _status_styles(self, state: ServerState, session: Session) -> StatusStyles:
        defaults = self._surface.live.option_defaults()
        return StatusStyles(
            options.get(state, defaults, "message-style", session=session),
            options.get(state, defaults, "message-command-style", session=session),
        )

    def _panes(
        self, state: ServerState, window: Window, frames: Mapping[PaneId, Frame]
    ) -> list[PaneView]:
        views: list[PaneView] = []
        zoomed = zoomed_pane(window)
        for pane, rectangle in shown_rectangles(state, window):
            self._add_view(views, window, pane, CellRectangle(*rectangle), None)
        for pane, rectangle in reversed(tuple(floating_rectangles(window))):
            if zoomed is None or (pane != zoomed and is_visible(window, pane)):
                frame = frames.get(pane, Frame())
                self._add_view(views, window, pane, CellRectangle(*rectangle), frame)
        return views

    def _add_view(
        self,
        views: list[PaneView],
        window: Window,
        pane: PaneId,
        place: CellRectangle,
        frame: Frame | None,
    ) -> None:
        terminal = self._surface.panes.get(pane)
        if terminal is None:
            return
        emulator: Emulator = terminal.emulator
        scroll = self._surface.modes.view(terminal) or self._surface.scroll.view(terminal)
        views.append(PaneView(place, emulator, pane == window.active, scroll, frame))


def with_short_alert(rows: tuple[DrawnRow, ...], count: int, height: int) -> tuple[DrawnRow, ...]:
    """`rows` without those of an alert that cover more than a third of the panes of a small client. `count`: the rows of
    the status line, which come behind those of the alert. `height`: the rows of the client's terminal.
    """
    above = len(rows) - count
    room = max(0, (height - count - 1) // 3)
    return rows if above <= room else (*rows[:room], *rows[above:])


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
