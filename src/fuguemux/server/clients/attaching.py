"""Whether a requester can attach, and what a client shows when its session was closed."""

from collections.abc import Iterable

from fuguemux.model.ids import ClientId, SessionId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.server.clients.requesters import ConnectionRequester
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.ports import EffectFailed, Requester


def checked(requester: Requester) -> ConnectionRequester:
    """The requester, if its client can be attached. Raises EffectFailed."""
    if not isinstance(requester, ConnectionRequester) or not requester.can_attach:
        raise EffectFailed("open terminal failed: not a terminal")
    if not requester.connection.is_open:  # its end was reported before, and will not be again
        raise EffectFailed("open terminal failed: the client is gone")
    return requester


def others(viewers: Iterable[Viewer], session: SessionId, client: ClientId) -> list[Viewer]:
    """The clients that show `session`, without `client`."""
    return [each for each in viewers if each.session == session and each.client != client]


def next_session(
    state: ServerState, live: LiveView, last_session: SessionId | None
) -> SessionId | None:
    """The session for a client whose session was closed, by the option `detach-on-destroy`. None: the client leaves."""
    if (
        options.get(state, live.option_defaults(), "detach-on-destroy") == "on"
        or not state.sessions
    ):
        return None
    if last_session in state.sessions:
        return last_session
    return max(state.sessions)
