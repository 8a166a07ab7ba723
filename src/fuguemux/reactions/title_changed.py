"""The program in a pane set its title (OSC 0 and 2)."""

from fuguemux.model.decision import Decision
from fuguemux.model.events import PaneTitled
from fuguemux.model.ids import PaneId
from fuguemux.model.limits import TITLE_BYTES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_names import bounded_title


def decide(state: ServerState, live: LiveView, pane: PaneId, title: str) -> Decision:
    """The title without control characters, cut to its limit. Returns no events if it is unchanged."""
    known = state.panes.get(pane)
    shown = bounded_title("".join(filter(str.isprintable, title)), TITLE_BYTES_MAX)
    if known is None or known.title == shown:
        return Decision()
    return Decision((PaneTitled(pane, shown),))
