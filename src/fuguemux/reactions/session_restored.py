"""Restores a session of the past: the same windows, layouts, names and options, under new numbers."""

from msgspec.structs import replace

from fuguemux.model import events as ev
from fuguemux.model.decision import Decision
from fuguemux.model.events import AnyEvent
from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import Layout, leaf, panes_of, remove, renamed
from fuguemux.model.live import LiveView
from fuguemux.model.state import Pane, ServerState, Session, Window
from fuguemux.model.window_panes import panes_in


def decide(
    state: ServerState, live: LiveView, past: ServerState, session: Session
) -> tuple[Decision, dict[PaneId, PaneId]]:
    """Return the events, and for each old pane its new one. The processes are not started by this."""
    numbers = _Numbers(state, past, session)
    now = live.now_ms()
    number = SessionId(state.next_session)
    events: list[AnyEvent] = [
        ev.SessionCreated(
            number,
            free_name(state, session.name),
            session.cwd,
            now,
            session.environment,
            session.options,
        )
    ]
    made: set[WindowId] = set()
    for link in session.links:
        window = past.windows[link.window]
        if window.id in made:
            events.append(ev.WindowLinked(number, link.index, numbers.windows[window.id]))
            continue
        made.add(window.id)
        events += _window_events(past, window, number, link.index, numbers, now)
    current = (*reversed(session.last), session.active)
    known = {link.index for link in session.links}
    events += [ev.WindowSelected(number, index) for index in current if index in known]
    return Decision(tuple(events)), numbers.panes


class _Numbers:
    """New numbers for everything that is restored."""

    def __init__(self, state: ServerState, past: ServerState, session: Session) -> None:
        self.windows: dict[WindowId, WindowId] = {}
        self.panes: dict[PaneId, PaneId] = {}
        for link in session.links:
            if link.window in self.windows:
                continue
            self.windows[link.window] = WindowId(state.next_window + len(self.windows))
            for pane in panes_in(past.windows[link.window]):
                self.panes[pane] = PaneId(state.next_pane + len(self.panes))


def _window_events(
    past: ServerState,
    window: Window,
    session: SessionId,
    index: int,
    numbers: _Numbers,
    now: int,
) -> list[AnyEvent]:
    panes = panes_of(window.layout)
    first, name = past.panes[panes[0]], numbers.windows[window.id]
    layout = window.layout
    columns, rows = layout.columns, layout.rows
    events: list[AnyEvent] = [
        ev.WindowCreated(
            name,
            window.name,
            session,
            index,
            numbers.panes[first.id],
            leaf(numbers.panes[first.id], columns, rows),
            now,
            first.argv,
            first.cwd,
            first.environment,
            window.options,
        )
    ]
    # The layouts on the way: the final layout without the panes that are still to be added.
    layouts = [layout]
    for pane in reversed(panes[1:]):
        fewer = remove(layouts[-1], pane)
        assert fewer is not None, "the first pane is still in it"
        layouts.append(fewer)
    for pane, step in zip(panes[1:], reversed(layouts[:-1]), strict=True):
        events.append(_pane_event(past.panes[pane], name, renamed(step, numbers.panes), numbers))
    for each in reversed(window.floating):
        above = tuple(_renamed(f, numbers) for f in window.floating[window.floating.index(each) :])
        floats = past.panes[each.pane]
        events.append(
            ev.FloatingPaneAdded(
                name,
                numbers.panes[floats.id],
                above,
                floats.created_ms,
                floats.argv,
                floats.cwd,
                floats.environment,
                floats.options,
            )
        )
    for pane in panes_in(window):
        events += _details(past.panes[pane], numbers.panes[pane], first=pane == first.id)
    active = [pane for pane in (*reversed(window.last), window.active) if pane in numbers.panes]
    events += [ev.PaneActivated(name, numbers.panes[pane]) for pane in active]
    if window.floating:  # whatever was activated last came to the front
        events.append(
            ev.PanesPlaced(
                name,
                renamed(layout, numbers.panes),
                tuple(_renamed(each, numbers) for each in window.floating),
            )
        )
    if window.zoomed:
        events.append(ev.ZoomChanged(name, True))
    return events


def _renamed(floating: Floating, numbers: _Numbers) -> Floating:
    tiled = floating.tiled
    if tiled is not None:
        known = all(pane in numbers.panes for pane in panes_of(tiled))
        tiled = renamed(tiled, numbers.panes) if known else None
    return replace(floating, pane=numbers.panes[floating.pane], tiled=tiled)


def _pane_event(pane: Pane, window: WindowId, layout: Layout, numbers: _Numbers) -> ev.PaneAdded:
    return ev.PaneAdded(
        window,
        numbers.panes[pane.id],
        layout,
        pane.created_ms,
        pane.argv,
        pane.cwd,
        pane.environment,
        pane.options,
    )


def _details(pane: Pane, number: PaneId, *, first: bool) -> list[AnyEvent]:
    events: list[AnyEvent] = []
    if pane.title:
        events.append(ev.PaneTitled(number, pane.title))
    if first:
        events += [
            ev.OptionSet("pane", number, name, value)
            for name, value in sorted(pane.options.items())
        ]
    return events


def free_name(state: ServerState, name: str) -> str:
    """The name, or the name with a number after it if a session has that name."""
    taken = {session.name for session in state.sessions.values()}
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
