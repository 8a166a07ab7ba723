"""Names a window after the program in its active pane, until a user gives it a name."""

from collections.abc import Collection

from fuguemux.model.decision import Decision
from fuguemux.model.events import AnyEvent, WindowRenamed
from fuguemux.model.ids import WindowId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Life, ServerState, Window
from fuguemux.model.window_names import name_of_command
from fuguemux.options import options


def decide(
    state: ServerState, live: LiveView, windows: Collection[WindowId] | None = None
) -> Decision:
    """Return new names for those of `windows` (None: all) whose program has changed. The name of a dead pane's window
    says so.
    """
    defaults = live.option_defaults()
    events: list[AnyEvent] = []
    for _, window in sorted(state.windows.items()):
        if windows is not None and window.id not in windows:
            continue
        if not options.get_flag(state, defaults, "automatic-rename", window=window):
            continue
        name = _name(state, live, window)
        if name and name != window.name:
            events.append(WindowRenamed(window.id, name))
    return Decision(tuple(events))


def _name(state: ServerState, live: LiveView, window: Window) -> str:
    """The name by the active pane's program. Empty if none is known."""
    facts = live.pane(window.active)
    if facts.in_mode:
        return ""
    name = name_of_command(facts.current_command)
    if state.panes[window.active].life is Life.DEAD:
        bare = window.name.removesuffix("[dead]")
        return f"{name or bare}[dead]"
    return name
