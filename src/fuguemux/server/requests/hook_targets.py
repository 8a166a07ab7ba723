"""What the commands of a hook are about: the target of a command, what it created, or where something happened; and the variables
of the hooks of a command."""

from collections.abc import Sequence
from typing import Final

from fuguemux.commands.command import Command
from fuguemux.formats.formats import FormatContext, expand
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model import events as ev
from fuguemux.model.decision import Refused, Request
from fuguemux.model.ids import NOBODY, PaneId, SessionId, WindowId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, link_of
from fuguemux.server.control.hook_notices import Notice
from fuguemux.targets.finder import Finder
from fuguemux.targets.matching import TargetMissing
from fuguemux.targets.resolver import resolved
from fuguemux.targets.targets import current_target

_CREATING: Final = frozenset(("new-session", "new-window", "split-window"))
"""Commands whose hooks are about what they created."""
_NOBODY: Final = Request((), b"/", {}, NOBODY)


def after_target(
    state: ServerState,
    live: LiveView,
    before: ServerState,
    command: Command,
    invocation: Invocation,
    events: Sequence[ev.AnyEvent],
) -> Target | None:
    """What the hook of a command is about that was asked when the state was `before`. None: there is no session.

    Raises Refused: as in tmux, a command that creates something has no hook when it created nothing.
    """
    if command.name in _CREATING:
        created = _created(state, live, events)
        if created is None:
            raise Refused("nothing was created")
        return created
    if command.name == "select-pane":
        return _selected(state, live, invocation, events)
    target = None
    if command.target is not None:
        try:
            found = resolved(
                before, live, invocation.request, invocation.flags, target=command.target
            )
            target = still_there(state, found.target)
        except Refused:
            target = None
    if target is not None and command.name == "select-window":
        return _target(state, live, target.session.id, None, None)
    return target or current_target(state, live, invocation.request)


def _selected(
    state: ServerState, live: LiveView, invocation: Invocation, events: Sequence[ev.AnyEvent]
) -> Target:
    for event in events:
        if isinstance(event, ev.PaneActivated) and not invocation.flags.has("l"):
            found = _target(state, live, None, event.window, event.pane)
            if found is not None:
                return found
    raise Refused("no pane was selected")


def _created(state: ServerState, live: LiveView, events: Sequence[ev.AnyEvent]) -> Target | None:
    found: Target | None = None
    for event in events:
        if isinstance(event, ev.SessionCreated):
            found = _target(state, live, event.session, None, None)
        elif isinstance(event, ev.WindowCreated):
            found = _target(state, live, event.session, event.window, None)
        elif isinstance(event, ev.PaneAdded):
            found = _target(state, live, None, event.window, event.pane)
    return found


def notice_target(state: ServerState, live: LiveView, notice: Notice) -> Target | None:
    """Where something happened. None: it is not there any more."""
    return _target(state, live, notice.session, notice.window, notice.pane)


def _target(
    state: ServerState,
    live: LiveView,
    session: SessionId | None,
    window: WindowId | None,
    pane: PaneId | None,
) -> Target | None:
    finder = Finder(state, live, _NOBODY)
    try:
        if session is None:
            if window is None:
                return None
            target = finder.of_window(window)
        elif session not in state.sessions or not state.sessions[session].links:
            return None
        elif window is None:
            target = finder.of_session(state.sessions[session])
        else:
            target = finder.of_window_in(state.sessions[session], window)
    except TargetMissing:
        return None
    if pane is None:
        return target
    known = state.panes.get(pane)
    if known is None or known.window != target.window.id:
        return None
    return target._replace(pane=known)


def still_there(state: ServerState, target: Target | None) -> Target | None:
    """The same session, window and pane as they are now. None: they are not together any more."""
    if target is None:
        return None
    session = state.sessions.get(target.session.id)
    link = None if session is None else link_of(session, target.link.index)
    pane = state.panes.get(target.pane.id)
    if session is None or link is None or pane is None:
        return None
    if link.window != target.window.id or pane.window != link.window:
        return None
    return Target(session, link, state.windows[link.window], pane)


def variables_of(name: str, invocation: Invocation) -> dict[str, str]:
    """The variables of the hook called `name` of a command."""
    variables = {"hook": name, "hook_arguments": " ".join(invocation.request.argv[1:])}
    for number, argument in enumerate(invocation.arguments):
        variables[f"hook_argument_{number}"] = argument
    for letter, value in invocation.flags.given:
        variables[f"hook_flag_{letter}"] = "1" if value is None else value
    return variables


def expanded_name(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target | None
) -> str:
    """The name of the hook that `set-hook -R` names, which may be a format."""
    if target is None:
        return expand(invocation.arguments[0], FormatContext(state, live))
    session, _, window, pane = target
    context = FormatContext(state, live, session=session.id, window=window.id, pane=pane.id)
    return expand(invocation.arguments[0], context)
