"""What others may ask of the log's writer about its durability, its segments and the space for them."""

from fuguemux.persistence.wal.durability import Durability, Standing
from fuguemux.persistence.wal.extent import Extent
from fuguemux.persistence.wal.space import Space


class Figures:
    """The part of the writer that only looks, or hands on to who keeps the space."""

    next_lsn: int
    _extent: Extent
    _space: Space
    _standing: Standing

    @property
    def durability(self) -> Durability:
        """Whether the log keeps its promise."""
        return self._standing.state

    @property
    def reason(self) -> str:
        """Why it does not, if it does not."""
        return self._standing.reason

    @property
    def output_stopped(self) -> bool:
        """Whether only structure is logged, because the disk is full or refuses."""
        return self._space.full or self._standing.state is Durability.LOST

    @property
    def lost(self) -> bool:
        """Whether nothing new becomes durable for now."""
        return self.durability is Durability.LOST

    @property
    def segment_bytes(self) -> int:
        """The size of segments made from now on; one that is in use or ready keeps its own."""
        return self._space.segment_bytes

    @segment_bytes.setter
    def segment_bytes(self, size: int) -> None:
        self._space.segment_bytes = size

    def release_ballast(self) -> None:
        """Give up the reserved bytes, for a checkpoint on a full disk."""
        self._space.release_ballast()

    @property
    def bytes_total(self) -> int:
        """The bytes of log written since the oldest segment at the start; never falls."""
        return self._extent.bytes_total

    @property
    def first_lsn(self) -> int:
        """The oldest LSN that the log still holds; that of the next record while it holds none."""
        return self._extent.first_lsn or self.next_lsn

    @property
    def segments(self) -> int:
        """How many segments the log consists of."""
        return self._extent.segments
