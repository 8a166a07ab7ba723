"""new-window: a window with one pane in a session."""

from typing import Final

from fuguemux.commands import settings, spawning
from fuguemux.commands.command import Command, Invocation
from fuguemux.commands.targets import Target, window_index_target
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.events import AnyEvent, WindowCreated, WindowSelected, WindowUnlinked
from fuguemux.model.layout import leaf
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Session, current_link, link_of


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    session, index = window_index_target(state, live, invocation, invocation.target)
    target = _target(state, session, index)
    if flags.has("S") and flags.has("n") and index is None:
        found = _called(state, live, invocation, target)
        if found is not None:
            return Decision(() if flags.has("d") else (WindowSelected(session.id, found),))
    events, at = _place(state, invocation, session, index)
    window, pane = spawning.next_ids(state)
    argv = spawning.argv_of(invocation.arguments)
    name, options = spawning.window_name(state, live, invocation, target, argv)
    created = WindowCreated(
        window,
        name,
        session.id,
        at,
        pane,
        leaf(pane, *spawning.new_window_size(state, live, session)),
        live.now_ms(),
        argv,
        spawning.start_directory(state, live, invocation, target),
        spawning.environment_given(invocation),
        options,
    )
    events = (*events, created)
    replaced_current = flags.has("k") and index == session.active
    if not flags.has("d") or replaced_current:
        events += (WindowSelected(session.id, at),)
    reply = spawning.printed(invocation, session.id, window, pane)
    return Decision(events, (StartProcess(pane),), reply)


def _target(state: ServerState, session: Session, index: int | None) -> Target:
    """What formats in the flags are about: the window at the index, else the current one."""
    link = (link_of(session, index) if index is not None else None) or current_link(session)
    window = state.windows[link.window]
    return Target(session, link, window, state.panes[window.active])


def _called(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target
) -> int | None:
    """The index of the window that is called what `-n` says. Raises Refused if several are."""
    given = invocation.flags.value("n")
    assert given is not None
    name = settings.expanded(state, live, invocation, given, target)
    found = [link.index for link in target.session.links if state.windows[link.window].name == name]
    if len(found) > 1:
        raise Refused(f"multiple windows named {name}")
    return found[0] if found else None


def _place(
    state: ServerState, invocation: Invocation, session: Session, index: int | None
) -> tuple[tuple[AnyEvent, ...], int]:
    """What must happen before there is a free index, and that index."""
    flags = invocation.flags
    if flags.has("a") or flags.has("b"):
        taken = index is not None and link_of(session, index) is not None
        beside = session.active if index is None or not taken else index
        if index is not None and not taken:
            return (), index
        at, moves = spawning.room_made(session, beside, before=flags.has("b"))
        return moves, at
    if index is None:
        return (), spawning.free_index(state, session)
    if link_of(session, index) is None:
        return (), index
    if not flags.has("k"):
        raise Refused(f"create window failed: index {index} in use")
    return (WindowUnlinked(session.id, index),), index


COMMAND: Final = Command(
    name="new-window",
    alias="neww",
    flags="abc:de:F:kn:PSt:",
    usage="[-abdkPS] [-c start-directory] [-e environment] [-F format] [-n window-name] "
    "[-t target-window] [shell-command]",
    arguments=(0, None),
    decide=decide,
    help="Make a window in a session.",
)
