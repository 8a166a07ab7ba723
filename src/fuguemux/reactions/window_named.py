"""The program in a pane named its window, with the title sequence of screen and tmux (ESC k)."""

from fuguemux.model.decision import Decision
from fuguemux.model.events import AnyEvent, OptionSet, WindowRenamed
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_names import bounded_name
from fuguemux.options import options


def decide(state: ServerState, live: LiveView, pane: PaneId, name: str) -> Decision:
    """Rename the pane's window if its option `allow-rename` is on.

    As in tmux, a name ends the automatic renaming of the window, and an empty name resumes it.
    """
    known = state.panes.get(pane)
    if known is None:
        return Decision()
    window, defaults = state.windows[known.window], live.option_defaults()
    if not options.get_flag(state, defaults, "allow-rename", window=window, pane=known):
        return Decision()
    if not name:
        if "automatic-rename" not in window.options:
            return Decision()
        return Decision((OptionSet("window", window.id, "automatic-rename", None),))
    events: list[AnyEvent] = []
    if window.options.get("automatic-rename") != "off":
        events.append(OptionSet("window", window.id, "automatic-rename", "off"))
    shown = bounded_name(name)
    if shown != window.name:
        events.append(WindowRenamed(window.id, shown))
    return Decision(tuple(events))
