"""What attaching and switching have in common: whether a client can attach, and what its environment brings along."""

from fnmatch import fnmatchcase

from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision, Refused, Request
from fuguemux.model.effects import AnyEffect, Attach, SwitchClient
from fuguemux.model.events import AnyEvent, EnvironmentSet, PaneActivated, WindowSelected
from fuguemux.model.ids import SessionId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Environment, ServerState, Session
from fuguemux.options import options

NESTED = "sessions should be nested with care, unset $FUGUE to force"


def check_can_attach(request: Request) -> None:
    """Raises Refused if the asking client is inside a pane or has no terminal. A client that is attached may switch."""
    if request.session is not None:
        return
    if request.environment.get(b"FUGUE") and request.pane is not None:
        raise Refused(NESTED)
    if not request.interactive:
        raise Refused("open terminal failed: not a terminal")


def effect_of(
    request: Request, session: SessionId, *, detach_others: bool = False, read_only: bool = False
) -> AnyEffect:
    """The asking client comes to see `session`."""
    if request.session is not None:
        return SwitchClient(request.client, session)
    return Attach(request.client, session, detach_others, read_only)


def taken_over(
    state: ServerState, session: Session | None, environment: dict[bytes, bytes]
) -> Environment:
    """What a session takes from a client's environment by `update-environment`: the values, or None where it has none."""
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
    """Events that bring the session's environment up to date with a client's; none for what is the same already."""
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
    read_only: bool = False,
    events: tuple[AnyEvent, ...] = (),
) -> Decision:
    """The asking client sees `session` once `events` happened; its environment is taken over unless `-E`."""
    request = invocation.request
    check_can_attach(request)
    if not invocation.flags.has("E"):
        events += environment_updates(state, session, request.environment)
    effect = effect_of(request, session.id, detach_others=detach_others, read_only=read_only)
    return Decision(events, (effect,))


def shown(target: Target) -> tuple[AnyEvent, ...]:
    """The target's pane becomes active and its window current."""
    return (
        PaneActivated(target.window.id, target.pane.id),
        WindowSelected(target.session.id, target.link.index),
    )
