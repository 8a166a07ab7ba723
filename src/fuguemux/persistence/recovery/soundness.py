"""Makes a consistent state from whatever lost log records left of it."""

from msgspec.structs import replace

from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import panes_of, remove
from fuguemux.model.layout_strings import adds_up
from fuguemux.model.state import Link, Pane, ServerState, Session, Window, link_of


def made_sound(state: ServerState) -> ServerState:
    """Return `state`, changed as little as possible to be consistent: incomplete parts are removed, unreachable ones
    linked again.
    """
    windows, panes = _windows(state)
    sessions = _sessions(state, windows)
    linked = {link.window for session in sessions.values() for link in session.links}
    orphans = [window for window in windows if window not in linked]
    next_session = max([state.next_session, *(number + 1 for number in sessions)])
    if orphans:
        number = SessionId(next_session)
        next_session += 1
        sessions[number] = _rescue(number, orphans, sessions, panes, windows)
    return replace(
        state,
        sessions=sessions,
        windows=windows,
        panes=panes,
        next_session=next_session,
        next_window=max([state.next_window, *(number + 1 for number in windows)]),
        next_pane=max([state.next_pane, *(number + 1 for number in panes)]),
    )


def _windows(state: ServerState) -> tuple[dict[WindowId, Window], dict[PaneId, Pane]]:
    """Windows whose layouts contain exactly their own panes."""
    windows: dict[WindowId, Window] = {}
    panes: dict[PaneId, Pane] = {}
    for window in state.windows.values():
        layout = window.layout
        kept: list[PaneId] = []
        whole = adds_up(layout)

        def is_mine(pane: PaneId, number: WindowId = window.id) -> bool:
            return pane in state.panes and state.panes[pane].window == number

        for pane in panes_of(window.layout):
            if is_mine(pane) and pane not in kept and pane not in panes:
                kept.append(pane)
                continue
            smaller = remove(layout, pane)
            if smaller is None:
                kept = []
                break
            layout = smaller
        if not kept or not whole:
            continue
        floating: list[Floating] = []
        for each in window.floating:
            has_cells = each.columns > 0 and each.rows > 0
            if is_mine(each.pane) and each.pane not in (*kept, *panes) and has_cells:
                floating.append(each)
                kept.append(each.pane)
        active = window.active if window.active in kept else kept[0]
        last = tuple(dict.fromkeys(p for p in window.last if p in kept and p != active))
        windows[window.id] = replace(
            window, layout=layout, active=active, last=last, floating=tuple(floating)
        )
        panes |= {pane: state.panes[pane] for pane in kept}
    return windows, panes


def _sessions(state: ServerState, windows: dict[WindowId, Window]) -> dict[SessionId, Session]:
    """Sessions that have windows, with distinct names."""
    sessions: dict[SessionId, Session] = {}
    names: set[str] = set()
    for session in state.sessions.values():
        by_index = {link.index: link for link in session.links if link.window in windows}
        if not by_index:
            continue
        links = tuple(by_index[index] for index in sorted(by_index))
        name = session.name
        while name in names:
            name += "'"
        names.add(name)
        sound = replace(session, name=name, links=links)
        if link_of(sound, sound.active) is None:
            sound = replace(sound, active=links[0].index)
        last = tuple(i for i in dict.fromkeys(sound.last) if i in by_index and i != sound.active)
        sessions[session.id] = replace(sound, last=last)
    return sessions


def _rescue(
    number: SessionId,
    orphans: list[WindowId],
    sessions: dict[SessionId, Session],
    panes: dict[PaneId, Pane],
    windows: dict[WindowId, Window],
) -> Session:
    """A session for windows that no session links any more."""
    name = "rescued"
    while any(session.name == name for session in sessions.values()):
        name += "'"
    first = panes[windows[orphans[0]].active]
    links = tuple(Link(index, window) for index, window in enumerate(orphans))
    return Session(number, name, first.cwd, first.created_ms, links)
