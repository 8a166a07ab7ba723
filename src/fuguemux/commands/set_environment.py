"""set-environment: a variable of a session's or the global environment, for processes started from then on."""

from fuguemux.commands.command import Command, Invocation
from fuguemux.commands.formats import expand
from fuguemux.commands.option_places import context_of, target_of
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import EnvironmentSet
from fuguemux.model.ids import SessionId
from fuguemux.model.limits import ENVIRONMENT_ENTRIES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import Environment, ServerState


def environment_of(
    state: ServerState, live: LiveView, invocation: Invocation
) -> tuple[SessionId | None, Environment]:
    """The environment that `-g` or `-t` names, with its session. Raises Refused: no such session."""
    target = target_of(state, live, invocation)
    if invocation.target and target is None:
        raise Refused(f"no such session: {invocation.target}")
    if invocation.flags.has("g"):
        return None, state.environment
    if target is None:
        raise Refused("no current session")
    return target.session.id, target.session.environment


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, arguments = invocation.flags, invocation.arguments
    session, environment = environment_of(state, live, invocation)
    name = arguments[0]
    if not name:
        raise Refused("empty variable name")
    if "=" in name or "\0" in name:
        raise Refused("variable name contains =")
    value = arguments[1] if len(arguments) > 1 else None
    key = name.encode("utf-8", "surrogateescape")
    for letter in "ur":
        if flags.has(letter):
            if value is not None:
                raise Refused(f"can't specify a value with -{letter}")
            return Decision((EnvironmentSet(session, key, None, removed=letter == "r"),))
    if value is None:
        raise Refused("no value specified")
    if flags.has("F"):
        target = target_of(state, live, invocation)
        value = expand(value, context_of(state, live, invocation, target))
    if key not in environment and len(environment) >= ENVIRONMENT_ENTRIES_MAX:
        raise Refused(f"too many variables: an environment takes {ENVIRONMENT_ENTRIES_MAX}")
    data = value.replace("\0", "").encode("utf-8", "surrogateescape")
    return Decision((EnvironmentSet(session, key, data),))


COMMAND = Command(
    name="set-environment",
    alias="setenv",
    flags="Fhgrt:u",
    usage="[-Fhgru] [-t target-session] name [value]",
    arguments=(1, 2),
    decide=decide,
    help="Set, remove or unset a variable of the environment of new processes.",
)
