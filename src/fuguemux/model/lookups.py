"""Looks up what an event names, and puts changed values into the state. Used only by the steps of `model.apply`."""

from msgspec.structs import replace

from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.state import Pane, ServerState, Session, Window


class EventRefused(Exception):
    """The event does not fit the state: the decision was wrong, or records before it were lost."""


def session_of(state: ServerState, session: SessionId) -> Session:
    try:
        return state.sessions[session]
    except KeyError:
        raise EventRefused(f"no session ${session}") from None


def window_of(state: ServerState, window: WindowId) -> Window:
    try:
        return state.windows[window]
    except KeyError:
        raise EventRefused(f"no window @{window}") from None


def pane_of(state: ServerState, pane: PaneId) -> Pane:
    try:
        return state.panes[pane]
    except KeyError:
        raise EventRefused(f"no pane %{pane}") from None


def with_session(state: ServerState, session: Session) -> ServerState:
    return replace(state, sessions={**state.sessions, session.id: session})


def with_window(state: ServerState, window: Window) -> ServerState:
    return replace(state, windows={**state.windows, window.id: window})


def with_pane(state: ServerState, pane: Pane) -> ServerState:
    return replace(state, panes={**state.panes, pane.id: pane})


def without_panes(state: ServerState, gone: tuple[PaneId, ...]) -> ServerState:
    return replace(state, panes={p: pane for p, pane in state.panes.items() if p not in gone})
