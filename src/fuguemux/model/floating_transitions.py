"""The steps of `model.apply` for events of floating panes. Used only by `model.apply` and its other steps."""

from msgspec.structs import replace

from fuguemux.model import events as ev
from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Layout, panes_of
from fuguemux.model.lookups import EventRefused, window_of, with_pane, with_window
from fuguemux.model.state import Pane, ServerState, Window
from fuguemux.model.window_panes import panes_in


def placed(
    window: Window, layout: Layout, floating: tuple[Floating, ...], expected: set[PaneId]
) -> Window:
    """`window` with this layout and, above it, those of `floating` that it has and the layout does not hold. Together
    these must be the panes `expected`.
    """
    tiled = panes_of(layout)
    above = tuple(each for each in floating if each.pane in expected and each.pane not in tiled)
    found = (*tiled, *(each.pane for each in above))
    if len(found) != len(set(found)) or set(found) != expected:
        raise EventRefused(f"the layout of @{window.id} does not hold its panes")
    return replace(window, layout=layout, floating=above)


def with_places_kept(state: ServerState, before: Window, after: Window) -> ServerState:
    """Note where the panes floated that float no longer."""
    if before.floating is after.floating:
        return state
    still = {each.pane for each in after.floating}
    for each in before.floating:
        pane = state.panes.get(each.pane)
        if each.pane not in still and pane is not None:
            place = (each.x, each.y, each.columns, each.rows)
            state = with_pane(state, replace(pane, floated=place))
    return state


def floating_pane_added(state: ServerState, event: ev.FloatingPaneAdded) -> ServerState:
    window = window_of(state, event.window)
    if event.pane in state.panes:
        raise EventRefused(f"pane %{event.pane} exists")
    expected = {*panes_in(window), event.pane}
    after = placed(window, window.layout, event.floating, expected)
    if len(after.floating) != len(event.floating):
        raise EventRefused(f"@{window.id} does not have all of these floating panes")
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
    return with_pane(with_window(state, replace(after, zoomed=event.zoomed)), pane)


def panes_placed(state: ServerState, event: ev.PanesPlaced) -> ServerState:
    window = window_of(state, event.window)
    after = placed(window, event.layout, event.floating, set(panes_in(window)))
    if len(after.floating) != len(event.floating):
        raise EventRefused(f"a pane of @{window.id} is tiled and floats")
    return with_places_kept(with_window(state, after), window, after)
