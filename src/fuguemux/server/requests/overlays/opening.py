"""Puts menus and the like over the panes of attached clients. The command that opened one waits until it has
disappeared."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, assert_never

from fuguemux.engine.engine import Engine
from fuguemux.formats.formats import FormatContext, TooExpensive
from fuguemux.model.overlay_effects import (
    AnyOverlayEffect,
    ClosePopup,
    NumberPanes,
    OpenMenu,
    OpenPopup,
)
from fuguemux.options import options
from fuguemux.server.clients.overlays import PanesOverlay
from fuguemux.server.clients.requesters import ViewerRequester
from fuguemux.server.clients.status import status_line
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.overlays.menu import MenuOverlay
from fuguemux.server.overlays.pane_numbers import PaneNumbers
from fuguemux.server.ports import EffectFailed, EffectResult, Requester
from fuguemux.server.requests.overlays.numbered_panes import numbered_panes
from fuguemux.server.requests.overlays.popups import Popups
from fuguemux.server.work.waits import Waits
from fuguemux.terminal.style import DEFAULT, Style

ENDS = "the server ended before it was closed"


class Overlays:
    """Implements `effect_runner.OverlaysPort`. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        viewers: Viewers,
        waits: Waits,
        popups: Popups,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._popups = popups
        self._spawn = spawn
        self._loop = loop
        self._engine = engine
        self._viewers = viewers
        self._waits = waits

    def open(
        self, effect: AnyOverlayEffect, requester: Requester
    ) -> Awaitable[EffectResult] | None:
        """Show it. None: the requester does not wait, or the client shows something already, as in tmux."""
        viewer = self._viewers.get(effect.client)
        if viewer is None or not viewer.draws:
            return None
        if isinstance(effect, ClosePopup):
            viewer.uncover()
            self._viewers.schedule(viewer)
            return None
        if viewer.over_panes is not None or viewer.page is not None:
            return None
        done: asyncio.Future[EffectResult] = self._loop.create_future()

        def ended(code: int = 0) -> None:
            if not done.done():
                done.set_result(EffectResult(exit_code=code))

        waits = True
        match effect:
            case OpenMenu():
                self._show(viewer, MenuOverlay(effect, self._mode_style(viewer), ended))
            case NumberPanes():
                waits = effect.wait
                self._number_panes(viewer, effect, ended)
            case OpenPopup():
                self._popup(viewer, effect, ended)
            case _:
                assert_never(effect)
        if not waits:
            return None
        if isinstance(requester, ViewerRequester):
            requester.step_aside()  # the keys that follow are for the overlay
        return self._waits.until_end(_result(done), ENDS)

    def _popup(self, viewer: Viewer, effect: OpenPopup, ended: Callable[[int], None]) -> None:
        overlay, program = self._popups.made(viewer, effect, ended)
        self._show(viewer, overlay)

        async def run() -> None:
            try:
                await self._popups.run(viewer, effect, overlay, program)
            except EffectFailed as failure:
                self._viewers.message(viewer, str(failure))

        self._spawn(run())

    def _number_panes(self, viewer: Viewer, effect: NumberPanes, ended: Callable[[], None]) -> None:
        numbers = PaneNumbers(
            partial(numbered_panes, self._engine, viewer),
            effect.template,
            reads_keys=effect.reads_keys,
            ended=ended,
        )
        self._show(viewer, numbers)
        if effect.duration_ms:
            self._loop.call_later(effect.duration_ms / 1000, self._hide, viewer, numbers)

    def _hide(self, viewer: Viewer, overlay: PanesOverlay) -> None:
        """Its time is over."""
        if viewer.over_panes is overlay:
            viewer.uncover()
            self._viewers.schedule(viewer)

    def _show(self, viewer: Viewer, overlay: PanesOverlay) -> None:
        viewer.over_panes = overlay
        viewer.dirty = True
        self._viewers.schedule(viewer)

    def _mode_style(self, viewer: Viewer) -> Style:
        """The style of the selected row."""
        state, live = self._engine.state, self._engine.live
        window = viewer.current_window()
        text = options.get(state, live.option_defaults(), "mode-style", window=window)
        context = FormatContext(
            state,
            live,
            session=viewer.session,
            window=None if window is None else window.id,
            client=viewer.client,
        )
        try:
            return status_line.expanded_style(text, context)
        except TooExpensive:
            return DEFAULT


async def _result(done: "asyncio.Future[EffectResult]") -> EffectResult:
    return await done
