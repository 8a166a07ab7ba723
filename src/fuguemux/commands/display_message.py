"""display-message: expand a format. `-p` prints the result to standard output; otherwise a client's status line shows
it."""

from fuguemux.commands.command import Command
from fuguemux.formats.formats import FormatContext, expand
from fuguemux.formats.variables import known_names
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import number
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.effects import ShowMessage
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind
from fuguemux.targets.targets import client_target

TEMPLATE = (
    "[#{session_name}] #{window_index}:#{window_name}, current pane #{pane_index} "
    "- (%H:%M %d-%b-%y)"
)
_DELAY_MS_MAX = 2**31 - 1


def _client(live: LiveView, invocation: Invocation, target: Target | None) -> ClientFacts | None:
    """The client that shows the message: the named one, else the requesting one, else the last active one on the
    target's session."""
    name = invocation.flags.value("c")
    if name is not None:
        # A direct call: tmux refuses wrong flags first, and without -c the client depends on the target.
        return client_target(live, invocation.request, name)
    clients = live.clients()
    for client in clients:
        if client.id == invocation.request.client:
            return client
    if target is None:
        return None
    there = [client for client in clients if client.session == target.session.id]
    return max(there, key=lambda client: (client.used, client.id), default=None)


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    if flags.has("F") and invocation.arguments:
        raise Refused("only one of -F or argument must be given")
    if flags.has("I"):
        raise Refused("pane is not empty")  # each pane of fugue has a program, or had one
    if flags.has("v"):
        raise Refused("display-message -v is not supported: expand parts of the format with -p")
    delay = flags.value("d")
    delay_ms = None if delay is None else number("delay", delay, 0, _DELAY_MS_MAX)
    target = invocation.optional_target
    client = _client(live, invocation, target)
    context = FormatContext(
        state,
        live,
        session=target.session.id if target else None,
        window=target.window.id if target else None,
        index=target.link.index if target else None,
        pane=target.pane.id if target else None,
        client=client.id if client else None,
        asker=invocation.request,
        extra=invocation.request.variables,
    )
    if flags.has("a"):
        lines = (f"{name}={expand('#{' + name + '}', context)}" for name in known_names())
        return Decision(reply=Reply(lines=tuple(lines)))
    template = flags.value("F") or (invocation.arguments[0] if invocation.arguments else TEMPLATE)
    text = expand(template, context, time=True)
    if flags.has("p"):
        return Decision(reply=Reply(lines=(text,)))
    if client is None:
        return Decision()
    if delay_ms is None:
        delay_ms = options.get_number(
            state,
            live.option_defaults(),
            "display-time",
            session=state.sessions.get(client.session),
        )
    return Decision(effects=(ShowMessage(client.id, text, delay_ms),))


COMMAND = Command(
    name="display-message",
    alias="display",
    flags="ac:d:INpt:F:v",
    usage="[-aINpv] [-c target-client] [-d delay] [-F format] [-t target-pane] [message]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.PANE, Absence.NEAREST),
    decide=decide,
    help="Show a message on a client, or with -p print it.",
    read_only=True,
)
