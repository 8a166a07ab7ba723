"""Carries out the copy mode commands of `send-keys -X`: motions, searches in steps on another thread, copies to buffers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Final, Protocol

from fuguemux.commands.parts import paste_buffers
from fuguemux.engine.engine import Engine
from fuguemux.model import effects as ef
from fuguemux.model.decision import Decision
from fuguemux.model.events import BufferSet
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Buffer
from fuguemux.options import options
from fuguemux.options.environment import session_of
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.scrollback.pattern import BadPattern, Pattern
from fuguemux.persistence.scrollback.scrollback_search import not_searched
from fuguemux.server.copy.copy_document import Spot, viewed
from fuguemux.server.copy.copy_mode import CopyMode
from fuguemux.server.copy.copy_motions import MOTIONS, MotionContext
from fuguemux.server.copy.copy_search import Search
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.panes.last_screens import NoScreen
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.previews import FindScreen
from fuguemux.server.ports import EffectFailed, EffectResult, Requester
from fuguemux.terminal.emulator import Event

_CANCEL: Final = "-and-cancel"
_SEARCHES: Final = {
    "search-forward": (True, True),
    "search-forward-text": (True, False),
    "search-forward-incremental": (True, False),
    "search-backward": (False, True),
    "search-backward-text": (False, False),
    "search-backward-incremental": (False, False),
}
"""For each command, whether it searches forward, and whether its argument is a regular expression."""
LINES_AT_ONCE: Final = 2_000
"""A selection of up to this many lines is read on the loop."""
_COPIES: Final = ("copy-selection", "copy-selection-no-clear", "copy-pipe", "copy-pipe-no-clear")


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
    ) -> None:
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
        context = self._context(effect)
        name = effect.command.removesuffix(_CANCEL)
        ends = effect.command.endswith(_CANCEL)
        if name in _SEARCHES and context.argument:
            forward, regex = _SEARCHES[name]
            return self._search(
                terminal, mode, context.argument, requester, forward=forward, regex=regex
            )
        if name in ("search-again", "search-reverse"):
            return self._search_again(terminal, mode, requester, reverse=name == "search-reverse")
        if name in (*_COPIES, "append-selection", "copy-line", "copy-end-of-line"):
            return self._copy(terminal, mode, name, context, ends=ends)
        del requester
        if name in MOTIONS:

            def move(trial: CopyMode) -> None:
                trial.fit(terminal.emulator.size)
                for _ in range(effect.times or 1):
                    MOTIONS[name](trial, context)

            if not mode.tried(move):
                return self._move_later(terminal, mode, move, ends=ends)
            self._moved(terminal, mode, ends=ends)
            return None
        if name == "cancel":
            self._scroll.leave(effect.pane)
        self._moved(terminal, mode)
        return None

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

    # -- searching ----------------------------------------------------------------------------

    async def _search(
        self,
        terminal: PaneTerminal,
        mode: CopyMode,
        text: str,
        requester: Requester,
        *,
        forward: bool,
        regex: bool,
    ) -> EffectResult:
        try:
            # As in tmux, a pattern without capital letters ignores case.
            mode.pattern = Pattern(text, regex=regex, ignore_case=text == text.lower())
        except BadPattern as bad:
            raise EffectFailed(f"search: {bad}") from bad
        if text != mode.search_string:
            mode.match = None
        mode.search_string, mode.search_forward = text, forward
        return await self._find(terminal, mode, requester, forward=forward)

    async def _search_again(
        self, terminal: PaneTerminal, mode: CopyMode, requester: Requester, *, reverse: bool
    ) -> EffectResult:
        if mode.pattern is None:
            return EffectResult()
        return await self._find(terminal, mode, requester, forward=mode.search_forward != reverse)

    async def _find(
        self, terminal: PaneTerminal, mode: CopyMode, requester: Requester, *, forward: bool
    ) -> EffectResult:
        assert mode.pattern is not None, "there is something to search for"
        vi = self._is_vi(terminal.id)
        start = mode.cursor
        on_match = vi and mode.match is not None and mode.match[0] == start
        if forward and not on_match:
            start = Spot(start.line, start.offset - 1)  # a match may begin at the cursor

        def wanted() -> bool:
            return self._scroll.mode(terminal.id) is mode

        search = Search(mode, wanted, lambda: self._screens.pane_changed(terminal, ()))
        found = await search.nearest(mode.pattern, start, forward=forward)
        wraps = found is None and self._wraps(terminal.id)
        if wraps and wanted():
            document = mode.document
            end = Spot(document.first, -1) if forward else Spot(document.stop, 0)
            found = await search.nearest(mode.pattern, end, forward=forward)
        if not wanted():
            return EffectResult()  # the mode was left meanwhile
        if found is None:
            mode.match = None
            self._screens.pane_changed(terminal, ())
            unread = _not_searched(terminal, mode)
            raise EffectFailed(f"search: not found{unread and f'; {unread}'}")
        between = () if wraps else sorted((start.line, found.spot.line))
        unread = _not_searched(terminal, mode, *between)
        if unread:
            requester.stderr(f"search: {unread}\n".encode())
        behind = forward and not vi
        line, offset = found.spot
        spot = Spot(line, offset + found.characters) if behind else found.spot

        def go(trial: CopyMode) -> None:
            trial.fit(terminal.emulator.size)
            trial.match = found
            trial.go(spot, centre=True)

        await self._scroll.done(mode, go)
        if not wanted():
            return EffectResult()
        self._moved(terminal, mode)
        return EffectResult()

    def _is_vi(self, pane: PaneId) -> bool:
        state = self._engine.state
        window = state.windows[state.panes[pane].window]
        return (
            options.get(state, self._engine.live.option_defaults(), "mode-keys", window=window)
            == "vi"
        )

    def _wraps(self, pane: PaneId) -> bool:
        state = self._engine.state
        window = state.windows[state.panes[pane].window]
        return (
            options.get(state, self._engine.live.option_defaults(), "wrap-search", window=window)
            == "on"
        )

    # -- copying ------------------------------------------------------------------------------

    async def _copy(
        self,
        terminal: PaneTerminal,
        mode: CopyMode,
        name: str,
        context: MotionContext,
        *,
        ends: bool,
    ) -> EffectResult:
        if context.argument and name.startswith("copy-pipe"):
            raise EffectFailed("copy-pipe: with a command it is not supported; use save-buffer -")
        text = await self._text(mode, name, context)
        if text:
            data = text.encode("utf-8", "replace")
            state, live = self._engine.state, self._engine.live
            newest = paste_buffers.newest(state)
            if name == "append-selection" and newest is not None:
                joined = Buffer(
                    newest.name, newest.data + data, live.now_ms(), automatic=newest.automatic
                )
                events: tuple[BufferSet, ...] | tuple[object, ...] = (BufferSet(joined),)
            else:
                events = paste_buffers.buffer_stored(state, live, data, None)
            outcome = self._engine.tell(Decision(events))  # type: ignore[arg-type]  # both are events
            if options.get(state, self._engine.live.option_defaults(), "set-clipboard") != "off":
                self._screens.copied(terminal.id, data)
            await self._durable(outcome.lsn)
        if self._scroll.mode(terminal.id) is not mode:
            return EffectResult()  # the mode was left meanwhile
        if not name.endswith("-no-clear"):
            mode.anchor = None
        if ends:
            self._scroll.leave(terminal.id)
        self._moved(terminal, mode)
        return EffectResult()

    async def _text(self, mode: CopyMode, name: str, context: MotionContext) -> str:
        """The text to copy, as of now. Many lines are read on another thread."""
        line = mode.document.text(mode.cursor.line)
        if name == "copy-line":
            return line
        if name == "copy-end-of-line":
            return line[mode.cursor.offset :]
        ends = mode.selection()
        if ends is None or ends[1].line - ends[0].line < LINES_AT_ONCE:
            return mode.selected(vi=context.vi)
        taken = copy(mode)
        taken.document = mode.document.again()
        return await asyncio.to_thread(lambda: taken.selected(vi=context.vi))


def _not_searched(terminal: PaneTerminal, mode: CopyMode, *between: int) -> str:
    """Say that lines could not be read, in the whole history or between two lines. Empty if all were read, or if it is no
    history.
    """
    if mode.last_screen_ms is not None:
        return ""
    lines = not_searched(terminal.scrollback.blocks(), *between)
    one = lines == 1
    what = f"{counted(lines, 'line')} cannot be read and {'was' if one else 'were'} not searched"
    return what if lines else ""
