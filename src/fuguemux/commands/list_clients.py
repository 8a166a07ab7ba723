"""list-clients: print one line per attached client, of all sessions or of one."""

from fuguemux.commands.command import Command
from fuguemux.commands.parts.listing import listed
from fuguemux.formats.formats import FormatContext
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind

TEMPLATE = (
    "#{client_name}: #{session_name} [#{client_width}x#{client_height} #{client_termname}] "
    "#{?#{!=:#{client_uid},#{uid}},[user #{?client_user,#{client_user},#{client_uid},}] ,}"
    "#{?client_flags,(,}#{client_flags}#{?client_flags,),}"
)


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    clients = live.clients()
    if invocation.flags.has("t"):
        session = invocation.target.session
        clients = tuple(client for client in clients if client.session == session.id)
    contexts = (
        FormatContext(state, live, session=client.session, client=client.id) for client in clients
    )
    return listed(invocation, TEMPLATE, contexts)


COMMAND = Command(
    name="list-clients",
    alias="lsc",
    flags="F:f:t:",
    usage="[-F format] [-t target-session]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.SESSION, only_given=True),
    decide=decide,
    help="List the attached clients, or those of one session.",
    read_only=True,
)
