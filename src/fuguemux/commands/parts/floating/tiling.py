"""From the layout to floating and back: `break-pane -W` and `join-pane` of a floating pane."""

from msgspec.structs import replace

from fuguemux.commands.parts.floating.places import fresh, placed
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Refused
from fuguemux.model.events import AnyEvent, PaneActivated, PanesPlaced
from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Layout, NoSpace, panes_of, remove, resize, split
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Window
from fuguemux.model.window_panes import is_floating


def floated(
    state: ServerState, live: LiveView, invocation: Invocation, source: Target
) -> tuple[AnyEvent, ...]:
    """The events that lift the source's pane out of the layout, to where it floated before if nothing else is said.
    Raises Refused.
    """
    window, pane = source.window, source.pane
    if is_floating(window, pane.id):
        raise Refused("pane is already floating")
    if window.zoomed:
        raise Refused("can't float a pane while window is zoomed")
    layout = remove(window.layout, pane.id)
    if layout is None:
        raise Refused("the last tiled pane of a window cannot float: split it first")
    entry = fresh(window, pane.id)
    if pane.floated is not None:
        x, y, columns, rows = pane.floated
        entry = replace(entry, x=x, y=y, columns=columns, rows=rows)
    entry = placed(state, live, invocation, source, replace(entry, tiled=window.layout))
    events: tuple[AnyEvent, ...] = (PanesPlaced(window.id, layout, (entry, *window.floating)),)
    if not invocation.flags.has("d"):
        events += (PaneActivated(window.id, pane.id),)
    return events


def tiled(invocation: Invocation, source: Target, pane: Floating) -> tuple[AnyEvent, ...]:
    """The events that put the floating pane back into the layout. Raises Refused."""
    window = source.window
    if window.zoomed:
        raise Refused("can't tile a pane while window is zoomed")
    try:
        layout = _returned(window, pane)
    except NoSpace:
        raise Refused("no space for a new pane") from None
    above = tuple(each for each in window.floating if each is not pane)
    events: tuple[AnyEvent, ...] = (PanesPlaced(window.id, layout, above),)
    if not invocation.flags.has("d"):
        events += (PaneActivated(window.id, pane.pane),)
    return events


def _returned(window: Window, pane: Floating) -> Layout:
    """The layout with the pane where it was, if the other tiled panes are still the same; else below the tiled pane that
    was active last. Raises NoSpace.
    """
    layout = window.layout
    if pane.tiled is not None and set(panes_of(pane.tiled)) == {*panes_of(layout), pane.pane}:
        return resize(pane.tiled, layout.columns, layout.rows)
    return split(layout, _recent(window), "column", pane.pane)


def _recent(window: Window) -> PaneId:
    order = panes_of(window.layout)
    return next((pane for pane in (window.active, *window.last) if pane in order), order[0])
