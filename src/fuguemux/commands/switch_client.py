"""switch-client: let a client show another session."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.attaching import environment_updates, shown
from fuguemux.commands.parts.zooming import unzoomed_unless
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import SetClientFlags, SetKeyTable, SwitchClient
from fuguemux.model.events import AnyEvent
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.state import ServerState, Session
from fuguemux.options import key_bindings
from fuguemux.targets.declaration import TargetFlag, TargetKind
from fuguemux.targets.targets import pane_target, session_target


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, text = invocation.flags, invocation.flags.value("t")
    client = invocation.client
    table = flags.value("T")
    if table is not None:
        if table not in (binding.table for binding in key_bindings.bindings(state)):
            raise Refused(f"table {table} doesn't exist")
        return Decision(effects=(SetKeyTable(client.id, table),))
    events: tuple[AnyEvent, ...] = ()
    if flags.has("n"):
        session = _neighbour(state, client, 1, "can't find next session")
    elif flags.has("p"):
        session = _neighbour(state, client, -1, "can't find previous session")
    elif flags.has("l"):
        session = _last(state, live, client)
    elif text is not None and any(separator in text for separator in ":.%"):
        # Direct calls, as in tmux: the form of the text decides whether a pane or a session is meant.
        target = pane_target(state, live, invocation.request, text)
        session, events = target.session, shown(target)
        if target.pane.id != target.window.active:
            events = (*unzoomed_unless(target.window, keep=flags.has("Z")), *events)
    else:
        session = session_target(state, live, invocation.request, text)
    if not flags.has("E"):
        events += environment_updates(state, session, client.environment)
    toggled = (SetClientFlags(client.id, toggle_read_only=True),) if flags.has("r") else ()
    return Decision(events, (*toggled, SwitchClient(client.id, session.id)))


def _neighbour(state: ServerState, client: ClientFacts, step: int, refusal: str) -> Session:
    """The session before or after the client's in the order of names, wrapping around at the ends."""
    ordered = sorted(state.sessions.values(), key=lambda session: session.name)
    at = next((i for i, session in enumerate(ordered) if session.id == client.session), None)
    if at is None or len(ordered) < 2:
        raise Refused(refusal)
    return ordered[(at + step) % len(ordered)]


def _last(state: ServerState, live: LiveView, client: ClientFacts) -> Session:
    """The session that was shown most recently, of those that are not shown now."""
    others = [at for at in live.seen() if at in state.sessions and at != client.session]
    if not others:
        raise Refused("can't find last session")
    return state.sessions[others[-1]]


COMMAND: Final = Command(
    name="switch-client",
    alias="switchc",
    flags="lc:EFnpt:rT:Z",
    usage="[-ElnprZ] [-c target-client] [-t target-session] [-T key-table]",
    arguments=(0, 0),
    client=TargetFlag("c", TargetKind.CLIENT),
    target=TargetFlag("t", TargetKind.NONE),
    decide=decide,
    help="Switch a client to another session.",
    read_only=True,
)
