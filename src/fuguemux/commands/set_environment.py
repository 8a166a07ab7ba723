"""set-environment: set a variable of a session's or the global environment. Processes that start later get it."""

from fuguemux.commands.command import Command
from fuguemux.commands.parts.environments import environment_of
from fuguemux.commands.parts.option_places import context_of
from fuguemux.formats.formats import expand
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import EnvironmentSet
from fuguemux.model.ids import SessionId
from fuguemux.model.limits import ENVIRONMENT_ENTRIES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import Environment, ServerState
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, arguments = invocation.flags, invocation.arguments
    session, environment, hidden = environment_of(state, live, invocation)
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
            return _set(
                session, key, None, environment, removed=letter == "r", hidden=key in hidden
            )
    if value is None:
        raise Refused("no value specified")
    if flags.has("F"):
        target = invocation.optional_target
        value = expand(value, context_of(state, live, invocation, target))
    known = len(environment) + len(hidden)
    if key not in environment and key not in hidden and known >= ENVIRONMENT_ENTRIES_MAX:
        raise Refused(f"too many variables: an environment takes {ENVIRONMENT_ENTRIES_MAX}")
    data = value.replace("\0", "").encode("utf-8", "surrogateescape")
    return _set(session, key, data, environment, hidden=flags.has("h"))


def _set(
    session: SessionId | None,
    key: bytes,
    value: bytes | None,
    environment: Environment,
    *,
    removed: bool = False,
    hidden: bool,
) -> Decision:
    """Set one variable. Events of hidden variables are not stored. So if a stored variable has the same name, another
    event unsets it."""
    event = EnvironmentSet(session, key, value, removed=removed, hidden=hidden)
    if hidden and key in environment:
        return Decision((EnvironmentSet(session, key, None), event))
    return Decision((event,))


COMMAND = Command(
    name="set-environment",
    alias="setenv",
    flags="Fhgrt:u",
    usage="[-Fhgru] [-t target-session] name [value]",
    arguments=(1, 2),
    target=TargetFlag("t", TargetKind.SESSION, Absence.NOTHING),
    decide=decide,
    help="Set or unset an environment variable of new processes; with -h a variable that only formats see.",
)
