"""break-pane: move a pane out of its window into a new window."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import spawning
from fuguemux.commands.parts.floating.tiling import floated
from fuguemux.commands.parts.linking import WindowPlace, moved, place_for
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.closing import layout_without, never_renumber
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import AnyEvent, OptionSet, PaneBroken, WindowRenamed, WindowSelected
from fuguemux.model.ids import WindowId
from fuguemux.model.layout import leaf
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_names import bounded_name
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    source = invocation.source
    if flags.has("W"):
        return Decision(floated(state, live, invocation, source))
    place = place_for(invocation)
    layout = layout_without(source.window, source.pane.id)
    if layout is None:
        return _whole_window(state, live, invocation, source, place)
    links = place.links()
    index = place.index
    if index is not None and any(link.index == index for link in links):
        raise Refused(f"index in use: {index}")
    if index is None:
        index = spawning.free_index(state, live, place.session, links)
    window = WindowId(state.next_window)
    given = flags.value("n")
    name = spawning.default_window_name(state, live, source.session, source.pane.argv)
    size = source.window.layout
    events: tuple[AnyEvent, ...] = (
        *place.moves,
        PaneBroken(
            source.pane.id,
            source.window.id,
            layout,
            window,
            name if given is None else bounded_name(given),
            place.session.id,
            index,
            leaf(source.pane.id, size.columns, size.rows),
            live.now_ms(),
        ),
    )
    if given is not None:
        events += (OptionSet("window", window, "automatic-rename", "off"),)
    if not flags.has("d"):
        events += (WindowSelected(place.session.id, index),)
    reply = spawning.printed(invocation, place.session.id, window, source.pane.id)
    return Decision(events, reply=reply)


def _whole_window(
    state: ServerState, live: LiveView, invocation: Invocation, source: Target, place: WindowPlace
) -> Decision:
    """The pane is the only one of its window, so the window itself moves."""
    flags = invocation.flags
    events = moved(
        state,
        live,
        source,
        place,
        kill=False,
        select=not flags.has("d"),
        renumber=never_renumber,
    )
    name = flags.value("n")
    if name is not None:
        window = source.window.id
        events += (
            WindowRenamed(window, bounded_name(name)),
            OptionSet("window", window, "automatic-rename", "off"),
        )
    return Decision(events)


COMMAND: Final = Command(
    name="break-pane",
    alias="breakp",
    flags="abdPF:n:s:t:Wx:X:y:Y:",
    usage="[-abdPW] [-F format] [-n window-name] [-s src-pane] [-t dst-window] [-x width] [-y height] "
    "[-X x-position] [-Y y-position]",
    arguments=(0, 0),
    source=TargetFlag("s", TargetKind.PANE),
    target=TargetFlag("t", TargetKind.WINDOW_INDEX),
    decide=decide,
    help="Move a pane into a new window, or with -W lift it above the others of its window.",
)
