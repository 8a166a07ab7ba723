"""The scrollback of all panes: lines that left the terminal engine, compressed, most of them on disk and read on request.

A pane's lines are numbered from 0 for as long as the pane lives; the oldest kept one is `base`. Lines wait in an open
block, then compressed in memory until a checkpoint has put them into a pack. From then on they are read from there.
"""

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.block_store import BlockStore
from fuguemux.persistence.scrollback.blocks import COMPRESSION_LEVEL, Line
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.pane_scrollback import PaneScrollback
from fuguemux.persistence.scrollback.pattern import Pattern
from fuguemux.persistence.scrollback.scrollback_index import (
    BlockRow,
    Index,
    decode_index,
    encode_index,
)
from fuguemux.persistence.scrollback.scrollback_parts import Cut, Sizes
from fuguemux.persistence.scrollback.scrollback_search import Hit

__all__ = [
    "BlockRow",
    "Cut",
    "Hit",
    "Index",
    "Line",
    "PaneScrollback",
    "Pattern",
    "ScrollbackStore",
    "Sizes",
    "decode_index",
    "encode_index",
]


class ScrollbackStore(BlockStore):
    """The scrollback of every pane of a server.

    Lines of one pane are added, trimmed and cut on one thread at a time; another pane may use another thread. `read` and
    `search` may run on any thread meanwhile.
    """

    def __init__(self, reader: PackReader, *, level: int = COMPRESSION_LEVEL) -> None:
        self._panes: dict[PaneId, PaneScrollback] = {}
        super().__init__(reader, self._panes, level=level)

    def __contains__(self, pane: PaneId) -> bool:
        return pane in self._panes

    def pane(self, pane: PaneId) -> PaneScrollback:
        """The scrollback of a pane; empty if it had none."""
        found = self._panes.get(pane)
        if found is None:
            found = self._panes.setdefault(pane, PaneScrollback(self, pane))
        return found

    def panes(self) -> list[PaneId]:
        """The panes that have, or had, scrollback."""
        return list(self._panes)

    def load(self, pane: PaneId, index: Index) -> None:
        """Load a pane's scrollback from a checkpoint. Reads only the index."""
        self._panes[pane] = PaneScrollback(self, pane, index)

    def drop(self, pane: PaneId) -> None:
        """Drop the scrollback of a pane that is gone."""
        scrollback = self._panes.pop(pane, None)
        if scrollback is not None:
            scrollback.forget()

    def cool(self) -> None:
        """Free the memory of lines that are no longer among the newest `hot_lines` of their pane."""
        for scrollback in list(self._panes.values()):
            scrollback.cool()

    def hot_bytes(self) -> int:
        """The memory for unpacked lines of finished blocks, in all panes."""
        return sum(scrollback.sizes().hot_bytes for scrollback in list(self._panes.values()))
