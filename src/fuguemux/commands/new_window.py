"""new-window: create a window with one pane in a session."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings, spawning
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.events import AnyEvent, WindowCreated, WindowSelected, WindowUnlinked
from fuguemux.model.layout import leaf
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Session, link_of
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target, index = invocation.target, invocation.window_index
    session = target.session
    if flags.has("S") and flags.has("n") and index is None:
        found = _called(state, live, invocation, target)
        if found is not None:
            return Decision(() if flags.has("d") else (WindowSelected(session.id, found),))
    moves, at = _place(state, live, invocation, session, index)
    window, pane = spawning.next_ids(state)
    argv = spawning.argv_of(invocation.arguments)
    name, options = spawning.window_name(state, live, invocation, target, argv)
    taken = link_of(session, at) is not None and not moves
    replaces_current = taken and at == session.active
    spare = spawning.spare_index(session.links)
    created = WindowCreated(
        window,
        name,
        session.id,
        spare if replaces_current else at,
        pane,
        leaf(pane, *spawning.new_window_size(state, live, session)),
        live.now_ms(),
        argv,
        spawning.start_directory(state, live, invocation, target),
        spawning.environment_given(invocation),
        options,
    )
    events: tuple[AnyEvent, ...] = (*moves, created)
    if replaces_current:
        events = spawning.in_place_of_current(session.id, at, spare, created)
    elif taken:
        events = (WindowUnlinked(session.id, at), created)
    if not flags.has("d") and not replaces_current:
        events += (WindowSelected(session.id, at),)
    reply = spawning.printed(invocation, session.id, window, pane)
    return Decision(events, (StartProcess(pane),), reply)


def _called(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target
) -> int | None:
    """The index of the window whose name `-n` gives. Raises Refused if several windows have this name."""
    given = invocation.flags.value("n")
    assert given is not None
    name = settings.expanded(state, live, invocation, given, target)
    found = [link.index for link in target.session.links if state.windows[link.window].name == name]
    if len(found) > 1:
        raise Refused(f"multiple windows named {name}")
    return found[0] if found else None


def _place(
    state: ServerState, live: LiveView, invocation: Invocation, session: Session, index: int | None
) -> tuple[tuple[AnyEvent, ...], int]:
    """The moves that make room, and the index of the new window. The index may be in use only with -k, which closes
    the window there."""
    flags = invocation.flags
    if flags.has("a") or flags.has("b"):
        taken = index is not None and link_of(session, index) is not None
        beside = session.active if index is None or not taken else index
        if index is not None and not taken:
            return (), index
        at, moves = spawning.room_made(session, beside, before=flags.has("b"))
        return moves, at
    if index is None:
        return (), spawning.free_index(state, live, session)
    if link_of(session, index) is None:
        return (), index
    if not flags.has("k"):
        raise Refused(f"create window failed: index {index} in use")
    return (), index


COMMAND: Final = Command(
    name="new-window",
    alias="neww",
    flags="abc:de:F:kn:PSt:",
    usage="[-abdkPS] [-c start-directory] [-e environment] [-F format] [-n window-name] "
    "[-t target-window] [shell-command]",
    arguments=(0, None),
    target=TargetFlag("t", TargetKind.WINDOW_INDEX),
    decide=decide,
    help="Create a window in a session.",
)
