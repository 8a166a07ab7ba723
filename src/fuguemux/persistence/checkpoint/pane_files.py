"""What a checkpoint writes of one pane, and where in the packs that went."""

from collections.abc import Hashable
from typing import Final, NamedTuple

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import StoredPane
from fuguemux.persistence.scrollback.blocks import LostBlock
from fuguemux.persistence.scrollback.packs import PackPlace
from fuguemux.persistence.scrollback.scrollback import Cut

HERE: Final = b""
"""The digest of the pack that is being filled."""
NOWHERE: Final = PackPlace(HERE, 0, 0)
"""Where a tombstone is."""


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
    """What a checkpoint writes of a pane, and where it went.

    Either `old` and no `screen` (the screen is as it was), or the other way round.
    """

    def __init__(self, old: StoredPane | None, screen: StoredScreen | None) -> None:
        self.old = old
        self.screen = screen
        self.cut: Cut | None = None
        self.same_scrollback: StoredPane | None = None
        """What the last checkpoint has, if the scrollback is as it was."""
        self.screen_place: PackPlace | None = None
        self.index_place: PackPlace | None = None
        self.blocks: dict[int, PackPlace] = {}
        """Blocks of the cut that were written, by their index in it."""
        self.kept: dict[int, PackPlace] = {}
        """Blocks of the cut that stay where they are, likewise."""
        self.lost: dict[int, LostBlock] = {}
        """Tombstones among the blocks of the cut, by their index in it."""
        self.open_place: PackPlace | None = None
        self.packs: set[bytes] = set()

    def named(self, digest: bytes) -> None:
        """The pack that was being filled has this name."""

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

    def stored(self) -> StoredPane:
        """The pane as the manifest will have it."""
        assert self.screen_place is not None
        found = self.screen if self.screen is not None else self.old
        assert found is not None
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
    """What the last checkpoint has of a pane, and what tells whether it still is so (None: nothing does)."""

    stored: StoredPane
    mark: Hashable | None
    version: int | None

    def can_stay(self, mark: Hashable | None, victims: set[bytes]) -> bool:
        """Whether the screen is as it was, and in none of the packs that go.

        One that has to move is taken anew: what is on the disk may not be readable any more.
        """
        return mark is not None and self.mark == mark and self.stored.screen.digest not in victims


class Item:
    """A pane that has to be written, wholly or in part."""

    def __init__(self, pane: PaneId, mark: Hashable, files: PaneFiles) -> None:
        self.pane = pane
        self.mark = mark
        self.files = files
