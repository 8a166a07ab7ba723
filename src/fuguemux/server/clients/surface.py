"""What viewers draw: the state, the panes, and the panes that show their history."""

from collections.abc import Callable

from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.options.environment import session_of
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.panes.panes import Panes


class ServerSurface:
    """Implements viewer.Surface."""

    def __init__(
        self,
        panes: Panes,
        scroll: ScrollViews,
        modes: PaneModes,
        state: Callable[[], ServerState],
        live: LiveView,
        alert: Callable[[], str],
    ) -> None:
        """`alert` returns the alert for the status line. Empty: none."""
        self.panes = panes
        self.scroll = scroll
        self.modes = modes
        self._state = state
        self._live = live
        self._alert = alert

    @property
    def state(self) -> ServerState:
        """The state now."""
        return self._state()

    @property
    def live(self) -> LiveView:
        """The live view, for formats."""
        return self._live

    def alert(self) -> str:
        """A short text for the status line about durability or recovery, or an empty one."""
        return self._alert()

    def prefix_key(self, pane: PaneId, secondary: bool) -> str:
        """The prefix key that is valid in the pane's session."""
        state = self._state()
        stored = state.panes.get(pane)
        session = None if stored is None else session_of(state, stored)
        return options.get(
            state,
            self._live.option_defaults(),
            "prefix2" if secondary else "prefix",
            session=session,
        )
