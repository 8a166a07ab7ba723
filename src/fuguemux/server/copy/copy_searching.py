"""Searching in copy mode: the commands that search, once or while the text is typed."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from fuguemux.engine.engine import Engine
from fuguemux.model.ids import PaneId
from fuguemux.options import options
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.scrollback.pattern import BadPattern, Pattern
from fuguemux.persistence.scrollback.scrollback_search import not_searched
from fuguemux.server.copy.copy_document import Spot
from fuguemux.server.copy.copy_mode import CopyMode
from fuguemux.server.copy.copy_search import Search
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.ports import EffectFailed, EffectResult, Requester
from fuguemux.terminal.emulator import Event

SEARCHES: Final = {
    "search-forward": (True, True),
    "search-forward-text": (True, False),
    "search-forward-incremental": (True, False),
    "search-backward": (False, True),
    "search-backward-text": (False, False),
    "search-backward-incremental": (False, False),
    "search-again": (True, True),
    "search-reverse": (False, True),
}
"""For each command, whether it searches forward, and whether its argument is a regular expression."""


TYPED: Final = ("=", "+", "-")
"""How the text of an incremental search begins; see `_typed`."""


class SearchViewers(Protocol):
    """The attached clients, and what they show."""

    @property
    def scroll(self) -> ScrollViews: ...

    def pane_changed(self, terminal: PaneTerminal, events: Sequence[Event]) -> None: ...


class CopySearching:
    """Belongs to the loop."""

    def __init__(
        self,
        engine: Engine,
        screens: SearchViewers,
        moved: Callable[[PaneTerminal, CopyMode], None],
    ) -> None:
        """`moved` is called after the cursor was moved."""
        self._engine = engine
        self._screens = screens
        self._scroll = screens.scroll
        self._moved = moved

    async def searched(
        self,
        terminal: PaneTerminal,
        mode: CopyMode,
        name: str,
        text: str,
        times: int,
        requester: Requester,
        *,
        vi: bool,
    ) -> EffectResult:
        """Search as the command says, `times` times. Raises EffectFailed: what is wrong, or not found."""
        forward, regex = SEARCHES[name]
        if name in ("search-again", "search-reverse"):
            if mode.pattern is None:
                return EffectResult()
            forward = mode.search_forward == forward
        elif name.endswith("-incremental") and text[:1] in TYPED:
            return await self._typed(terminal, mode, text, requester, forward=forward, vi=vi)
        elif not text:
            return EffectResult()
        else:
            _look_for(mode, text, forward=forward, regex=regex)
        mode.matches_shown = True
        result = EffectResult()
        for _ in range(times):
            result = await self._find(terminal, mode, requester, forward=forward, vi=vi)
        return result

    async def _typed(
        self,
        terminal: PaneTerminal,
        mode: CopyMode,
        text: str,
        requester: Requester,
        *,
        forward: bool,
        vi: bool,
    ) -> EffectResult:
        """One step of a search while the text is typed. The first character says what was typed: `=` for the text, `+` and
        `-` for the keys that search further on.
        """
        kind, text = text[:1], text[1:]
        if mode.incremental_from is None:
            mode.incremental_from = mode.cursor, mode.top
        elif text != mode.search_string:
            mode.cursor, mode.top = mode.incremental_from
        mode.matches_shown = bool(text)
        if text:
            _look_for(mode, text, forward=kind == "+" or (kind == "=" and forward), regex=False)
            try:
                return await self._find(
                    terminal, mode, requester, forward=mode.search_forward, vi=vi
                )
            except EffectFailed:  # the next character may be right
                mode.matches_shown = False
        self._moved(terminal, mode)
        return EffectResult()

    async def _find(
        self,
        terminal: PaneTerminal,
        mode: CopyMode,
        requester: Requester,
        *,
        forward: bool,
        vi: bool,
    ) -> EffectResult:
        assert mode.pattern is not None, "there is something to search for"
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

    def _wraps(self, pane: PaneId) -> bool:
        state = self._engine.state
        window = state.windows[state.panes[pane].window]
        return (
            options.get(state, self._engine.live.option_defaults(), "wrap-search", window=window)
            == "on"
        )


def _look_for(mode: CopyMode, text: str, *, forward: bool, regex: bool) -> None:
    """Make a text what the mode searches for. Raises EffectFailed."""
    try:
        # As in tmux, a pattern without capital letters ignores case.
        mode.pattern = Pattern(text, regex=regex, ignore_case=text == text.lower())
    except BadPattern as bad:
        raise EffectFailed(f"search: {bad}") from bad
    if text != mode.search_string:
        mode.match = None
    mode.search_string, mode.search_forward = text, forward


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
