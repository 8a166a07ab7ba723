"""The landing zone's account of output that was shown and could not be logged, pane by pane. Layout:
docs/formats/landing.md.
"""

from collections.abc import Iterable
from typing import Final

from fuguemux.server.landing import zone_format as form
from fuguemux.server.landing.zone_format import UnloggedOutput

_OTHERS: Final = 2 * (form.MISSING_PANES - 1)
"""The place of the entry for all panes that have no entry of their own."""


class MissingTable:
    """The table of missing output in the first page of a zone. Each entry has two places, written in turn."""

    def __init__(self, page: memoryview, begin: int) -> None:
        """`begin` is the zone's seed of checksums."""
        self._page = page
        self._begin = begin
        self._known: dict[int, int] = {}
        """For each pane, the place where its entry was written last."""
        self._others: dict[int, UnloggedOutput] = {}
        self._others_place = 0

    def note(self, entry: UnloggedOutput) -> None:
        """Write what is missing of a pane. Call it again with a later `stop` when there is more."""
        known = self._known.get(entry.pane)
        if known is not None:
            place = known ^ 1
        else:
            taken = {number & ~1 for number in self._known.values()}
            free = [number for number in range(0, _OTHERS, 2) if number not in taken]
            if not free or entry.pane in self._others:
                self._others[entry.pane] = entry
                self._write_others()
                return
            place = free[0]
        self._write(place, entry)
        self._known[entry.pane] = place

    def forget(self, pane: int) -> None:
        """Clear a pane's entry: the log says everything that is missing."""
        known = self._known.pop(pane, None)
        if known is not None:
            self._clear(known & ~1)
        elif self._others.pop(pane, None) is not None:
            # Of two places the larger number counts, so the smaller one has to be the only one.
            self._clear(_OTHERS)
            self._write_others()

    def _write_others(self) -> None:
        """Write the one entry for all panes without an entry of their own."""
        others = self._others.values()
        if not others:
            return
        size = sum(entry.stop - entry.start for entry in others)
        since, until = min(each.from_ms for each in others), max(each.to_ms for each in others)
        self._others_place ^= 1
        entry = UnloggedOutput(form.OTHER_PANES, 0, size, since, until)
        self._write(_OTHERS + self._others_place, entry)

    def _write(self, place: int, entry: UnloggedOutput) -> None:
        at = form.MISSING_OFFSET + place * form.MISSING.size
        self._page[at : at + form.MISSING.size] = form.missing_entry(entry, self._begin)

    def _clear(self, place: int) -> None:
        at = form.MISSING_OFFSET + place * form.MISSING.size
        self._page[at : at + 2 * form.MISSING.size] = bytes(2 * form.MISSING.size)


def note_all(table: MissingTable, entries: Iterable[UnloggedOutput]) -> None:
    """Write each of the entries."""
    for entry in entries:
        table.note(entry)
