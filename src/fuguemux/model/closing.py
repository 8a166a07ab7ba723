"""What closes with what: a pane with its window, a window with its session. In events, for commands and reactions.

A window goes when its last pane goes, a session when its last window goes. What becomes current in place of what went
follows tmux 3.3a: the one that was current before, else the one before it in order, going round the ends.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

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
from fuguemux.model.layout import panes_of, remove
from fuguemux.model.state import Link, ServerState, Session, Window

Renumbering = Callable[[Session], int | None]
"""The index from which the windows of a session are numbered after one closed (`renumber-windows`), or None: not at all."""


def never_renumber(_: Session) -> None:
    """Indices stay as they are."""
    return


def close_panes(
    state: ServerState, window: Window, gone: Collection[PaneId], renumbering: Renumbering
) -> tuple[AnyEvent, ...]:
    """The events that take the panes `gone` out of `window`; all of its panes: the window goes too."""
    order = panes_of(window.layout)
    kept = [pane for pane in order if pane not in gone]
    if not kept:
        return close_windows(state, (window.id,), renumbering)
    events: list[AnyEvent] = []
    layout = window.layout
    if window.active in gone and not any(pane in kept for pane in window.last):
        events.append(PaneActivated(window.id, _before(order, window.active, kept)))
    for pane in order:
        if pane in gone:
            smaller = remove(layout, pane)
            assert smaller is not None, "a pane is kept"
            layout = smaller
            events.append(PaneRemoved(window.id, pane, layout))
    return tuple(events)


def successor(window: Window) -> PaneId | None:
    """The pane that is active when the active one leaves: the one active before, else its neighbour. None: no other."""
    order = panes_of(window.layout)
    kept = [pane for pane in order if pane != window.active]
    earlier = [pane for pane in window.last if pane in kept]
    if earlier or not kept:
        return earlier[0] if earlier else None
    return _before(order, window.active, kept)


def _before(order: Sequence[PaneId], gone: PaneId, kept: Sequence[PaneId]) -> PaneId:
    """The kept pane before `gone`, or behind it if there is none before."""
    earlier = [pane for pane in order[: order.index(gone)] if pane in kept]
    return earlier[-1] if earlier else kept[0]


def close_windows(
    state: ServerState, gone: Collection[WindowId], renumbering: Renumbering
) -> tuple[AnyEvent, ...]:
    """The events that take the windows `gone` out of every session; a session that has no others goes too."""
    events: list[AnyEvent] = []
    for _, session in sorted(state.sessions.items()):
        lost = [link.index for link in session.links if link.window in gone]
        events += close_links(session, lost, renumbering)
    return tuple(events)


def close_links(
    session: Session, lost: Collection[int], renumbering: Renumbering
) -> tuple[AnyEvent, ...]:
    """The events that unlink the windows at the indices `lost`; all of its windows: the session goes too."""
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
    """Moves that give the windows at `links`, in order, the indices from `base_index` up. No move meets a taken index."""
    indices = [link.index for link in links]
    moves = [(index, base_index + place) for place, index in enumerate(indices)]
    down = [move for move in moves if move[1] < move[0]]
    up = [move for move in reversed(moves) if move[1] > move[0]]
    for index, to in (*up, *down):
        yield WindowMoved(session.id, index, to)
