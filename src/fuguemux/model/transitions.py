"""The steps of `model.apply`: what each kind of event does to sessions, windows, panes and options. Used only by
`model.apply`.
"""

from msgspec.structs import replace

from fuguemux.model import events as ev
from fuguemux.model.floating import raised
from fuguemux.model.floating_transitions import placed, with_places_kept
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import Layout, panes_of
from fuguemux.model.lookups import (
    EventRefused,
    pane_of,
    session_of,
    window_of,
    with_pane,
    with_session,
    with_window,
    without_panes,
)
from fuguemux.model.state import (
    Life,
    Link,
    Options,
    Pane,
    ProcessExit,
    Ran,
    ServerState,
    Session,
    Window,
    link_of,
)
from fuguemux.model.window_panes import panes_in


def session_created(state: ServerState, event: ev.SessionCreated) -> ServerState:
    if event.session in state.sessions:
        raise EventRefused(f"session ${event.session} exists")
    if any(session.name == event.name for session in state.sessions.values()):
        raise EventRefused(f"duplicate session: {event.name}")
    session = Session(
        event.session,
        event.name,
        event.cwd,
        event.created_ms,
        environment=event.environment,
        options=event.options,
        group=event.group,
    )
    state = replace(state, next_session=max(state.next_session, event.session + 1))
    return with_session(state, session)


def session_destroyed(state: ServerState, session: SessionId) -> ServerState:
    for link in session_of(state, session).links:
        state = unlinked(state, session, link.index)
    return replace(state, sessions={s: v for s, v in state.sessions.items() if s != session})


def linked(state: ServerState, session: SessionId, index: int, window: WindowId) -> ServerState:
    before = session_of(state, session)
    if link_of(before, index) is not None:
        raise EventRefused(f"index in use: {index}")
    links = tuple(sorted((*before.links, Link(index, window)), key=lambda link: link.index))
    active = before.active if before.links else index
    return with_session(state, replace(before, links=links, active=active))


def window_created(state: ServerState, event: ev.WindowCreated) -> ServerState:
    if event.window in state.windows or event.pane in state.panes:
        raise EventRefused(f"window @{event.window} or pane %{event.pane} exists")
    if panes_of(event.layout) != (event.pane,):
        raise EventRefused(f"the layout of a new window is not its pane %{event.pane}")
    window = Window(
        event.window, event.name, event.layout, event.pane, event.created_ms, options=event.options
    )
    pane = Pane(
        event.pane, event.window, event.argv, event.cwd, event.environment, event.created_ms
    )
    state = replace(
        state,
        next_window=max(state.next_window, event.window + 1),
        next_pane=max(state.next_pane, event.pane + 1),
    )
    state = with_pane(with_window(state, window), pane)
    return linked(state, event.session, event.index, event.window)


def unlinked(state: ServerState, session: SessionId, index: int) -> ServerState:
    before = session_of(state, session)
    link = link_of(before, index)
    if link is None:
        raise EventRefused(f"no window at index {index} of ${session}")
    links = tuple(other for other in before.links if other.index != index)
    last = tuple(other for other in before.last if other != index)
    active = before.active
    if active == index and links:
        if last:
            active, last = last[0], last[1:]
        else:
            below = [other.index for other in links if other.index < index]
            active = below[-1] if below else links[0].index
    state = with_session(state, replace(before, links=links, active=active, last=last))
    return drop_unlinked_window(state, link.window)


def drop_unlinked_window(state: ServerState, window: WindowId) -> ServerState:
    for session in state.sessions.values():
        if any(link.window == window for link in session.links):
            return state
    gone = tuple(p for p, pane in state.panes.items() if pane.window == window)
    state = replace(state, windows={w: v for w, v in state.windows.items() if w != window})
    return without_panes(state, gone)


def window_moved(state: ServerState, session: SessionId, index: int, to: int) -> ServerState:
    before = session_of(state, session)
    link = link_of(before, index)
    if link is None or link_of(before, to) is not None:
        raise EventRefused(f"cannot move window {index} of ${session} to {to}")
    links = [other for other in before.links if other.index != index]
    links.append(Link(to, link.window))
    after = replace(
        before,
        links=tuple(sorted(links, key=lambda other: other.index)),
        active=to if before.active == index else before.active,
        last=tuple(to if other == index else other for other in before.last),
    )
    return with_session(state, after)


def windows_swapped(state: ServerState, event: ev.WindowsSwapped) -> ServerState:
    first = link_of(session_of(state, event.session), event.index)
    second = link_of(session_of(state, event.other_session), event.other_index)
    if first is None or second is None:
        raise EventRefused("no window to swap with")
    for session, index, window in (
        (event.session, event.index, second.window),
        (event.other_session, event.other_index, first.window),
    ):
        before = session_of(state, session)
        links = tuple(Link(index, window) if link.index == index else link for link in before.links)
        state = with_session(state, replace(before, links=links))
    return state


def window_selected(state: ServerState, session: SessionId, index: int) -> ServerState:
    before = session_of(state, session)
    if link_of(before, index) is None:
        raise EventRefused(f"no window at index {index} of ${session}")
    if before.active == index:
        return state
    earlier = (before.active, *before.last)
    known = {link.index for link in before.links}
    last = tuple(dict.fromkeys(i for i in earlier if i != index and i in known))
    return with_session(state, replace(before, active=index, last=last))


def pane_added(state: ServerState, event: ev.PaneAdded) -> ServerState:
    window = window_of(state, event.window)
    if event.pane in state.panes:
        raise EventRefused(f"pane %{event.pane} exists")
    after = placed(window, event.layout, window.floating, {*panes_in(window), event.pane})
    pane = Pane(
        event.pane,
        event.window,
        event.argv,
        event.cwd,
        event.environment,
        event.created_ms,
        options=event.options,
    )
    state = replace(state, next_pane=max(state.next_pane, event.pane + 1))
    state = with_window(state, replace(after, zoomed=False))
    return with_pane(with_places_kept(state, window, after), pane)


def pane_taken(
    state: ServerState, window_id: WindowId, pane: PaneId, layout: Layout
) -> ServerState:
    """Remove the pane from the window. The pane itself stays in the state."""
    window = window_of(state, window_id)
    if pane_of(state, pane).window != window_id:
        raise EventRefused(f"pane %{pane} is not in @{window_id}")
    left = set(panes_in(window)) - {pane}
    if not left:
        raise EventRefused(f"pane %{pane} is the only one of @{window_id}")
    after = placed(window, layout, window.floating, left)
    last = tuple(other for other in window.last if other != pane)
    active = window.active
    if active == pane:
        active, last = (last[0], last[1:]) if last else (panes_of(layout)[0], ())
    state = with_window(state, replace(after, active=active, last=last, zoomed=False))
    return with_places_kept(state, window, after)


def pane_moved(state: ServerState, event: ev.PaneMoved) -> ServerState:
    target = window_of(state, event.target)
    pane = pane_of(state, event.pane)
    if event.source == event.target or pane.window != event.source:
        raise EventRefused(f"pane %{event.pane} cannot move to @{event.target}")
    after = placed(target, event.target_layout, target.floating, {*panes_in(target), event.pane})
    if event.source_layout is not None:
        state = pane_taken(state, event.source, event.pane, event.source_layout)
    elif panes_in(window_of(state, event.source)) != (event.pane,):
        raise EventRefused(f"pane %{event.pane} is not the only one of @{event.source}")
    state = with_pane(state, replace(pane_of(state, event.pane), window=event.target))
    state = with_window(state, replace(after, zoomed=False))
    state = with_places_kept(state, target, after)
    if event.source_layout is None:
        for session in list(state.sessions.values()):
            for link in session.links:
                if link.window == event.source:
                    state = unlinked(state, session.id, link.index)
    return state


def pane_broken(state: ServerState, event: ev.PaneBroken) -> ServerState:
    if event.window in state.windows or panes_of(event.layout) != (event.pane,):
        raise EventRefused(f"pane %{event.pane} cannot become window @{event.window}")
    state = pane_taken(state, event.source, event.pane, event.source_layout)
    window = Window(event.window, event.name, event.layout, event.pane, event.created_ms)
    state = replace(state, next_window=max(state.next_window, event.window + 1))
    pane = pane_of(state, event.pane)
    state = with_pane(with_window(state, window), replace(pane, window=event.window))
    return linked(state, event.session, event.index, event.window)


def pane_activated(state: ServerState, window_id: WindowId, pane: PaneId) -> ServerState:
    window = window_of(state, window_id)
    if pane_of(state, pane).window != window_id:
        raise EventRefused(f"pane %{pane} is not in @{window_id}")
    floating = raised(window.floating, pane)
    if window.active == pane:
        if floating is window.floating:
            return state
        return with_window(state, replace(window, floating=floating))
    last = (window.active, *(other for other in window.last if other not in (pane, window.active)))
    return with_window(state, replace(window, active=pane, last=last, floating=floating))


def process_started(state: ServerState, event: ev.ProcessStarted) -> ServerState:
    pane = replace(
        pane_of(state, event.pane),
        life=Life.RUNNING,
        generation=event.generation,
        pid=event.pid,
        process_start=event.process_start,
        tty=event.tty,
        exit=None,
        foreground=(),
        pipeline=(),
        ran=Ran.COMMAND,
        jobs=(),
        instead=event.instead,
    )
    return with_pane(state, pane)


def process_exited(state: ServerState, event: ev.ProcessExited) -> ServerState:
    pane = replace(
        pane_of(state, event.pane),
        life=Life.SUSPENDED if event.suspended else Life.DEAD,
        exit=ProcessExit(event.code, event.signal, event.cause, event.at_ms),
    )
    return with_pane(state, pane)


def pane_respawned(state: ServerState, event: ev.PaneRespawned) -> ServerState:
    pane = pane_of(state, event.pane)
    pane = replace(
        pane,
        argv=event.argv or pane.argv,
        cwd=event.cwd or pane.cwd,
        environment=pane.environment if event.environment is None else event.environment,
        life=Life.STARTING,
        exit=None,
    )
    return with_pane(state, pane)


def changed_options(options: Options, name: str, value: str | None) -> Options:
    if value is None:
        return {key: kept for key, kept in options.items() if key != name}
    return {**options, name: value}


def option_set(state: ServerState, event: ev.OptionSet) -> ServerState:
    name, value = event.name, event.value
    match event.scope:
        case "server":
            changed = changed_options(state.server_options, name, value)
            return replace(state, server_options=changed)
        case "global-session":
            changed = changed_options(state.session_options, name, value)
            return replace(state, session_options=changed)
        case "global-window":
            changed = changed_options(state.window_options, name, value)
            return replace(state, window_options=changed)
        case "session":
            session = session_of(state, SessionId(event.target))
            changed = changed_options(session.options, name, value)
            return with_session(state, replace(session, options=changed))
        case "window":
            window = window_of(state, WindowId(event.target))
            changed = changed_options(window.options, name, value)
            return with_window(state, replace(window, options=changed))
        case "pane":
            pane = pane_of(state, PaneId(event.target))
            changed = changed_options(pane.options, name, value)
            return with_pane(state, replace(pane, options=changed))


def environment_set(state: ServerState, event: ev.EnvironmentSet) -> ServerState:
    session = None if event.session is None else session_of(state, event.session)
    holder = state if session is None else session
    environment = {name: value for name, value in holder.environment.items() if name != event.name}
    hidden = {name: value for name, value in holder.hidden.items() if name != event.name}
    if event.value is not None or event.removed:
        into = hidden if event.hidden else environment
        into[event.name] = None if event.removed else event.value
    if session is None:
        return replace(state, environment=environment, hidden=hidden)
    return with_session(state, replace(session, environment=environment, hidden=hidden))
