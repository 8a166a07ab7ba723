"""Going back to the pane that was active before: last-pane and select-pane -l."""

from fuguemux.commands.parts.zooming import unzoomed_unless
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import PaneActivated
from fuguemux.model.state import Window
from fuguemux.model.window_panes import is_visible, panes_in


def last_pane_selected(window: Window, *, keep_zoom: bool) -> Decision:
    """Select the pane that was active before; of two panes, the other one. Raises Refused if there is none."""
    panes = panes_in(window)
    if window.last:
        pane = window.last[0]
    elif len(panes) == 2:
        pane = panes[1 - panes.index(window.active)]
    else:
        raise Refused("no last pane")
    events = unzoomed_unless(window, keep=keep_zoom or is_visible(window, pane))
    return Decision((*events, PaneActivated(window.id, pane)))
