"""Names of sessions: what is allowed in one, and which one a nameless session gets."""

from fuguemux.model.decision import Refused
from fuguemux.model.ids import SessionId
from fuguemux.model.state import ServerState, Session
from fuguemux.model.window_names import bounded_name


def checked_name(text: str) -> str:
    """`text` as a session's name: `:` and `.`, which separate the parts of targets, become `_`. Raises Refused."""
    name = bounded_name(text.replace(":", "_").replace(".", "_"))
    if not name:
        raise Refused(f"invalid session: {text}")
    return name


def session_called(state: ServerState, name: str) -> Session | None:
    """The session of exactly this name."""
    return next((s for s in state.sessions.values() if s.name == name), None)


def next_session(state: ServerState, name: str | None) -> tuple[SessionId, str]:
    """The number and name of the next session. Without a name it is called after its number; taken ones are skipped."""
    number = state.next_session
    if name is not None:
        return SessionId(number), name
    while session_called(state, str(number)) is not None:
        number += 1
    return SessionId(number), str(number)
