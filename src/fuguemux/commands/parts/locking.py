"""Locking clients: which command runs on which terminal."""

from collections.abc import Iterable

from fuguemux.commands.parts import settings
from fuguemux.model.decision import Decision
from fuguemux.model.effects import LockClient
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.state import ServerState


def locked(state: ServerState, live: LiveView, clients: Iterable[ClientFacts]) -> Decision:
    """Run `lock-command` of each client's session on its terminal."""
    effects = []
    for client in clients:
        session = state.sessions.get(client.session)
        command = settings.text(state, live, "lock-command", session=session)
        if command:
            effects.append(LockClient(client.id, command))
    return Decision(effects=tuple(effects))
