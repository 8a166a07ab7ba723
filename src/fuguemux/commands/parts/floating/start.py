"""Starting a program in a new floating pane, for new-pane and split-window."""

from fuguemux.commands.parts import spawning
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision
from fuguemux.model.effects import StartProcess, Tell
from fuguemux.model.events import (
    AnyEvent,
    FloatingPaneAdded,
    PaneActivated,
    PaneTitled,
    ZoomChanged,
)
from fuguemux.model.floating import Floating
from fuguemux.model.limits import TITLE_BYTES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import Options, ServerState
from fuguemux.model.window_names import bounded_title
from fuguemux.options.without_effect import said


def floating_added(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target, floating: Floating
) -> Decision:
    """Create the floating pane in the target's window, in front of the others, and start its program."""
    flags, window = invocation.flags, target.window
    front = (floating, *window.floating)
    events: list[AnyEvent] = [
        FloatingPaneAdded(
            window.id,
            floating.pane,
            front,
            live.now_ms(),
            spawning.argv_of(invocation.arguments),
            spawning.start_directory(state, live, invocation, target),
            spawning.environment_given(invocation),
            _options(invocation),
            zoomed=window.zoomed and floating.above_zoom,
        )
    ]
    title = flags.value("T")
    if title is not None:
        events.append(PaneTitled(floating.pane, bounded_title(title, TITLE_BYTES_MAX)))
    if not flags.has("d"):
        events.append(PaneActivated(window.id, floating.pane))
    if flags.has("Z") and not (window.zoomed and floating.above_zoom):
        events.append(ZoomChanged(window.id, True))
    reply = spawning.printed(invocation, target.session.id, window.id, floating.pane)
    said_of_style = said("window-style") if flags.has("s") else None
    told = () if said_of_style is None else (Tell(said_of_style),)
    return Decision(tuple(events), (StartProcess(floating.pane), *told), reply)


def _options(invocation: Invocation) -> Options:
    """`-s`: the style of what the pane shows, both while it is active and while it is not."""
    style = invocation.flags.value("s")
    return {} if style is None else dict.fromkeys(("window-style", "window-active-style"), style)
