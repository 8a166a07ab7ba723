"""Puts panes into modes: builds the mode that an effect names from the state, the options and the panes.

The modules of the modes are imported when the first pane enters one, so that a server without them starts sooner.
"""

from collections.abc import Callable

from fuguemux.model import effects as ef
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.server.modes.pane_mode import PaneMode
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.panes.panes import Panes


class ModeEntry:
    """Belongs to the loop."""

    def __init__(
        self, modes: PaneModes, state: Callable[[], ServerState], live: LiveView, panes: Panes
    ) -> None:
        self._modes = modes
        self._state = state
        self._live = live
        self._panes = panes

    def enter(self, effect: ef.EnterMode) -> None:
        """Put a pane into a mode. Does nothing if the pane is gone."""
        if self._panes.get(effect.pane) is not None:
            self._modes.enter(effect.pane, self._built(effect))

    def leave_all(self, pane: ef.LeaveModes) -> None:
        """End all modes of a pane."""
        self._modes.leave_all(pane.pane)

    def _built(self, effect: ef.EnterMode) -> PaneMode:
        return self._clock(effect) if effect.name == "clock-mode" else self._tree(effect)

    def _tree(self, effect: ef.EnterMode) -> PaneMode:
        from fuguemux.server.modes.list_mode import ListMode
        from fuguemux.server.modes.tree_source import TEMPLATE, TreeSource, TreeWanted

        wanted = TreeWanted(
            effect.pane, effect.format, effect.key_format, effect.start, effect.unzoom
        )
        return ListMode(
            TreeSource(self._state, self._live, self._panes, wanted),
            effect.template or TEMPLATE,
            order=effect.sort,
            reverse=effect.reverse,
            wanted=effect.filter,
            preview=effect.preview,
        )

    def _clock(self, effect: ef.EnterMode) -> PaneMode:
        from fuguemux.server.modes.clock import ClockLook, ClockMode

        def look() -> ClockLook:
            state, live = self._state(), self._live
            defaults, pane = live.option_defaults(), state.panes.get(effect.pane)
            window = None if pane is None else state.windows.get(pane.window)
            moment = live.local_time(live.now_ms() // 1000)
            colour = options.get(state, defaults, "clock-mode-colour", window=window)
            twelve = options.get(state, defaults, "clock-mode-style", window=window) == "12"
            return ClockLook(moment[3], moment[4], colour, twelve)

        return ClockMode(look)
