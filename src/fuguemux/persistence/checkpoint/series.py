"""The state that the checkpoints of one store share: which exist, what the last one wrote, and what may be rewritten."""

from collections.abc import Callable, Iterable, Mapping

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.checkpoint_port import CheckpointSettings
from fuguemux.persistence.checkpoint.compaction import worth_rewriting
from fuguemux.persistence.checkpoint.manifest import Manifest, StoredPane
from fuguemux.persistence.checkpoint.pane_files import Written
from fuguemux.persistence.checkpoint.saves import write_save
from fuguemux.persistence.scrollback.packs import FILE_HEADER
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.withholding import Withhold


class CheckpointSeries:
    """The checkpoints of one store. Belongs to the loop; only `keep` blocks."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        store: ScrollbackStore,
        *,
        store_id: bytes,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
        generations: Iterable[Manifest] = (),
        saves: Iterable[Manifest] = (),
        highest_number: int = 0,
        stored: Mapping[PaneId, StoredPane] | None = None,
        settings: CheckpointSettings | None = None,
        withhold: Withhold | None = None,
    ) -> None:
        """`generations` (newest first), `saves`, `highest_number` and `stored` are what recovery found."""
        self.storage = storage
        self.directory = directory
        self.store = store
        self.store_id = store_id
        self.now_ms = now_ms
        self.monotonic = monotonic
        self.generations = list(generations)
        self.saves = list(saves)
        self.highest_number = highest_number
        self.settings = settings or CheckpointSettings()
        self.withhold = withhold
        self.written = {pane: Written(entry, None, 0) for pane, entry in (stored or {}).items()}
        self.missing: tuple[str, ...] = ()
        """What could not be read and is therefore missing from the next checkpoint."""
        self.whole = False
        """Whether the next checkpoint must be complete in itself: earlier ones are not there any more."""

    def start_anew(self, saves: Iterable[Manifest]) -> None:
        """The directory is another one, or was created again: it contains only these saves."""
        self.generations, self.saves = [], list(saves)
        self.written, self.whole = {}, True

    def next_number(self, *, anew: bool) -> int:
        """The number of a new checkpoint. With `anew` that checkpoint must not use screens or indexes of earlier ones."""
        self.highest_number += 1
        if anew:
            self.written = {
                pane: each._replace(mark=None, version=None) for pane, each in self.written.items()
            }
        return self.highest_number

    def keep(
        self, manifest: Manifest, name: str, progress: Callable[[float], None] = lambda _share: None
    ) -> Manifest:
        """Copy a checkpoint into a save. Blocks. Returns its manifest, which the caller adds to `saves`.

        Raises OSError and PackDamaged.
        """
        home = self.directory.rpartition("/")[0]
        return write_save(self.storage, self.store.reader, manifest, home, name, progress)

    def victims(self, busy: set[bytes], *, all_dead: bool) -> set[bytes]:
        """The digests of packs to rewrite: mostly dead ones, and small ones if there are many, but none of the `busy`
        ones.

        With `all_dead`, every pack with any dead bytes, however much must be copied.
        """
        if self.whole:
            return set(self.store.live_bytes)
        if not self.generations:
            return set()
        live = self._live_bytes()
        packs = [
            p for p in self.generations[0].packs if live.get(p.digest) and p.digest not in busy
        ]
        if all_dead:
            return {p.digest for p in packs if live[p.digest] + FILE_HEADER.size < p.size_bytes}
        return worth_rewriting(packs, live, self.settings.compaction_bytes_max)

    def _live_bytes(self) -> dict[bytes, int]:
        """How many bytes of each pack, by digest, are still in use."""
        live = dict(self.store.live_bytes)
        for written in self.written.values():
            for place in (written.stored.screen, written.stored.scrollback):
                if place is not None:
                    live[place.digest] = live.get(place.digest, 0) + place.length
        return live
