"""Runs capture-pane for history: reads it on another thread, as the pane was at one moment."""

import asyncio
from collections.abc import Awaitable, Callable

from fuguemux.commands import capture_pane
from fuguemux.commands.parts import paste_buffers
from fuguemux.engine.engine import Engine
from fuguemux.model import effects as ef
from fuguemux.model.decision import Decision
from fuguemux.observe.failpoints import reach
from fuguemux.server.panes.capture import PaneMoment, moment
from fuguemux.server.panes.pane_terminal import ROWS_AT_ONCE
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import EffectResult


class Capturer:
    """Carries out the effect CapturePane. Belongs to the loop."""

    def __init__(
        self, panes: Panes, engine: Engine, durable: Callable[[int], Awaitable[None]]
    ) -> None:
        self._panes = panes
        self._engine = engine
        self._durable = durable

    async def capture_pane(self, effect: ef.CapturePane) -> EffectResult:
        """Return the rows as they were when the command had its turn; nothing if the pane is gone. Waits for a
        thread.
        """
        terminal = self._panes.get(effect.pane)
        data = b""
        if terminal is not None:
            while (before := terminal.emulator.unarchived_rows) > ROWS_AT_ONCE:
                terminal.take_archive(rows_max=ROWS_AT_ONCE)
                await asyncio.sleep(0)
                if self._panes.get(effect.pane) is not terminal:
                    return EffectResult()
                if terminal.emulator.unarchived_rows >= before:
                    break
            terminal.take_archive(everything=True)
            data = await asyncio.to_thread(_text, moment(terminal, effect.request))
        if effect.printed:
            return EffectResult(capture_pane.printed(data))
        state, live = self._engine.state, self._engine.live
        events = paste_buffers.buffer_stored(state, live, data, effect.name)
        await self._durable(self._engine.tell(Decision(events)).lsn)
        return EffectResult()


def _text(of: PaneMoment) -> bytes:
    reach("capture.text")
    return of.text()
