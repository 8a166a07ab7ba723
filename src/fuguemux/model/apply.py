"""The transition function: the state after an event, both while serving and in replay.

Deterministic and pure: no clock, no randomness, no I/O. `apply` is strict: an event that does not fit the state is
refused, so that the log never contains one. `apply_after_gap` is for replay behind lost records: if an event refers to
something unknown, that gets a tombstone, or the event is skipped. It never raises.
"""

from typing import assert_never

from msgspec.structs import replace

from fuguemux.model import events as ev
from fuguemux.model.floating_transitions import floating_pane_added, panes_placed
from fuguemux.model.following import links_followed
from fuguemux.model.layout import Layout, panes_of, remove
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
from fuguemux.model.state import Channel, Life, Pane, ServerState
from fuguemux.model.transitions import (
    environment_set,
    linked,
    option_set,
    pane_activated,
    pane_added,
    pane_broken,
    pane_moved,
    pane_respawned,
    pane_taken,
    process_exited,
    process_started,
    session_created,
    session_destroyed,
    unlinked,
    window_created,
    window_moved,
    window_selected,
    windows_swapped,
)
from fuguemux.model.window_panes import panes_in

__all__ = ["EventRefused", "apply", "apply_after_gap"]


def apply(state: ServerState, event: ev.AnyEvent) -> ServerState:
    """Return the state after `event`. Raises EventRefused if the event does not fit."""
    match event:
        case ev.SessionCreated():
            return session_created(state, event)
        case ev.SessionRenamed(session, name):
            if any(s.name == name and s.id != session for s in state.sessions.values()):
                raise EventRefused(f"duplicate session: {name}")
            return with_session(state, replace(session_of(state, session), name=name))
        case ev.SessionGrouped(session, group):
            return with_session(state, replace(session_of(state, session), group=group))
        case ev.LinksFollowed():
            return links_followed(state, event)
        case ev.SessionDestroyed(session):
            return session_destroyed(state, session)
        case ev.WindowCreated():
            return window_created(state, event)
        case ev.WindowLinked(session, index, window):
            window_of(state, window)
            return linked(state, session, index, window)
        case ev.WindowUnlinked(session, index):
            return unlinked(state, session, index)
        case ev.WindowMoved(session, index, to):
            return window_moved(state, session, index, to)
        case ev.WindowsSwapped():
            return windows_swapped(state, event)
        case ev.WindowSelected(session, index):
            return window_selected(state, session, index)
        case ev.WindowRenamed(window, name):
            return with_window(state, replace(window_of(state, window), name=name))
        case ev.PaneAdded():
            return pane_added(state, event)
        case ev.PaneRemoved(window, pane, layout):
            state = pane_taken(state, window, pane, layout)
            return without_panes(state, (pane,))
        case ev.PaneMoved():
            return pane_moved(state, event)
        case ev.PaneBroken():
            return pane_broken(state, event)
        case ev.LayoutChanged(window, layout):
            before = window_of(state, window)
            if sorted(panes_of(layout)) != sorted(panes_of(before.layout)):
                raise EventRefused(f"another set of panes in the layout of @{window}")
            return with_window(state, replace(before, layout=layout))
        case ev.FloatingPaneAdded():
            return floating_pane_added(state, event)
        case ev.PanesPlaced():
            return panes_placed(state, event)
        case ev.PaneActivated(window, pane):
            return pane_activated(state, window, pane)
        case ev.ZoomChanged(window, zoomed):
            return with_window(state, replace(window_of(state, window), zoomed=zoomed))
        case ev.PaneTitled(pane, title):
            return with_pane(state, replace(pane_of(state, pane), title=title))
        case ev.PaneDirectoryChanged(pane, cwd):
            return with_pane(state, replace(pane_of(state, pane), cwd=cwd))
        case ev.ForegroundChanged(pane, argv, pipeline, ran, jobs):
            known = pane_of(state, pane)
            return with_pane(
                state, replace(known, foreground=argv, pipeline=pipeline, ran=ran, jobs=jobs)
            )
        case ev.ProcessStarted():
            return process_started(state, event)
        case ev.ProcessExited():
            return process_exited(state, event)
        case ev.PaneRespawned():
            return pane_respawned(state, event)
        case ev.OptionSet():
            return option_set(state, event)
        case ev.EnvironmentSet():
            return environment_set(state, event)
        case ev.ChannelChanged(name, woken, locked):
            channels = {key: kept for key, kept in state.channels.items() if key != name}
            if woken or locked:
                channels[name] = Channel(woken, locked)
            return replace(state, channels=channels)
        case ev.PipeChanged(pane, pipe):
            return with_pane(state, replace(pane_of(state, pane), pipe=pipe))
        case ev.HistoryCleared(pane) | ev.ProgramEnded(pane) | ev.OutputMissing(pane):
            pane_of(state, pane)
            return state
        case ev.BufferSet(buffer):
            others = tuple(b for b in state.buffers if b.name != buffer.name)
            count = state.next_buffer + (1 if buffer.automatic else 0)
            return replace(state, buffers=(buffer, *others), next_buffer=count)
        case ev.BufferDeleted(name):
            kept = tuple(b for b in state.buffers if b.name != name)
            if len(kept) == len(state.buffers):
                raise EventRefused(f"no buffer {name}")
            return replace(state, buffers=kept)
        case _:
            assert_never(event)


def apply_after_gap(state: ServerState, event: ev.AnyEvent) -> tuple[ServerState, bool]:
    """Return the state after `event` behind lost records, and whether the event was applied unchanged. Never raises
    EventRefused.

    For a layout with unknown panes, each of them gets a tombstone: a dead pane without a process, in a window and session
    that are created if needed, so that the layout keeps its shape. Any other event that does not fit is skipped.
    """
    try:
        return apply(state, event), True
    except EventRefused:
        pass
    if isinstance(event, ev.LayoutChanged | ev.PaneAdded | ev.PaneRemoved | ev.PanesPlaced):
        return _layout_after_gap(state, event), False
    if isinstance(event, ev.WindowCreated) and event.session not in state.sessions:
        name = _free_name(state, f"lost-{event.session}")
        created = ev.SessionCreated(event.session, name, event.cwd, event.created_ms)
        try:
            return apply(apply(state, created), event), False
        except EventRefused:
            return state, False
    return state, False


def _free_name(state: ServerState, name: str) -> str:
    taken = {session.name for session in state.sessions.values()}
    while name in taken:
        name += "'"
    return name


def _layout_after_gap(
    state: ServerState, event: ev.LayoutChanged | ev.PaneAdded | ev.PaneRemoved | ev.PanesPlaced
) -> ServerState:
    window = state.windows.get(event.window)
    if window is None:
        return state
    wanted = panes_of(event.layout)
    elsewhere = {p for p in wanted if p in state.panes and state.panes[p].window != window.id}
    layout: Layout | None = event.layout
    for pane in elsewhere:
        layout = remove(layout, pane) if layout is not None else None
    if layout is None:
        return state
    panes = dict(state.panes)
    removed = event.pane if isinstance(event, ev.PaneRemoved) else None
    floating = tuple(
        each
        for each in (event.floating if isinstance(event, ev.PanesPlaced) else window.floating)
        if each.pane not in wanted
        and each.pane != removed
        and each.pane in panes
        and panes[each.pane].window == window.id
    )
    floats = {each.pane for each in floating}
    for pane in panes_in(window):
        if pane not in wanted and pane not in floats:
            del panes[pane]
    for pane in panes_of(layout):
        if pane not in panes:
            panes[pane] = Pane(pane, window.id, (), b"", {}, 0, title="lost", life=Life.SUSPENDED)
    changed = replace(window, layout=layout, floating=floating)
    kept = panes_in(changed)
    active = window.active if window.active in kept else kept[0]
    last = tuple(p for p in window.last if p in kept and p != active)
    changed = replace(changed, active=active, last=last)
    state = replace(state, panes=panes, next_pane=max(state.next_pane, max(panes) + 1))
    return with_window(state, changed)
