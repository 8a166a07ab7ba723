"""The group that `new-session -t` names: that of a session, or one of its own name."""

from typing import NamedTuple

from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Refused
from fuguemux.model.events import AnyEvent, LinksFollowed, SessionGrouped
from fuguemux.model.ids import SessionId
from fuguemux.model.state import ServerState, Session
from fuguemux.targets.session_names import checked_name


class Grouping(NamedTuple):
    """`name`: of the group; empty: there is none. `leader`: a session of it; None: the new session is the first."""

    name: str = ""
    leader: Session | None = None

    def before(self) -> tuple[AnyEvent, ...]:
        """The event that makes a group of the leader, if it is in none."""
        if self.leader is None or self.leader.group:
            return ()
        return (SessionGrouped(self.leader.id, self.name),)

    def joined(self, leader: Session, session: SessionId) -> LinksFollowed:
        """The event that gives a new session the windows of the leader. The first one is current."""
        return LinksFollowed(session, leader.links, leader.links[0].index)


def grouping(state: ServerState, invocation: Invocation) -> Grouping:
    """What -t says. Raises Refused as tmux does."""
    given = invocation.flags.value("t")
    if given is None:
        return Grouping()
    if invocation.arguments or invocation.flags.has("n"):
        raise Refused("command or window name given with target")
    found = invocation.resolved.source
    if found is not None:
        return Grouping(found.session.group or found.session.name, found.session)
    members = [each for each in state.sessions.values() if each.group == given]
    if members:
        return Grouping(given, members[0])
    return Grouping(checked_name(given))
