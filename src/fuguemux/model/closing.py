"""What closes together: a window with its last pane, a session with its last window. Returns events, for commands and
reactions.

What becomes current afterwards follows tmux 3.3a: the one that was current before, else the one before it in order,
wrapping around the ends.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from fuguemux.model.events import (
    AnyEvent,
    PaneActivated,
    PaneRemoved,
    SessionDestroyed,
    WindowMoved,
    WindowSelected,
    WindowUnlinked,
)
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.layout import Layout, leaf, panes_of, remove
from fuguemux.model.state import Link, ServerState, Session, Window
from fuguemux.model.window_panes import panes_in

Renumbering = Callable[[Session], int | None]
"""Returns the index from which a session's windows are renumbered after one closed (`renumber-windows`). None: they are
not.
"""


def never_renumber(_: Session) -> None:
    """Leave indices as they are."""
    return


def close_panes(
    state: ServerState, window: Window, gone: Collection[PaneId], renumbering: Renumbering
) -> tuple[AnyEvent, ...]:
    """The events that remove the panes `gone` from `window`. If these are all of its panes, the window is removed too."""
    order = panes_in(window)
    kept = [pane for pane in order if pane not in gone]
    if not kept:
        return close_windows(state, (window.id,), renumbering)
    events: list[AnyEvent] = []
    if window.active in gone and not any(pane in kept for pane in window.last):
        events.append(PaneActivated(window.id, _before(order, window.active, kept)))
    # Floating panes go first, so that none takes the place of the last tiled one that goes a moment later.
    floating = [each.pane for each in window.floating]
    window_left = window
    for pane in sorted((pane for pane in order if pane in gone), key=lambda p: p not in floating):
        layout = layout_without(window_left, pane)
        assert layout is not None, "a pane is kept"
        tiled = panes_of(layout)
        above = tuple(f for f in window_left.floating if f.pane != pane and f.pane not in tiled)
        window_left = replace(window_left, layout=layout, floating=above)
        events.append(PaneRemoved(window.id, pane, layout))
    return tuple(events)


def layout_without(window: Window, pane: PaneId) -> Layout | None:
    """The layout of `window` without `pane`. When the last tiled pane leaves, the front floating one is tiled and has the
    whole window. None: it was the window's only pane.
    """
    layout = window.layout
    if any(each.pane == pane for each in window.floating):
        return layout
    smaller = remove(layout, pane)
    if smaller is None and window.floating:
        return leaf(window.floating[0].pane, layout.columns, layout.rows)
    return smaller


def successor(window: Window) -> PaneId | None:
    """The pane that becomes active when the active one leaves: the one active before, else its neighbour. None if there
    is no other.
    """
    order = panes_in(window)
    kept = [pane for pane in order if pane != window.active]
    earlier = [pane for pane in window.last if pane in kept]
    if earlier or not kept:
        return earlier[0] if earlier else None
    return _before(order, window.active, kept)


def _before(order: Sequence[PaneId], gone: PaneId, kept: Sequence[PaneId]) -> PaneId:
    """The kept pane before `gone`, or after it if there is none before."""
    earlier = [pane for pane in order[: order.index(gone)] if pane in kept]
    return earlier[-1] if earlier else kept[0]


def close_windows(
    state: ServerState, gone: Collection[WindowId], renumbering: Renumbering
) -> tuple[AnyEvent, ...]:
    """The events that remove the windows `gone` from every session. A session without other windows is removed too."""
    events: list[AnyEvent] = []
    for _, session in sorted(state.sessions.items()):
        lost = [link.index for link in session.links if link.window in gone]
        events += close_links(session, lost, renumbering)
    return tuple(events)


def close_links(
    session: Session, lost: Collection[int], renumbering: Renumbering
) -> tuple[AnyEvent, ...]:
    """The events that unlink the windows at the indices `lost`. If these are all of its windows, the session is removed
    too.
    """
    kept = [link for link in session.links if link.index not in lost]
    if not lost:
        return ()
    if not kept:
        return (SessionDestroyed(session.id),)
    events: list[AnyEvent] = []
    if session.active in lost and not any(link.index in session.last for link in kept):
        earlier = [link.index for link in kept if link.index < session.active]
        events.append(WindowSelected(session.id, earlier[-1] if earlier else kept[-1].index))
    events += (WindowUnlinked(session.id, index) for index in sorted(lost))
    base_index = renumbering(session)
    if base_index is not None:
        events += renumbered(session, kept, base_index)
    return tuple(events)


def renumbered(session: Session, links: Iterable[Link], base_index: int) -> Iterator[WindowMoved]:
    """Moves that give the windows at `links`, in order, the indices from `base_index` up. No move meets a used index."""
    indices = [link.index for link in links]
    moves = [(index, base_index + place) for place, index in enumerate(indices)]
    down = [move for move in moves if move[1] < move[0]]
    up = [move for move in reversed(moves) if move[1] > move[0]]
    for index, to in (*up, *down):
        yield WindowMoved(session.id, index, to)
