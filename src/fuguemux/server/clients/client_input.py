"""What commands change of a client's input: the key table of its next key, and what its mouse drags."""

from fuguemux.model import effects as ef
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.pointing import Pointing
from fuguemux.server.clients.viewer import Drag
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.copy.copy_mouse import Dragging
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import EffectResult


class ClientInput:
    """Belongs to the loop."""

    def __init__(self, viewers: Viewers, panes: Panes, dragging: Dragging) -> None:
        self._viewers = viewers
        self._panes = panes
        self._dragging = dragging

    def set_key_table(self, client: ClientId, table: str) -> None:
        """Look up the client's next key in this table."""
        viewer = self._viewers.get(client)
        if viewer is not None:
            viewer.key_table, viewer.dirty = table, True
            self._viewers.schedule(viewer)

    def begin_drag(self, client: ClientId, command: str) -> None:
        """Run the command whenever the mouse moves while its button is held."""
        viewer = self._viewers.get(client)
        if viewer is not None:
            viewer.drag = Drag(command)

    def begin_selection(self, client: ClientId, pane: PaneId, mouse: Pointing) -> None:
        """Begin a selection with the mouse in a pane that is in copy mode, if the client shows the session."""
        viewer = self._viewers.get(client)
        if viewer is None or viewer.session != mouse.session:
            return
        if self._dragging.begin(pane, mouse):
            viewer.drag = Drag(pane=pane)

    async def scroll_view(self, effect: ef.ScrollView) -> EffectResult:
        """Show a pane's history, or the pane itself again."""
        scroll, terminal = self._viewers.scroll, self._panes.get(effect.pane)
        if terminal is None:
            return EffectResult()
        if effect.leave:
            scroll.leave(effect.pane)
        else:
            source = None if effect.source is None else self._panes.get(effect.source)
            await scroll.entered(
                terminal,
                page_up=effect.page_up,
                ends_at_bottom=effect.ends_at_bottom,
                hide_position=effect.hide_position,
                source=source,
            )
            if effect.drag is not None:
                client, mouse = effect.drag
                self.begin_selection(client, effect.pane, mouse)
        self._viewers.pane_changed(terminal, ())
        return EffectResult()
