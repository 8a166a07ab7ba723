"""Attaching a client to a session: whether it can, and which variables the session takes over from it."""

from fnmatch import fnmatchcase

from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.client_flags import READ_ONLY_ALSO
from fuguemux.model.decision import Decision, Refused, Request
from fuguemux.model.effects import AnyEffect, Attach
from fuguemux.model.events import AnyEvent, EnvironmentSet, PaneActivated, WindowSelected
from fuguemux.model.ids import SessionId
from fuguemux.model.live import LiveView, NotAtHand, TerminalAsked
from fuguemux.model.state import Environment, ServerState, Session
from fuguemux.options import options

NESTED = "sessions should be nested with care, unset ${} to force"


def check_can_attach(request: Request) -> None:
    """Raise Refused if the client is inside a pane, or has no terminal that can be used. A client that is attached already
    may switch. Raises NotAtHand if it has to be asked about its terminal first.

    A client called tmux is inside as long as TMUX is set; in a pane without the shim that is FUGUE.
    """
    if request.session is not None:
        return
    # A control client without a terminal shows nothing, so it cannot show itself.
    can_nest = request.interactive or not request.control
    known = b"TMUX" if request.as_tmux and b"TMUX_PANE" in request.environment else b"FUGUE"
    if can_nest and request.environment.get(known) and request.pane is not None:
        raise Refused(NESTED.format(known.decode()))
    if not request.interactive and not request.control:
        raise Refused("open terminal failed: not a terminal")
    if request.terminal_problem is None:
        raise NotAtHand(TerminalAsked())
    if request.terminal_problem:
        raise Refused(request.terminal_problem)


def effect_of(
    request: Request, session: SessionId, *, detach_others: bool = False, flags: str = ""
) -> AnyEffect:
    """The effect that shows `session` to the client that asks, and changes its `flags`."""
    return Attach(request.client, session, detach_others, flags)


def given_flags(invocation: Invocation) -> str:
    """The flags that the client gets by `-f`, and by `-r`."""
    words = [READ_ONLY_ALSO] if invocation.flags.has("r") else []
    return ",".join((*words, invocation.flags.value("f") or "")).strip(",")


def taken_over(
    state: ServerState, session: Session | None, environment: dict[bytes, bytes]
) -> Environment:
    """The variables of `update-environment` with the client's values; None for a variable that the client does not have."""
    taken: Environment = {}
    for pattern in options.get_array(state, "update-environment", session=session):
        name = pattern.encode("utf-8", "surrogateescape")
        found = [variable for variable in environment if fnmatchcase(variable, name)]
        if found:
            taken.update({variable: environment[variable] for variable in found})
        else:
            taken[name] = None
    return taken


def environment_updates(
    state: ServerState, session: Session, environment: dict[bytes, bytes]
) -> tuple[AnyEvent, ...]:
    """The events that update the environment of the session from that of a client. Equal values give no event."""
    return tuple(
        EnvironmentSet(session.id, name, value, removed=value is None)
        for name, value in taken_over(state, session, environment).items()
        if name not in session.environment or session.environment[name] != value
    )


def attached(
    state: ServerState,
    live: LiveView,
    invocation: Invocation,
    session: Session,
    *,
    detach_others: bool,
    client_flags: str = "",
    events: tuple[AnyEvent, ...] = (),
) -> Decision:
    """Apply `events`, then show `session` to the client that asks. Its environment is taken over unless `-E` is given."""
    request = invocation.request
    check_can_attach(request)
    if not invocation.flags.has("E"):
        events += environment_updates(state, session, request.environment)
    effect = effect_of(request, session.id, detach_others=detach_others, flags=client_flags)
    return Decision(events, (effect,))


def shown(target: Target) -> tuple[AnyEvent, ...]:
    """The events that make the pane of the target active and its window current."""
    return (
        PaneActivated(target.window.id, target.pane.id),
        WindowSelected(target.session.id, target.link.index),
    )
