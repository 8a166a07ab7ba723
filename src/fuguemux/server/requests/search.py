"""`fugue search`: searches panes on another thread, in short steps, and prints hits as it finds them.

Each pane is searched in the state in which it is when its turn comes. The search ends when its client is gone, and waits
for a client that reads slowly.
"""

import asyncio
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from fuguemux.model import effects as ef
from fuguemux.observe.clock import Clock
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.scrollback.blocks import BlockLines, joined_text
from fuguemux.persistence.scrollback.pattern import BadPattern, Pattern
from fuguemux.persistence.scrollback.scrollback_search import (
    Hit,
    RunHits,
    SearchPart,
    not_searched,
    search_parts,
)
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.requesters import ConnectionRequester, ViewerRequester
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import EffectFailed, EffectResult, Requester

STEP_NS: Final = 20_000_000
"""How long the thread works before it checks whether the result is still wanted."""
STEP_HITS_MAX: Final = 2_000
PROGRESS_AFTER_NS: Final = 300_000_000
PROGRESS_EVERY_NS: Final = 100_000_000
SHOWN_LINES_MAX: Final = 5_000
"""The largest number of hits for an attached client, which shows them over its panes."""


def searchable(terminal: PaneTerminal) -> list[SearchPart]:
    """The logical lines of a pane as they are now: the scrollback, then the screen. Quick. The result may be read on
    any thread."""
    terminal.take_archive(everything=True)
    scrollback, emulator = terminal.scrollback, terminal.emulator
    screen = emulator.screen_ansi(join=True)
    while screen and not screen[-1]:
        screen.pop()
    parts = scrollback.parts(notices=False)
    if screen:
        pieces = frozenset({0}) if emulator.continues_history and parts else frozenset[int]()
        content = BlockLines(joined_text(screen), len(screen), pieces)
        parts.append(SearchPart(scrollback.next_line, content.size, lambda: content))
    return parts


class _Step(NamedTuple):
    """The result of one step of the thread."""

    hits: list[Hit]
    lines: int
    ended: bool


def _step(found: Iterator[RunHits], clock: Clock) -> _Step:
    reach("search.step")
    hits: list[Hit] = []
    lines = 0
    end = clock.monotonic_ns() + STEP_NS
    for each in found:
        hits += each.hits
        lines += each.lines
        if clock.monotonic_ns() > end or len(hits) > STEP_HITS_MAX:
            return _Step(hits, lines, ended=False)
    return _Step(hits, lines, ended=True)


class Searcher:
    """Carries out the effect SearchPanes. Belongs to the loop's thread."""

    def __init__(self, panes: Panes, clock: Clock) -> None:
        self._panes = panes
        self._clock = clock

    async def search_panes(self, effect: ef.SearchPanes, requester: Requester) -> EffectResult:
        """Print the hits. The exit code is 1 if there are none. Raises EffectFailed for an invalid expression."""
        try:
            pattern = await asyncio.to_thread(
                Pattern, effect.pattern, regex=effect.regex, ignore_case=effect.ignore_case
            )
        except BadPattern as bad:
            raise EffectFailed(f"search: {bad}") from bad
        report = _Report(effect, pattern, requester, self._clock)
        for place in effect.panes:
            terminal = self._panes.get(place.pane)
            if terminal is not None and not report.gone:
                await self._search(terminal, place, pattern, report)
        if not report.found and not isinstance(requester, ConnectionRequester):
            requester.stderr(b"search: not found\n")
        return EffectResult(exit_code=0 if report.found else 1)

    async def _search(
        self, terminal: PaneTerminal, place: ef.SearchedPane, pattern: Pattern, report: "_Report"
    ) -> None:
        parts = searchable(terminal)
        base = terminal.scrollback.base
        report.begin(place, sum(part.size for part in parts))
        found = search_parts(parts, pattern, base=base)
        while not report.gone:
            step = await asyncio.to_thread(_step, found, self._clock)
            await report.add(step)
            if step.ended or report.full:
                break
        report.end(not_searched(terminal.scrollback.blocks()))


class _Report:
    """Sends the hits to the requester."""

    def __init__(
        self, effect: ef.SearchPanes, pattern: Pattern, requester: Requester, clock: Clock
    ) -> None:
        self._effect = effect
        self._pattern = pattern
        self._requester = requester
        self._clock = clock
        self._connection: Connection | None = None
        self._lines_max = effect.lines_max
        self._tells = isinstance(requester, ConnectionRequester)
        if isinstance(requester, ConnectionRequester | ViewerRequester):
            self._connection = requester.connection
        if not self._tells:
            self._lines_max = min(effect.lines_max or SHOWN_LINES_MAX, SHOWN_LINES_MAX)
        self._tell_at = clock.monotonic_ns() + PROGRESS_AFTER_NS
        self._place = effect.panes[0] if effect.panes else None
        self._here = self._searched = self._lines = 0
        self.found = 0

    @property
    def gone(self) -> bool:
        """Whether the requester is gone or has all hits that it requested."""
        return self._connection is not None and not self._connection.is_open

    @property
    def full(self) -> bool:
        """Whether the pane has given as many lines as were requested."""
        return self._lines_max is not None and self._here >= self._lines_max

    def begin(self, place: ef.SearchedPane, lines: int) -> None:
        """Begin the next pane."""
        self._place, self._here, self._searched, self._lines = place, 0, 0, lines

    async def add(self, step: _Step) -> None:
        """Send the hits, as fast as the requester reads."""
        assert self._place is not None, "a step belongs to a pane"
        hits = step.hits
        if self._lines_max is not None:
            hits = hits[: self._lines_max - self._here]
        self._here += len(hits)
        self.found += len(hits)
        self._searched += step.lines
        if hits and not self._effect.count:
            data = await asyncio.to_thread(self._rendered, self._place, hits)
            self._requester.stdout(data)
        if self._connection is not None:
            await self._connection.wait_taken()
        self._progress()

    def end(self, lost_lines: int) -> None:
        """End the pane, of which `lost_lines` lines could not be read."""
        if lost_lines and self._place is not None and not self.gone:
            where = self._place.label.encode("utf-8", "surrogateescape")
            lines = counted(lost_lines, "line").encode()
            self._requester.stderr(
                b"search: %b of %b cannot be read and were not searched\n" % (lines, where)
            )
        if not self._effect.count or self.gone:
            return
        assert self._place is not None, "begun before it ends"
        place = self._place
        if self._effect.as_json:
            line = msgspec.json.encode(
                {"pane": f"%{place.pane}", "target": place.label, "count": self._here}
            )
        else:
            line = f"{place.label}: {self._here}".encode("utf-8", "surrogateescape")
        self._requester.stdout(line + b"\n")

    def _rendered(self, place: ef.SearchedPane, hits: list[Hit]) -> bytes:
        if not self._effect.as_json:
            label = place.label.encode("utf-8", "surrogateescape")
            return b"".join(b"%b %d: %b\n" % (label, hit.line, hit.text) for hit in hits)
        return b"".join(
            msgspec.json.encode(
                {
                    "pane": f"%{place.pane}",
                    "target": place.label,
                    "line": hit.line,
                    "text": hit.text.decode("utf-8", "replace"),
                    "spans": self._pattern.spans(hit.text),
                }
            )
            + b"\n"
            for hit in hits
        )

    def _progress(self) -> None:
        now = self._clock.monotonic_ns()
        if not self._tells or self._connection is None or now < self._tell_at:
            return
        assert self._place is not None, "a step belongs to a pane"
        self._tell_at = now + PROGRESS_EVERY_NS
        done = min(self._searched, self._lines)
        self._connection.progress(
            f"search: {done:,} of {self._lines:,} lines of {self._place.label}, {self.found:,} found"
        )
