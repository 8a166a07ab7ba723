"""detach-client: detach clients, which gives their terminals back. The sessions continue."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import Detach
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    client = invocation.client
    if flags.has("s"):
        session = invocation.source.session
        gone = [other.id for other in live.clients() if other.session == session.id]
    elif flags.has("a"):
        gone = [other.id for other in live.clients() if other.id != client.id]
    else:
        gone = [client.id]
    command = flags.value("E") or ""
    shown = state.sessions.get(client.session)
    shell = settings.text(state, live, "default-shell", session=shown) if command else ""
    return Decision(effects=tuple(Detach(other, flags.has("P"), command, shell) for other in gone))


COMMAND: Final = Command(
    name="detach-client",
    alias="detach",
    flags="aE:s:t:P",
    usage="[-aP] [-E shell-command] [-s target-session] [-t target-client]",
    arguments=(0, 0),
    client=TargetFlag("t", TargetKind.CLIENT),
    source=TargetFlag("s", TargetKind.SESSION, only_given=True),
    decide=decide,
    help="Detach a client from the server; its session stays.",
    read_only=True,
)
