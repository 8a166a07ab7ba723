"""split-window: create a pane beside another one."""

from typing import Final

from msgspec.structs import replace

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings, spawning
from fuguemux.commands.parts.floating.places import beside, floating_of
from fuguemux.commands.parts.floating.start import floating_added
from fuguemux.commands.parts.spawning import direction
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import INT_MAX, cells, number
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.events import AnyEvent, PaneActivated, PaneAdded, ZoomChanged
from fuguemux.model.layout import NoSpace, split
from fuguemux.model.live import LiveView
from fuguemux.model.pane_places import border_edge
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import is_floating
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    if flags.has("I"):
        raise Refused("-I is not supported: use split-window with a command that reads a file")
    if is_floating(target.window, target.pane.id):
        return _split_floating(state, live, invocation, target)
    size = wanted_size(state, live, invocation, target, "lines")
    pane = spawning.next_pane_id(state)
    try:
        layout = split(
            target.window.layout,
            target.pane.id,
            direction(invocation),
            pane,
            size=size,
            before=flags.has("b"),
            full=flags.has("f"),
            edge=border_edge(state, target.window),
        )
    except NoSpace:
        raise Refused("no space for new pane") from None
    events: list[AnyEvent] = [
        PaneAdded(
            target.window.id,
            pane,
            layout,
            live.now_ms(),
            spawning.argv_of(invocation.arguments),
            spawning.start_directory(state, live, invocation, target),
            spawning.environment_given(invocation),
        )
    ]
    if not flags.has("d"):
        events.append(PaneActivated(target.window.id, pane))
    if flags.has("Z"):
        events.append(ZoomChanged(target.window.id, True))
    reply = spawning.printed(invocation, target.session.id, target.window.id, pane)
    return Decision(tuple(events), (StartProcess(pane),), reply)


def _split_floating(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target
) -> Decision:
    """A floating pane beside the floating target. Both get smaller if the window has no room for the new one."""
    flags = invocation.flags
    old, new = beside(
        target.window,
        floating_of(target),
        spawning.next_pane_id(state),
        direction(invocation),
        before=flags.has("b"),
        full=flags.has("f"),
    )
    floating = tuple(old if each.pane == old.pane else each for each in target.window.floating)
    window = replace(target.window, floating=floating)
    return floating_added(state, live, invocation, target._replace(window=window), new)


def wanted_size(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target, what: str
) -> int | None:
    """The new pane's size by `-l` (cells, or a percentage with %) or `-p` (a percentage). None: half of the space.
    Raises Refused."""
    flags = invocation.flags
    given = flags.value("l")
    per_cent = flags.value("p")
    along = direction(invocation)
    whole = spawning.space(state, target, along, full=flags.has("f"))
    if given is not None:
        text = settings.expanded(state, live, invocation, given, target)
        return cells(what, text, low=0, whole=whole, percent_max=INT_MAX)
    if per_cent is not None:
        return whole * number("create pane failed: -p", per_cent, 0, INT_MAX) // 100
    return None


COMMAND: Final = Command(
    name="split-window",
    alias="splitw",
    flags="bc:de:fF:hIl:p:Pt:vZ",
    usage="[-bdefhIPvZ] [-c start-directory] [-e environment] [-F format] [-l size] "
    "[-t target-pane][shell-command]",
    arguments=(0, None),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Split a pane in two.",
)
