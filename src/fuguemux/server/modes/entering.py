"""Puts panes into modes: builds the mode that an effect names from the state, the options and the panes.

The modules of the modes are imported when the first pane enters one, so that a server without them starts sooner.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fuguemux.model import effects as ef
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.server.modes.pane_mode import PaneMode
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.panes.panes import Panes

if TYPE_CHECKING:
    from fuguemux.server.modes.list_mode import ListSource


class ModeEntry:
    """Belongs to the loop."""

    def __init__(
        self,
        modes: PaneModes,
        state: Callable[[], ServerState],
        live: LiveView,
        panes: Panes,
        status: Callable[[ClientFacts], Sequence[bytes]],
    ) -> None:
        """`status` returns the rows of a client's status line."""
        self._modes = modes
        self._status = status
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
        return self._clock(effect) if effect.name == "clock-mode" else self._list(effect)

    def _list(self, effect: ef.EnterMode) -> PaneMode:
        from fuguemux.server.modes.list_mode import ListMode

        source, template = self._source(effect)
        return ListMode(
            source,
            template,
            order=effect.sort,
            reverse=effect.reverse,
            wanted=effect.filter,
            preview=effect.preview,
        )

    def _source(self, effect: ef.EnterMode) -> "tuple[ListSource, str]":
        from fuguemux.server.modes.pane_list import ListWanted

        wanted = ListWanted(
            effect.pane, effect.format, effect.key_format, effect.unzoom, effect.template
        )
        match effect.name:
            case "buffer-mode":
                from fuguemux.server.modes import buffer_source as buffers

                wanted = wanted._replace(template=effect.template or buffers.TEMPLATE)
                return buffers.BufferSource(self._state, self._live, wanted), wanted.template
            case "client-mode":
                from fuguemux.server.modes import client_source as clients

                source = clients.ClientSource(
                    self._state, self._live, self._panes, wanted, self._status
                )
                return source, effect.template or clients.TEMPLATE
            case "options-mode":
                from fuguemux.server.modes import customize_source as customize

                return customize.CustomizeSource(self._state, self._live, wanted), ""
            case _:
                from fuguemux.server.modes import tree_source as tree

                made = tree.TreeSource(
                    self._state,
                    self._live,
                    self._panes,
                    wanted,
                    start=effect.start,
                    groups=effect.groups,
                )
                return made, effect.template or tree.TEMPLATE

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
