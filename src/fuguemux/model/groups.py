"""Groups of sessions: all sessions of a group have the same links, each with a current window of its own.

Commands change the links of one session. What the others of its group become then is decided here, for every commit.
"""

from collections.abc import Iterator

from fuguemux.model.events import AnyEvent, LinksFollowed
from fuguemux.model.state import ServerState, Session, group_of


def followed(before: ServerState, after: ServerState) -> tuple[AnyEvent, ...]:
    """The events that give all sessions of each group the same links, when `before` has become `after`.

    The session whose links have changed leads, the first of several. A session that is new follows.
    """
    if before.sessions is after.sessions:
        return ()
    events: list[AnyEvent] = []
    done: set[str] = set()
    for session in after.sessions.values():
        old = before.sessions.get(session.id)
        if not session.group or session.group in done or old is None or old.links is session.links:
            continue
        if old.links != session.links and session.links:
            done.add(session.group)
            events += _following(after, session)
    return tuple(events)


def _following(state: ServerState, leader: Session) -> Iterator[LinksFollowed]:
    for session in group_of(state, leader):
        if session.id != leader.id and session.links != leader.links:
            yield following(session, leader)


def following(session: Session, leader: Session) -> LinksFollowed:
    """The event that gives a session the links of another. Its current window stays, if its index does."""
    indices = [link.index for link in leader.links]
    stays = [index for index in (session.active, *session.last) if index in indices]
    if stays:
        active = stays[0]
    elif session.links:
        # As in tmux: the window before the one that is gone, around the ends.
        earlier = [index for index in indices if index < session.active]
        active = earlier[-1] if earlier else indices[-1]
    else:
        active = leader.active
    return LinksFollowed(session.id, leader.links, active, tuple(stays[1:]))
