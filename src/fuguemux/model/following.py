"""The step of `model.apply` for sessions of a group, which follow each other. Used only by `model.apply`."""

from msgspec.structs import replace

from fuguemux.model import events as ev
from fuguemux.model.lookups import EventRefused, session_of, window_of, with_session
from fuguemux.model.state import ServerState
from fuguemux.model.transitions import drop_unlinked_window


def links_followed(state: ServerState, event: ev.LinksFollowed) -> ServerState:
    before = session_of(state, event.session)
    indices = [link.index for link in event.links]
    if sorted(set(indices)) != indices or event.active not in indices:
        raise EventRefused(f"links of ${event.session} that cannot be")
    for link in event.links:
        window_of(state, link.window)
    last = tuple(index for index in event.last if index in indices and index != event.active)
    after = replace(before, links=event.links, active=event.active, last=last)
    state = with_session(state, after)
    for window in dict.fromkeys(link.window for link in before.links):
        state = drop_unlinked_window(state, window)
    return state
