"""swap-pane: exchange two panes."""

from typing import Final

from msgspec.structs import replace

from fuguemux.commands.command import Command
from fuguemux.commands.parts.zooming import unzoomed_unless
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import (
    AnyEvent,
    LayoutChanged,
    PaneActivated,
    PaneMoved,
    PanesPlaced,
    ZoomChanged,
)
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Layout, Split, leaf, panes_of, remove, renamed
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Window
from fuguemux.model.window_panes import is_floating
from fuguemux.targets.declaration import TargetFlag, TargetKind
from fuguemux.targets.targets import pane_target


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    source = _source(state, live, invocation, target)
    keep = flags.has("Z")
    if source.pane.id == target.pane.id:
        return Decision(unzoomed_unless(source.window, keep=keep))
    if source.window.id == target.window.id:
        events = _within(source.window, source.pane.id, target.pane.id, keep=keep)
        active = _active_within(target.window, source, target, stay=flags.has("d"))
        return Decision((*events, PaneActivated(target.window.id, active)))
    if any(is_floating(side.window, side.pane.id) for side in (source, target)):
        raise Refused("a floating pane cannot be swapped with a pane of another window")
    return Decision(_between(source, target, stay=flags.has("d"), keep=keep))


def _source(state: ServerState, live: LiveView, invocation: Invocation, target: Target) -> Target:
    """The pane that `-s` names, or with -D the pane after the target, with -U the one before it, wrapping around at
    the ends."""
    flags = invocation.flags
    if not (flags.has("D") or flags.has("U")):
        # A direct call: -D and -U find the source from the target, so the row cannot declare it.
        return pane_target(state, live, invocation.request, flags.value("s"), default_marked=True)
    if is_floating(target.window, target.pane.id):
        way = "down" if flags.has("D") else "up"
        raise Refused(f"cannot swap {way} on floating pane")
    panes = panes_of(target.window.layout)
    step = 1 if flags.has("D") else -1
    beside = panes[(panes.index(target.pane.id) + step) % len(panes)]
    return target._replace(pane=state.panes[beside])


def _within(window: Window, source: PaneId, target: PaneId, *, keep: bool) -> tuple[AnyEvent, ...]:
    names = {source: target, target: source}
    layout = renamed(window.layout, names)
    floating = tuple(
        replace(each, pane=names.get(each.pane, each.pane), tiled=None) for each in window.floating
    )
    if any(is_floating(window, pane) for pane in names):
        placed = PanesPlaced(window.id, layout, floating)
        return (*unzoomed_unless(window, keep=keep), placed)
    return (*unzoomed_unless(window, keep=keep), LayoutChanged(window.id, layout))


def _active_within(window: Window, source: Target, target: Target, *, stay: bool) -> PaneId:
    """The pane that is active afterwards: the target's pane, or with `-d` the one that is now in the active cell.

    As in tmux 3.3a, `-d` leaves the source active if it was active before.
    """
    if not stay:
        return target.pane.id
    return source.pane.id if window.active == target.pane.id else window.active


def _between(source: Target, target: Target, *, stay: bool, keep: bool) -> tuple[AnyEvent, ...]:
    """Exchange panes of two windows. First a pane that has neighbours moves to the other window, then the other pane
    moves back."""
    first, second = source, target
    left = remove(first.window.layout, first.pane.id)
    if left is None:
        first, second = target, source
        left = remove(first.window.layout, first.pane.id)
    if left is None:
        raise Refused("panes that are alone in their windows cannot be swapped: use swap-window")
    goes, comes = first.pane.id, second.pane.id
    crowded = _beside(second.window.layout, goes)
    events: list[AnyEvent] = [
        PaneMoved(goes, first.window.id, second.window.id, left, crowded),
        PaneMoved(
            comes,
            second.window.id,
            first.window.id,
            renamed(second.window.layout, {comes: goes}),
            renamed(first.window.layout, {goes: comes}),
        ),
    ]
    for side, new in ((first, comes), (second, goes)):
        active = side.window.active
        if not stay or active == side.pane.id:
            active = new
        events.append(PaneActivated(side.window.id, active))
        if keep and side.window.zoomed:
            events.append(ZoomChanged(side.window.id, True))
    return tuple(events)


def _beside(layout: Layout, pane: PaneId) -> Layout:
    """`layout` and `pane` side by side in twice the width. This layout exists only between the two moves."""
    other = leaf(pane, layout.columns, layout.rows)
    return Split(2 * layout.columns + 1, layout.rows, "row", (layout, other))


COMMAND: Final = Command(
    name="swap-pane",
    alias="swapp",
    flags="dDs:t:UZ",
    usage="[-dDUZ] [-s src-pane] [-t dst-pane]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Swap two panes.",
)
