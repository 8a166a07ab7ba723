"""The environment that set-environment and show-environment work on."""

from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Refused
from fuguemux.model.ids import SessionId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Environment, ServerState


def environment_of(
    state: ServerState, live: LiveView, invocation: Invocation
) -> tuple[SessionId | None, Environment, Environment]:
    """The session (None with `-g`), its environment and its hidden variables. Raises Refused: no such session."""
    target = invocation.optional_target
    given = invocation.flags.value("t")
    if given and target is None:
        raise Refused(f"no such session: {given}")
    if invocation.flags.has("g"):
        return None, state.environment, state.hidden
    if target is None:
        raise Refused("no current session")
    return target.session.id, target.session.environment, target.session.hidden
