"""Carries out the copy mode commands of `send-keys -X`: motions, searches in steps on another thread, copies to buffers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from fuguemux.engine.engine import Engine
from fuguemux.model import effects as ef
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.pointing import Pointing
from fuguemux.options import options
from fuguemux.options.environment import session_of
from fuguemux.server.copy.copy_brackets import BRACKETS
from fuguemux.server.copy.copy_document import viewed
from fuguemux.server.copy.copy_mode import COPY_MODE, CopyMode
from fuguemux.server.copy.copy_motions import MOTIONS, MotionContext
from fuguemux.server.copy.copy_mouse import cell_in_pane
from fuguemux.server.copy.copy_output import COPIES, CopyOutput
from fuguemux.server.copy.copy_searching import SEARCHES, CopySearching
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.panes.last_screens import NoScreen
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.previews import FindScreen
from fuguemux.server.ports import EffectFailed, EffectResult, Requester
from fuguemux.terminal.emulator import Event

_CANCEL: Final = "-and-cancel"
CLEARS_MATCHES: Final = frozenset(
    (
        *("back-to-indentation", "begin-selection", "cancel", "clear-selection", "jump-to-mark"),
        *("rectangle-off", "rectangle-on", "rectangle-toggle", "refresh-from-pane", "select-line"),
        *("next-matching-bracket", "previous-matching-bracket"),
        *("select-word", "set-mark", "stop-selection"),
    )
)
"""The commands after which the matches are shown no longer with vi keys, too."""
ONCE: Final = frozenset(
    (
        *("start-of-line", "end-of-line", "back-to-indentation", "top-line", "middle-line"),
        *("bottom-line", "history-top", "history-bottom", "goto-line", "begin-selection"),
        *("clear-selection", "set-mark", "jump-to-mark", "stop-selection", "rectangle-toggle"),
        *("rectangle-on", "rectangle-off", "toggle-position", "select-word"),
    )
)
"""The commands that a repeat count does not change."""
WHEEL: Final = (4, 5)


class CopyViewers(Protocol):
    """The attached clients, and what they show."""

    @property
    def scroll(self) -> ScrollViews: ...

    def pane_changed(self, terminal: PaneTerminal, events: Sequence[Event]) -> None: ...

    def copied(self, pane: PaneId, data: bytes) -> None:
        """Put `data` on the clipboards of the clients that show the pane."""
        ...


class CopyCommands:
    """Carries out copy mode commands. Belongs to the loop."""

    def __init__(
        self,
        engine: Engine,
        panes: Panes,
        screens: CopyViewers,
        durable: Callable[[int], Awaitable[None]],
        last_screen: FindScreen,
        output: CopyOutput,
        begin_selection: Callable[[ClientId, PaneId, Pointing], None],
    ) -> None:
        """`begin_selection` begins a selection with a client's mouse."""
        self._output = output
        self._searching = CopySearching(engine, screens, self._moved)
        self._begin_selection = begin_selection
        self._engine = engine
        self._panes = panes
        self._scroll = screens.scroll
        self._screens = screens
        self._durable = durable
        self._last_screen = last_screen

    async def view_last_screen(self, effect: ef.ViewLastScreen) -> EffectResult:
        """Show the last screen of a program that ended in the pane. Raises EffectFailed if there is none."""
        try:
            screen = await self._last_screen(effect.pane, effect.recovery_ms)
        except NoScreen as none:
            raise EffectFailed(str(none)) from none
        terminal = self._panes.get(effect.pane)
        if terminal is not None:
            self._scroll.show(terminal, *viewed(screen), screen.recovery_ms)
            self._screens.pane_changed(terminal, ())
        return EffectResult()

    def copy_mode(
        self, effect: ef.CopyModeCommand, requester: Requester
    ) -> Awaitable[EffectResult] | None:
        """Run one command. Slow work is returned as an awaitable. An unknown command does nothing, as in tmux."""
        terminal, mode = self._panes.get(effect.pane), self._scroll.mode(effect.pane)
        if terminal is None or mode is None:
            return None
        if not effect.command:
            mode.repeat = effect.times or 0
            return None
        times, mode.repeat = effect.times or mode.repeat or 1, 0
        context = self._context(effect)
        self._forget_search(mode, effect.command, vi=context.vi)
        name = effect.command.removesuffix(_CANCEL)
        if name not in COPIES:
            self._to_the_mouse(terminal, mode, effect)
        ends = effect.command.endswith(_CANCEL)
        if name in SEARCHES:
            return self._searching.searched(
                terminal, mode, name, context.argument, times, requester, vi=context.vi
            )
        if name in COPIES:
            return self._copied(terminal, mode, effect, times, context)
        if name == "refresh-from-pane" and mode.name == COPY_MODE:
            return self._refreshed(terminal, mode)
        mouse, client = effect.mouse, effect.client
        if name == "begin-selection" and mouse is not None and client is not None:
            self._begin_selection(client, effect.pane, mouse)
            return None
        motion = MOTIONS.get(name) or BRACKETS.get(name)
        if motion is not None:
            count = 1 if name in ONCE else times

            def move(trial: CopyMode) -> None:
                trial.fit(terminal.emulator.size)
                for _ in range(count):
                    motion(trial, context)

            if not mode.tried(move):
                return self._move_later(terminal, mode, move, ends=ends)
            self._moved(terminal, mode, ends=ends)
            return None
        if name == "cancel":
            self._scroll.leave(effect.pane)
        self._moved(terminal, mode)
        return None

    def _to_the_mouse(
        self, terminal: PaneTerminal, mode: CopyMode, effect: ef.CopyModeCommand
    ) -> None:
        """Move the cursor to the mouse if its key runs the command, as in tmux."""
        mouse = effect.mouse
        if mouse is None or mouse.button in WHEEL or effect.command == "begin-selection":
            return
        at = cell_in_pane(self._engine.state, effect.pane, mouse)
        if at is not None:

            def put(trial: CopyMode) -> None:
                trial.fit(terminal.emulator.size)
                trial.put(*at)

            mode.tried(put)

    @staticmethod
    def _forget_search(mode: CopyMode, command: str, *, vi: bool) -> None:
        """Show the matches no longer: with emacs keys after each other command, with vi keys after some."""
        if command.startswith("search-") or command == "toggle-position":
            return
        if not vi or command in CLEARS_MATCHES or command.removesuffix(_CANCEL) in COPIES:
            if command.removesuffix(_CANCEL) not in COPIES:
                mode.matches_shown = False
            mode.incremental_from = None

    async def _copied(
        self,
        terminal: PaneTerminal,
        mode: CopyMode,
        effect: ef.CopyModeCommand,
        times: int,
        context: MotionContext,
    ) -> EffectResult:
        name = effect.command.removesuffix(_CANCEL)
        copying = COPIES[name]
        await self._output.copied(effect.pane, mode, copying, effect.arguments, times, context)
        if self._scroll.mode(terminal.id) is not mode:
            return EffectResult()  # the mode was left meanwhile
        mode.matches_shown = False
        if copying.clears:
            mode.anchor = mode.stopped = None
        if effect.command.endswith(_CANCEL):
            self._scroll.leave(terminal.id)
        self._moved(terminal, mode)
        return EffectResult()

    async def _refreshed(self, terminal: PaneTerminal, mode: CopyMode) -> EffectResult:
        await self._scroll.refreshed(terminal, mode)
        self._moved(terminal, mode)
        return EffectResult()

    async def _move_later(
        self,
        terminal: PaneTerminal,
        mode: CopyMode,
        move: Callable[[CopyMode], None],
        *,
        ends: bool,
    ) -> EffectResult:
        """Make a move once the lines on its way are in memory."""
        await self._scroll.done(mode, move)
        if self._scroll.mode(terminal.id) is mode:
            self._moved(terminal, mode, ends=ends)
        return EffectResult()

    def _context(self, effect: ef.CopyModeCommand) -> MotionContext:
        state = self._engine.state
        pane = state.panes[effect.pane]
        session = session_of(state, pane)
        return MotionContext(
            effect.arguments[0] if effect.arguments else "",
            options.get(
                state, self._engine.live.option_defaults(), "word-separators", session=session
            ),
            self._is_vi(effect.pane),
        )

    def _moved(self, terminal: PaneTerminal, mode: CopyMode, *, ends: bool = False) -> None:
        if (mode.ends_at_bottom or ends) and mode.back == 0:
            self._scroll.leave(terminal.id)
        self._scroll.moved()
        self._screens.pane_changed(terminal, ())

    def _is_vi(self, pane: PaneId) -> bool:
        state = self._engine.state
        window = state.windows[state.panes[pane].window]
        return (
            options.get(state, self._engine.live.option_defaults(), "mode-keys", window=window)
            == "vi"
        )
