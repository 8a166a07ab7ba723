"""Placing a window in a session, for link-window, move-window and break-pane."""

import msgspec

from fuguemux.commands.parts import spawning
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.closing import Renumbering, close_links, renumbered
from fuguemux.model.decision import Refused
from fuguemux.model.events import (
    AnyEvent,
    WindowLinked,
    WindowMoved,
    WindowSelected,
    WindowUnlinked,
)
from fuguemux.model.live import LiveView
from fuguemux.model.state import Link, ServerState, Session, link_of


class WindowPlace(msgspec.Struct, frozen=True):
    """A place for a window in a session. The index None means the next free one. `moves` make room."""

    session: Session
    index: int | None
    moves: tuple[WindowMoved, ...]

    def links(self) -> tuple[Link, ...]:
        """The session's links after the moves, in index order."""
        moved = {move.index: move.to for move in self.moves}
        links = (Link(moved.get(old.index, old.index), old.window) for old in self.session.links)
        return tuple(sorted(links, key=lambda link: link.index))

    def now_at(self, index: int) -> int:
        """The index after the moves of the window that was at `index`."""
        return spawning.moved_index(index, self.moves)


def place_for(invocation: Invocation) -> WindowPlace:
    """The place that `-t` names; with `-a` the one behind it, with `-b` the one before it. Raises Refused: no free index."""
    flags = invocation.flags
    session, index = invocation.target.session, invocation.window_index
    if not (flags.has("a") or flags.has("b")):
        return WindowPlace(session, index, ())
    taken = index is not None and link_of(session, index) is not None
    beside = index if taken and index is not None else session.active
    at, moves = spawning.room_made(session, beside, before=flags.has("b"))
    return WindowPlace(session, at, moves)


def linked(
    state: ServerState,
    live: LiveView,
    source: Target,
    place: WindowPlace,
    *,
    kill: bool,
    select: bool,
) -> tuple[tuple[AnyEvent, ...], int]:
    """The events that link the window of the source at `place`, and its index there. `kill` unlinks a window that is there.

    Raises Refused as tmux does: `same index`, `index in use`.
    """
    events: list[AnyEvent] = list(place.moves)
    links = place.links()
    index = place.index
    if index is None:
        index = spawning.free_index(state, live, place.session, links)
    there = next((link for link in links if link.index == index), None)
    if there is not None:
        if there.window == source.window.id:
            raise Refused(f"same index: {index}")
        if not kill:
            raise Refused(f"index in use: {index}")
        if place.now_at(place.session.active) == index:
            spare = spawning.spare_index(links)
            arrival = WindowLinked(place.session.id, spare, source.window.id)
            events += spawning.in_place_of_current(place.session.id, index, spare, arrival)
            return tuple(events), index
        events.append(WindowUnlinked(place.session.id, index))
    events.append(WindowLinked(place.session.id, index, source.window.id))
    if select:
        events.append(WindowSelected(place.session.id, index))
    return tuple(events), index


def moved(
    state: ServerState,
    live: LiveView,
    source: Target,
    place: WindowPlace,
    *,
    kill: bool,
    select: bool,
    renumber: Renumbering,
) -> tuple[AnyEvent, ...]:
    """The events that link the window of the source at `place` and unlink it at its old place. A session without windows ends."""
    events, index = linked(state, live, source, place, kill=kill, select=select)
    if source.session.id != place.session.id:
        return (*events, *close_links(source.session, {source.link.index}, renumber))
    leaving = place.now_at(source.link.index)
    events += (WindowUnlinked(source.session.id, leaving),)
    base_index = renumber(source.session)
    if base_index is not None:
        after = {link.index for link in place.links()} - {leaving} | {index}
        kept = [Link(number, source.window.id) for number in sorted(after)]
        events += tuple(renumbered(source.session, kept, base_index))
    return events
