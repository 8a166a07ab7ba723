"""resize-pane: move a pane's border, set its size, or zoom the pane over its window."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.floating.drag import dragged
from fuguemux.commands.parts.floating.places import changed, floating_of, resized, sized
from fuguemux.commands.parts.zooming import unzoomed
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import INT_MAX, cells, number
from fuguemux.language.target import Target
from fuguemux.model.border_drag import border_dragged
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import BeginDrag
from fuguemux.model.events import AnyEvent, LayoutChanged, PaneActivated, ZoomChanged
from fuguemux.model.layout import Direction
from fuguemux.model.live import LiveView
from fuguemux.model.pane_places import border_edge, text_rows
from fuguemux.model.pane_resizing import resize_pane, resize_pane_to
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import is_floating, panes_in
from fuguemux.targets.declaration import TargetFlag, TargetKind
from fuguemux.targets.targets import pane_target

_MOVES: Final[tuple[tuple[str, Direction, int], ...]] = (
    ("L", "row", -1),
    ("R", "row", 1),
    ("U", "column", -1),
    ("D", "column", 1),
)


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    if flags.has("T"):
        raise Refused("resize-pane -T is not supported: use clear-history, or send-keys -R")
    if flags.has("M"):
        return dragged(state, live, invocation, moves=False) or _dragged(state, live, invocation)
    if flags.has("Z"):
        return Decision(zoom_toggled(target))
    window, pane = target.window, target.pane.id
    if is_floating(window, pane):
        return Decision((*unzoomed(window), *_floating_resized(invocation, target)))
    adjustment = 1
    if invocation.arguments:
        adjustment = number("adjustment", invocation.arguments[0], 1, INT_MAX)
    layout, edge = window.layout, border_edge(state, window)
    width, height = flags.value("x"), flags.value("y")
    if width is not None:
        size = cells("width", width, low=0, whole=layout.columns)
        layout = resize_pane_to(layout, pane, "row", size, edge=edge)
    if height is not None:
        size = cells("height", height, low=0, whole=layout.rows) + text_rows(state, window, pane)
        layout = resize_pane_to(layout, pane, "column", size, edge=edge)
    for letter, direction, sign in _MOVES:
        if flags.has(letter):
            layout = resize_pane(layout, pane, direction, sign * adjustment, edge=edge)
            break
    events = unzoomed(window)
    if layout != window.layout:
        events += (LayoutChanged(window.id, layout),)
    return Decision(events)


def _floating_resized(invocation: Invocation, target: Target) -> tuple[AnyEvent, ...]:
    flags, window = invocation.flags, target.window
    pane = sized(window, floating_of(target), flags.value("x"), flags.value("y"))
    text = invocation.arguments[0] if invocation.arguments else "1"
    by = number("adjustment", text, -INT_MAX, INT_MAX)
    for letter in "UDLR":
        if flags.has(letter):
            pane = resized(window, pane, letter, by)
    return changed(window, pane)


def _dragged(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    """Move the border that was under the mouse to where the mouse is, and go on while its button is held."""
    mouse = invocation.request.mouse
    if mouse is None or not any(c.id == invocation.request.client for c in live.clients()):
        return Decision()
    try:
        window = pane_target(state, live, invocation.request, "=").window
    except Refused:
        return Decision()
    layout = border_dragged(
        window.layout, mouse.in_window(before=True), mouse.in_window(), border_edge(state, window)
    )
    events: tuple[AnyEvent, ...] = ()
    if layout != window.layout:
        events = (LayoutChanged(window.id, layout),)
    return Decision(events, (BeginDrag(invocation.request.client, "resize-pane -M"),))


def zoom_toggled(target: Target) -> tuple[AnyEvent, ...]:
    """Unzoom the window, or zoom the pane and make it active. A window's only pane cannot be zoomed."""
    window = target.window
    if window.zoomed:
        return unzoomed(window)
    if len(panes_in(window)) == 1:
        return ()
    return (PaneActivated(window.id, target.pane.id), ZoomChanged(window.id, True))


COMMAND: Final = Command(
    name="resize-pane",
    alias="resizep",
    flags="DLMRTt:Ux:y:Z",
    usage="[-DLMRTUZ] [-x width] [-y height] [-t target-pane] [adjustment]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Change a pane's size, or zoom it.",
)
