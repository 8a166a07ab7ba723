"""What a server does in the remaining time when a shutdown of the machine is announced."""

import contextlib
from collections.abc import Awaitable, Callable

from fuguemux.model.state import ServerState
from fuguemux.observe.clock import Clock
from fuguemux.server.panes.last_screens import LastScreens
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import EffectFailed
from fuguemux.server.processes.foresight import seen_last
from fuguemux.server.processes.shutdown_signs import ShutdownSigns


class AnnouncedShutdown:
    """Belongs to the loop."""

    def __init__(
        self,
        signs: ShutdownSigns,
        last_screens: LastScreens,
        panes: Panes,
        state: Callable[[], ServerState],
        clock: Clock,
        save: Callable[[], Awaitable[object]],
    ) -> None:
        """`save` writes a checkpoint; it may raise EffectFailed."""
        self._signs = signs
        self._last_screens = last_screens
        self._panes = panes
        self._state = state
        self._clock = clock
        self._save = save

    async def changed(self, near: bool) -> None:
        """A shutdown is announced: store what every program shows, and save everything. Or it is called off."""
        self._signs.announced = near
        if near:
            seen = seen_last(self._state(), self._panes, self._clock.wall_ms())
            self._last_screens.foresee(seen)
            with contextlib.suppress(EffectFailed):
                await self._save()
        else:
            self._last_screens.nothing_foreseen()
            self._last_screens.spawn(self._last_screens.settle())
