"""What a checkpoint writes of one pane, and its places in the packs."""

from collections.abc import Hashable
from typing import Final, NamedTuple

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import StoredPane
from fuguemux.persistence.scrollback.blocks import LostBlock
from fuguemux.persistence.scrollback.packs import PackPlace
from fuguemux.persistence.scrollback.scrollback import Cut

HERE: Final = b""
"""The digest that stands for the pack that is being filled."""
NOWHERE: Final = PackPlace(HERE, 0, 0)
"""The place of a tombstone."""


class StoredScreen(msgspec.Struct, frozen=True, array_like=True):
    """The payload of a SCREEN entry, as MessagePack. Append-only."""

    columns: int
    rows: int
    engine: str
    snapshot: bytes
    fallback: bytes
    """The screen as terminal output, for any engine."""
    lsn: int
    output_offset: int


class PaneFiles:
    """What a checkpoint writes of a pane, and the places where it is written.

    Either `old` is set, because the screen has not changed, or `screen`.
    """

    def __init__(self, old: StoredPane | None, screen: StoredScreen | None) -> None:
        self.old = old
        self.screen = screen
        self.cut: Cut | None = None
        self.same_scrollback: StoredPane | None = None
        """The pane's parts in the last checkpoint, if the scrollback has not changed."""
        self.screen_place: PackPlace | None = None
        self.index_place: PackPlace | None = None
        self.blocks: dict[int, PackPlace] = {}
        """The places of blocks of the cut that were written, by index in the cut."""
        self.kept: dict[int, PackPlace] = {}
        """The places of blocks of the cut that stay where they are, by index in the cut."""
        self.lost: dict[int, LostBlock] = {}
        """Tombstones among the blocks of the cut, by index in the cut."""
        self.open_place: PackPlace | None = None
        self.packs: set[bytes] = set()

    def named(self, digest: bytes) -> None:
        """Set the digest of the pack that was being filled, which is finished now."""

        def name(place: PackPlace | None) -> PackPlace | None:
            return place._replace(digest=digest) if place and place.digest == HERE else place

        self.screen_place = name(self.screen_place)
        self.index_place = name(self.index_place)
        self.open_place = name(self.open_place)
        self.blocks = {
            index: place._replace(digest=place.digest or digest)
            for index, place in self.blocks.items()
        }
        self.packs = {pack or digest for pack in self.packs}

    @property
    def lsn(self) -> int:
        """The LSN of the last record that is part of the pane's screen and history."""
        return self._found.lsn

    @property
    def _found(self) -> StoredScreen | StoredPane:
        found = self.screen if self.screen is not None else self.old
        assert found is not None
        return found

    def stored(self) -> StoredPane:
        """The pane as the manifest will contain it."""
        assert self.screen_place is not None
        found = self._found
        return StoredPane(
            found.lsn,
            found.output_offset,
            found.columns,
            found.rows,
            self.screen_place,
            self.index_place,
            frozenset(self.packs),
        )


class Written(NamedTuple):
    """A pane's parts in the last checkpoint, and the mark that shows whether they are still current (None: they are not)."""

    stored: StoredPane
    mark: Hashable | None
    version: int | None

    def can_stay(self, mark: Hashable | None, victims: set[bytes]) -> bool:
        """Whether the screen has not changed and is in none of the packs that are removed.

        A screen that has to move is captured again, since the stored one may not be readable any more.
        """
        return mark is not None and self.mark == mark and self.stored.screen.digest not in victims


class Item:
    """A pane that has to be written, completely or in part."""

    def __init__(self, pane: PaneId, mark: Hashable, files: PaneFiles) -> None:
        self.pane = pane
        self.mark = mark
        self.files = files
