"""join-pane and move-pane: move a pane out of its window, beside another pane."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.floating.tiling import tiled
from fuguemux.commands.parts.settings import expanded
from fuguemux.commands.parts.spawning import direction, space
from fuguemux.commands.parts.zooming import unzoomed
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import INT_MAX, cells, number
from fuguemux.language.target import Target
from fuguemux.model.closing import close_windows, layout_without, never_renumber, successor
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import (
    AnyEvent,
    LayoutChanged,
    PaneActivated,
    PaneMoved,
    PanesPlaced,
    SessionDestroyed,
    WindowMoved,
    WindowSelected,
)
from fuguemux.model.floating import found
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Layout, NoSpace, remove, renamed, split
from fuguemux.model.live import LiveView
from fuguemux.model.pane_places import border_edge
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import is_floating, panes_in
from fuguemux.options.derived import renumbering
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    source = invocation.source
    target = invocation.target
    mine = found(source.window.floating, source.pane.id)
    if source.pane.id == target.pane.id:
        if mine is not None:
            return Decision(tiled(invocation, source, mine))
        raise Refused("source and target panes must be different")
    if is_floating(target.window, target.pane.id):
        raise Refused("size or position can't split a floating pane")
    size = _size(state, live, invocation, target)
    same = source.window.id == target.window.id
    joining = PaneId(state.next_pane) if same else source.pane.id
    try:
        layout = split(
            target.window.layout,
            target.pane.id,
            direction(invocation),
            joining,
            size=size,
            before=flags.has("b"),
            full=flags.has("f"),
            edge=border_edge(state, target.window),
        )
    except NoSpace:
        raise Refused("create pane failed: pane too small") from None
    events = (
        _within_window(source, layout, joining)
        if same
        else _between_windows(state, source, target, layout)
    )
    if not flags.has("d"):
        events += (PaneActivated(target.window.id, source.pane.id),)
        events += (WindowSelected(target.session.id, target.link.index),)
    if not same:
        # These events come last, because the indices above are those from before the renumbering.
        events += _renumbered(state, live, source)
    return Decision(events)


def _within_window(source: Target, layout: Layout, joining: PaneId) -> tuple[AnyEvent, ...]:
    """Move the pane out of its old cell into the cell called `joining`."""
    window, pane = source.window, source.pane.id
    above = tuple(each for each in window.floating if each.pane != pane)
    if above != window.floating:
        placed = PanesPlaced(window.id, renamed(layout, {joining: pane}), above)
        return (*unzoomed(window), placed)
    without = remove(layout, pane)
    follower = successor(window)
    assert without is not None, "the target pane remains"
    assert follower is not None, "a window with two panes has a successor"
    events: tuple[AnyEvent, ...] = (
        *unzoomed(window),
        LayoutChanged(window.id, renamed(without, {joining: pane})),
    )
    return (*events, PaneActivated(window.id, follower)) if window.active == pane else events


def _between_windows(
    state: ServerState, source: Target, target: Target, layout: Layout
) -> tuple[AnyEvent, ...]:
    left = layout_without(source.window, source.pane.id)
    moved = PaneMoved(source.pane.id, source.window.id, target.window.id, left, layout)
    if left is not None:
        return (moved,)
    closing = close_windows(state, {source.window.id}, never_renumber)
    return (moved, *(event for event in closing if isinstance(event, SessionDestroyed)))


def _renumbered(state: ServerState, live: LiveView, source: Target) -> tuple[AnyEvent, ...]:
    """The moves that renumber the session's windows if the source's window had no other pane."""
    if len(panes_in(source.window)) > 1:
        return ()
    closing = close_windows(state, {source.window.id}, renumbering(state, live.option_defaults()))
    return tuple(event for event in closing if isinstance(event, WindowMoved))


def _size(state: ServerState, live: LiveView, invocation: Invocation, target: Target) -> int | None:
    flags = invocation.flags
    along = direction(invocation)
    whole = space(state, target, along, full=flags.has("f"))
    given, per_cent = flags.value("l"), flags.value("p")
    if given is not None:
        text = expanded(state, live, invocation, given, target)
        return cells("size", text, low=0, whole=whole, percent_max=INT_MAX)
    if per_cent is not None:
        return whole * number("size", per_cent, 0, 100) // 100
    return None


COMMAND: Final = Command(
    name="join-pane",
    alias="joinp",
    flags="bdfhvp:l:s:t:",
    usage="[-bdfhv] [-l size] [-s src-pane] [-t dst-pane]",
    arguments=(0, 0),
    source=TargetFlag("s", TargetKind.PANE, default_marked=True),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Split a pane and move another pane into the new space.",
)
