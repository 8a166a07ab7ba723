"""What each event means for hooks and for control clients, and in which order tmux tells them. Pure."""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.state import ServerState, link_of, sessions_with

_SessionEvent = (
    ev.SessionCreated
    | ev.SessionDestroyed
    | ev.SessionRenamed
    | ev.WindowCreated
    | ev.WindowLinked
    | ev.WindowUnlinked
    | ev.WindowSelected
    | ev.PaneBroken
    | ev.LinksFollowed
)
_WindowEvent = (
    ev.WindowRenamed
    | ev.LayoutChanged
    | ev.PaneAdded
    | ev.FloatingPaneAdded
    | ev.PanesPlaced
    | ev.PaneRemoved
    | ev.ZoomChanged
    | ev.PaneActivated
    | ev.PaneTitled
    | ev.PaneMoved
)
_EventWithoutHook = (
    ev.WindowMoved
    | ev.WindowsSwapped
    | ev.SessionGrouped
    | ev.PaneDirectoryChanged
    | ev.ForegroundChanged
    | ev.ProcessStarted
    | ev.ProcessExited
    | ev.PaneRespawned
    | ev.OptionSet
    | ev.EnvironmentSet
    | ev.HistoryCleared
    | ev.BufferSet
    | ev.BufferDeleted
    | ev.ProgramEnded
    | ev.PipeChanged
    | ev.ChannelChanged
    | ev.OutputMissing
)
"""Events for which tmux has no hook, and ends of processes, which `pane_ended` handles."""


class Notice(NamedTuple):
    """Something that happened and for which a hook may be set.

    The session, window and pane are what the commands of the hook are about, as far as they still exist. As in tmux, the
    variables name less: a notice about a window names no session, and one about a pane names no window.
    """

    name: str
    session: SessionId | None = None
    window: WindowId | None = None
    pane: PaneId | None = None
    variables: dict[str, str] = {}
    """With the names of that moment."""


def notices_of(
    before: ServerState, after: ServerState, events: Sequence[ev.AnyEvent]
) -> list[Notice]:
    """The notices of one transaction, in the order of tmux."""
    found = [notice for event in events for notice in _notices(before, after, event)]
    found = [
        notice
        for at, notice in enumerate(found)
        if notice.name != "session-window-changed" or notice not in found[:at]
    ]
    kinds = {type(event) for event in events}
    if ev.SessionCreated in kinds:
        return _moved(found, "window-linked", "session-created")
    if ev.WindowCreated in kinds or ev.PaneMoved in kinds:
        found = _moved(found, "session-window-changed", "window-linked")
        found = _moved(found, "session-window-changed", "window-unlinked")
    if ev.PaneMoved in kinds and found:
        return _moved(found, "window-pane-changed", found[0].name)
    if ev.PaneRemoved in kinds:
        found = _moved(found, "window-layout-changed", "window-pane-changed")
        return [notice for at, notice in enumerate(found) if notice not in found[:at]]
    if ev.PaneAdded in kinds or ev.FloatingPaneAdded in kinds:
        return _moved(found, "window-pane-changed", "window-layout-changed")
    return found


def _moved(notices: list[Notice], name: str, other: str) -> list[Notice]:
    """`notices` with those called `name` in front of the first that is called `other`."""
    at = next((i for i, notice in enumerate(notices) if notice.name == other), None)
    if at is None:
        return notices
    later = [notice for notice in notices[at:] if notice.name == name]
    return [*notices[:at], *later, *(each for each in notices[at:] if each.name != name)]


def of_session(state: ServerState, name: str, session: SessionId) -> Notice:
    """The notice of something that happened to a session."""
    return Notice(name, session, variables=_session_named(state, session))


def of_window(state: ServerState, name: str, window: WindowId) -> Notice:
    """The notice of something that happened in a window, in whichever session."""
    return Notice(name, None, window, variables=_window_named(state, window))


def of_link(state: ServerState, name: str, session: SessionId, window: WindowId) -> Notice:
    """The notice of something that happened to a window in one session."""
    named = {**_session_named(state, session), **_window_named(state, window)}
    return Notice(name, session, window, variables=named)


def of_pane(state: ServerState, name: str, pane: PaneId) -> Notice:
    """The notice of something that happened in a pane that `state` has."""
    return Notice(name, None, state.panes[pane].window, pane, {"hook_pane": f"%{pane}"})


def of_client(name: str, session: SessionId, client: str) -> Notice:
    """The notice of something that a client did that shows `session`."""
    return Notice(name, session, variables={"hook_client": client})


def _session_named(state: ServerState, session: SessionId) -> dict[str, str]:
    known = state.sessions.get(session)
    return {"hook_session": f"${session}", "hook_session_name": "" if known is None else known.name}


def _window_named(state: ServerState, window: WindowId) -> dict[str, str]:
    known = state.windows.get(window)
    return {"hook_window": f"@{window}", "hook_window_name": "" if known is None else known.name}


def _unlinked(before: ServerState, session: SessionId, window: WindowId) -> Notice:
    """The notice for an unlinked window, with the names from before, because window and session may be closed."""
    return of_link(before, "window-unlinked", session, window)


def _notices(before: ServerState, after: ServerState, event: ev.AnyEvent) -> list[Notice]:
    if isinstance(event, _EventWithoutHook):
        return []
    if isinstance(event, _SessionEvent):
        return _session_notices(before, after, event)
    return _window_notices(before, after, event)


def _broken(before: ServerState, after: ServerState, event: ev.PaneBroken) -> list[Notice]:
    source, window = event.source, event.window
    was_active = before.windows[source].active == event.pane
    return [
        *([of_window(after, "window-pane-changed", source)] if was_active else []),
        of_window(after, "window-layout-changed", source),
        of_window(after, "window-renamed", window),
        of_link(after, "window-linked", event.session, window),
    ]


def _session_notices(before: ServerState, after: ServerState, event: _SessionEvent) -> list[Notice]:
    match event:
        case ev.SessionCreated(session):
            return [of_session(after, "session-created", session)]
        case ev.SessionDestroyed(session):
            gone = before.sessions.get(session)
            links = () if gone is None else gone.links
            return [
                of_session(before, "session-closed", session),
                *(_unlinked(before, session, link.window) for link in links),
            ]
        case ev.SessionRenamed(session):
            return [of_session(after, "session-renamed", session)]
        case ev.PaneBroken():
            return _broken(before, after, event)
        case ev.WindowCreated() | ev.WindowLinked():
            return [of_link(after, "window-linked", event.session, event.window)]
        case ev.WindowUnlinked(session, index):
            old = before.sessions.get(session)
            links = () if old is None else old.links
            current = link_of(old, old.active) if old is not None else None
            chosen = current is not None and current.index == index and session in after.sessions
            return [
                *([of_session(after, "session-window-changed", session)] if chosen else []),
                *(_unlinked(before, session, link.window) for link in links if link.index == index),
            ]
        case ev.LinksFollowed(session, links, _, _):
            known = before.sessions.get(session)
            kept = {link.window for link in links}
            lost = [] if known is None else [x for x in known.links if x.window not in kept]
            return [_unlinked(before, session, link.window) for link in lost]
        case ev.WindowSelected(session):
            was, now = before.sessions.get(session), after.sessions.get(session)
            changed = was is not None and now is not None and was.active != now.active
            return [of_session(after, "session-window-changed", session)] if changed else []
        case _:
            assert_never(event)


def _window_notices(before: ServerState, after: ServerState, event: _WindowEvent) -> list[Notice]:
    match event:
        case ev.WindowRenamed(window):
            return [of_window(after, "window-renamed", window)]
        case ev.LayoutChanged(window):
            old, new = before.windows.get(window), after.windows.get(window)
            notices = [of_window(after, "window-layout-changed", window)]
            if old is not None and new is not None:
                sizes = [(w.layout.columns, w.layout.rows) for w in (old, new)]
                if sizes[0] != sizes[1]:
                    notices.append(of_window(after, "window-resized", window))
            return notices
        case ev.PaneRemoved(window):
            layout = of_window(after, "window-layout-changed", window)
            there = window in before.windows and window in after.windows
            if there and before.windows[window].active != after.windows[window].active:
                return [layout, of_window(after, "window-pane-changed", window)]
            return [layout]
        case (
            ev.PaneAdded(window)
            | ev.FloatingPaneAdded(window)
            | ev.PanesPlaced(window)
            | ev.ZoomChanged(window)
        ):
            return [of_window(after, "window-layout-changed", window)]
        case ev.PaneMoved(_, source, target, left, _):
            layout = of_window(after, "window-layout-changed", target)
            if left is not None:
                return [of_window(after, "window-layout-changed", source), layout]
            gone = sessions_with(before, source)
            return [*(_unlinked(before, session.id, source) for session in gone), layout]
        case ev.PaneActivated(window, pane):
            changed = window in before.windows and before.windows[window].active != pane
            return [of_window(after, "window-pane-changed", window)] if changed else []
        case ev.PaneTitled(pane):
            if pane not in after.panes:
                return []
            return [of_pane(after, "pane-title-changed", pane)]
        case _:
            assert_never(event)
