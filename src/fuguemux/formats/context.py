"""The session, window, pane and client that a format is about."""

from functools import cached_property

import msgspec

from fuguemux.model.decision import Request
from fuguemux.model.ids import NOBODY, ClientId, PaneId, SessionId, WindowId
from fuguemux.model.live import (
    ClientFacts,
    ForegroundFacts,
    LiveView,
    PaneFacts,
    ScreenFacts,
    ServerFacts,
    ShellAsked,
)
from fuguemux.model.state import (
    Link,
    Pane,
    ServerState,
    Session,
    Window,
    link_of,
    sessions_with,
)
from fuguemux.model.window_panes import panes_in


class FormatContext(msgspec.Struct, frozen=True):
    """What a format is about. The variables of a part that is None expand to nothing."""

    state: ServerState
    live: LiveView
    session: SessionId | None = None
    window: WindowId | None = None
    index: int | None = None
    """The index of the window in the session; None: that of its current link there, or else of its first."""
    pane: PaneId | None = None
    client: ClientId | None = None
    about: str = ""
    """The window (`@1`) or pane (`%1`) that a loop is at."""
    status: bool = False
    """Whether this is the status line of the client, which is drawn again when a `#(command)` prints a line."""
    asker: Request | None = None
    """The command that expands the format, if its client is not `client`."""
    extra: dict[str, str] = {}
    """Additional variables. Variables of tmux with the same name win; variables of the environment do not."""


def shell_asked(context: FormatContext, command: str, expanded: str) -> ShellAsked:
    """The question for the output of `#(command)` in a format about `context`."""
    asker = context.asker
    client = context.client if asker is None else asker.client
    return ShellAsked(
        command,
        context.about,
        None if client == NOBODY else client,
        context.status,
        expanded,
        b"" if asker is None else asker.cwd,
    )


class View:
    """A context whose parts are looked up when a variable first needs them, and kept."""

    def __init__(self, context: FormatContext) -> None:
        self.context = context
        self.state = context.state
        self.live = context.live

    @cached_property
    def session(self) -> Session | None:
        """The session; if none is given, the first that has the window."""
        if self.context.session is not None:
            return self.state.sessions.get(self.context.session)
        if self.context.pane is None and self.context.window is None:
            return None
        window = self.window
        sessions = () if window is None else sessions_with(self.state, window.id)
        return sessions[0] if sessions else None

    @cached_property
    def window(self) -> Window | None:
        """The window; if none is given, that of the pane, or else the current one of the session."""
        if self.context.window is not None:
            return self.state.windows.get(self.context.window)
        if self.context.pane is not None:
            pane = self.state.panes.get(self.context.pane)
            return None if pane is None else self.state.windows.get(pane.window)
        if self.context.session is not None and self.session is not None:
            link = link_of(self.session, self.session.active)
            return None if link is None else self.state.windows.get(link.window)
        return None

    @cached_property
    def link(self) -> Link | None:
        """The link of the window in the session."""
        session, window = self.session, self.window
        if session is None or window is None:
            return None
        for index in (self.context.index, session.active):
            link = None if index is None else link_of(session, index)
            if link is not None and link.window == window.id:
                return link
        return next((link for link in session.links if link.window == window.id), None)

    @cached_property
    def pane(self) -> Pane | None:
        """The pane; if none is given, the active pane of the window."""
        if self.context.pane is not None:
            return self.state.panes.get(self.context.pane)
        return None if self.window is None else self.state.panes.get(self.window.active)

    @cached_property
    def pane_count(self) -> int:
        """How many panes the window has; 0 if there is no window."""
        return 0 if self.window is None else len(panes_in(self.window))

    @cached_property
    def client(self) -> ClientFacts | None:
        """The attached client. A client that only sent a command has no variables."""
        if self.context.client is None:
            return None
        return next((c for c in self.clients if c.id == self.context.client), None)

    @cached_property
    def clients(self) -> tuple[ClientFacts, ...]:
        return self.live.clients()

    @cached_property
    def server(self) -> ServerFacts:
        return self.live.server()

    @cached_property
    def pane_facts(self) -> PaneFacts:
        return PaneFacts() if self.pane is None else self.live.pane(self.pane.id)

    @cached_property
    def foreground(self) -> ForegroundFacts:
        return self.pane_facts.foreground()

    @cached_property
    def screen(self) -> ScreenFacts:
        return self.pane_facts.screen()

    def has(self, part: str) -> bool:
        """Whether `part` was looked up already."""
        return part in self.__dict__
