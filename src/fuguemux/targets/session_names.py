"""Names of sessions: which are allowed, and which name a session gets if none is given."""

from fuguemux.model.decision import Refused
from fuguemux.model.ids import SessionId
from fuguemux.model.state import ServerState, Session
from fuguemux.model.window_names import bounded_name


def checked_name(text: str) -> str:
    """`text` as the name of a session. `:` and `.`, which separate the parts of targets, become `_`. Raises Refused."""
    name = bounded_name(text.replace(":", "_").replace(".", "_"))
    if not name:
        raise Refused(f"invalid session: {text}")
    return name


def session_called(state: ServerState, name: str) -> Session | None:
    """The session of exactly this name."""
    return next((s for s in state.sessions.values() if s.name == name), None)


def next_session(state: ServerState, name: str | None, prefix: str = "") -> tuple[SessionId, str]:
    """The number and name of the next session. Without a given name it is the number, behind `prefix-` if that is given;
    names in use are skipped."""
    number = state.next_session
    if name is not None:
        return SessionId(number), name
    prefix = f"{prefix}-" if prefix else ""
    while session_called(state, f"{prefix}{number}") is not None:
        number += 1
    return SessionId(number), f"{prefix}{number}"
