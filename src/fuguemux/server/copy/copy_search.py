"""Searches in copy mode: in steps on another thread, with progress in the pane's corner, until C-c."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from fuguemux.observe.failpoints import reach
from fuguemux.persistence.scrollback.pattern import Pattern
from fuguemux.persistence.scrollback.scrollback_search import Hit, RunHits, search_parts
from fuguemux.server.copy.copy_document import Document, Spot
from fuguemux.server.copy.copy_mode import CopyMode
from fuguemux.server.ports import EffectFailed

STEP_RUNS: Final = 16
"""How many runs of lines the thread searches in one step. Each run takes some milliseconds."""


class Match(NamedTuple):
    """Where a match begins, and its length in characters."""

    spot: Spot
    characters: int


class _Step(NamedTuple):
    match: Match | None
    lines: int
    ended: bool


class Search:
    """One search. `wanted` returns whether the pane is still in this mode; `changed` is called to draw the progress."""

    def __init__(
        self, mode: CopyMode, wanted: Callable[[], bool], changed: Callable[[], None]
    ) -> None:
        self._mode = mode
        self._wanted = wanted
        self._changed = changed

    async def nearest(self, pattern: Pattern, start: Spot, *, forward: bool) -> Match | None:
        """Return the nearest match behind (or before) a place. Raises EffectFailed if the search is stopped."""
        mode = self._mode
        parts, first = mode.document.parts, mode.document.first
        found = search_parts(
            parts,
            pattern,
            base=first,
            start=max(start.line, first) if forward else start.line,
            backward=not forward,
        )
        mode.searched, mode.search_stopped = 0, False
        try:
            while True:
                step = await asyncio.to_thread(_step, found, pattern, start, forward=forward)
                if mode.search_stopped:
                    raise EffectFailed("search: stopped")
                if step.match is not None:
                    document = mode.document.again()
                    spot = await asyncio.to_thread(_within_pieces, document, step.match.spot)
                    return Match(spot, step.match.characters)
                if step.ended or not self._wanted():
                    return None
                mode.searched += step.lines
                self._changed()
        finally:
            mode.searched = None


def _step(found: Iterator[RunHits], pattern: Pattern, start: Spot, *, forward: bool) -> _Step:
    """Return the first match behind the place in the next runs of lines, and whether there are no more runs. On any
    thread.
    """
    reach("search.step")
    lines = 0
    for number, each in enumerate(found, 1):
        lines += each.lines
        for hit in each.hits:
            match = _in_line(hit, pattern, start, forward=forward)
            if match is not None:
                return _Step(match, lines, ended=False)
        if number == STEP_RUNS:
            return _Step(None, lines, ended=False)
    return _Step(None, lines, ended=True)


def _in_line(hit: Hit, pattern: Pattern, start: Spot, *, forward: bool) -> Match | None:
    spans = pattern.spans(hit.text)
    for begin, end in spans if forward else reversed(spans):
        spot = Spot(hit.line, begin)
        if spot > start if forward else spot < start:
            return Match(spot, end - begin)
    return None


def _within_pieces(document: Document, spot: Spot) -> Spot:
    """Turn a place in a logical line into a place in one of its pieces."""
    line, offset = spot
    while line + 1 < document.stop and document.continued(line + 1):
        length = len(document.text(line))
        if offset < length:
            break
        line, offset = line + 1, offset - length
    return Spot(line, offset)
