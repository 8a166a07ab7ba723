"""resize-window: set a window's size by hand. It keeps this size whatever the sizes of its viewers' terminals are."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.commands.parts.spawning import viewers_of
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import INT_MAX, number
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision
from fuguemux.model.events import AnyEvent, LayoutChanged, OptionSet
from fuguemux.model.layout import resize
from fuguemux.model.limits import WINDOW_COLUMNS_MAX, WINDOW_ROWS_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.pane_places import border_edge
from fuguemux.model.state import ServerState, sessions_with
from fuguemux.model.window_size import WindowSize, bounded, parsed_size, window_size
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    adjustment = 1
    if invocation.arguments:
        adjustment = number("adjustment", invocation.arguments[0], 1, INT_MAX)
    layout = target.window.layout
    columns, rows = layout.columns, layout.rows
    width, height = flags.value("x"), flags.value("y")
    if width is not None:
        columns = number("width", width, 1, WINDOW_COLUMNS_MAX)
    if height is not None:
        rows = number("height", height, 1, WINDOW_ROWS_MAX)
    if flags.has("L"):
        columns -= adjustment if columns >= adjustment else 0
    elif flags.has("R"):
        columns += adjustment
    elif flags.has("U"):
        rows -= adjustment if rows >= adjustment else 0
    elif flags.has("D"):
        rows += adjustment
    if flags.has("A"):
        columns, rows = _by_viewers(state, live, target, "largest")
    elif flags.has("a"):
        columns, rows = _by_viewers(state, live, target, "smallest")
    resized = resize(layout, *bounded(columns, rows), border_edge(state, target.window))
    events: list[AnyEvent] = [OptionSet("window", target.window.id, "window-size", "manual")]
    if resized != layout:
        events.append(LayoutChanged(target.window.id, resized))
    return Decision(tuple(events))


def _by_viewers(state: ServerState, live: LiveView, target: Target, policy: str) -> WindowSize:
    """The size that the viewers of all of the window's sessions allow. Without viewers: the session's default."""
    viewers = [
        viewer
        for session in sessions_with(state, target.window.id)
        for viewer in viewers_of(state, live, session)
    ]
    size = window_size(policy, viewers)
    default = parsed_size(settings.text(state, live, "default-size", session=target.session))
    return size or default or bounded(80, 24)


COMMAND: Final = Command(
    name="resize-window",
    alias="resizew",
    flags="aADLRt:Ux:y:",
    usage="[-aADLRU] [-x width] [-y height] [-t target-window] [adjustment]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide,
    help="Set a window's size.",
)
