"""What can be read from the files of a state directory, wherever they are. The oracle decodes the bytes independently
of the server."""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from fuguemux.persistence.checkpoint.manifest import MAGIC as MANIFEST_MAGIC
from fuguemux.persistence.checkpoint.manifest import (
    Manifest,
    ManifestDamaged,
    ManifestUnsupported,
    decode_manifest,
)
from fuguemux.persistence.scrollback.blocks import unpack_lines
from fuguemux.persistence.scrollback.packs import (
    MAGIC as PACK_MAGIC,
)
from fuguemux.persistence.scrollback.packs import (
    EntryKind,
    PackDamaged,
    PackPlace,
    decode_entry,
    packed_payload,
)
from fuguemux.persistence.scrollback.scrollback import decode_index
from tests.damage.tree import Tree

HERE = b""


@dataclass
class Holdings:
    """`manifests` by their content's digest."""

    manifests: dict[bytes, Manifest] = field(default_factory=dict)
    runs: set["Run"] = field(default_factory=set)
    """Lines of scrollback that follow each other, and what they may be."""
    sound: list[Manifest] = field(default_factory=list)
    """Manifests of generations whose structure and screens can be read, newest first."""
    digests: set[bytes] = field(default_factory=set)
    """Of the content of every file."""
    known: dict[bytes, Manifest] = field(default_factory=dict)
    """Every manifest that was ever looked at, by its content's digest."""

    def lost(self, now: "Holdings") -> list[tuple[int, int]]:
        """Lines, by pane and number, that are here, and whose content is nowhere in `now`."""
        here = self.runs - now.runs
        if not here:  # as nearly always: the same blocks are there
            return []
        there: dict[tuple[int, int], set[bytes]] = {}
        for run in now.runs:
            for number, content in run.lines():
                there.setdefault((run.pane, number), set()).add(content)
        mine: dict[tuple[int, int], set[bytes]] = {}
        for run in self.runs:
            for number, content in run.lines():
                mine.setdefault((run.pane, number), set()).add(content)
        places = {(run.pane, number) for run in here for number, _ in run.lines()}
        return sorted(place for place in places if not mine[place] & there.get(place, set()))


class Run(NamedTuple):
    """Lines from number `first` on, by the digests of their contents; those below `base` are not a pane's any more."""

    pane: int
    first: int
    base: int
    contents: tuple[bytes, ...]

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Number and digest of each."""
        for number, content in enumerate(self.contents, self.first):
            if number >= self.base:
                yield number, content


def digest(content: bytes) -> bytes:
    """A name for a content."""
    return blake2b(content, digest_size=16).digest()


class Looker:
    """Remembers what it has taken apart: the same packs come again in every round."""

    def __init__(self) -> None:
        self._blocks: dict[bytes, tuple[bytes, ...]] = {}
        self._known: dict[bytes, Manifest] = {}

    def holdings(self, tree: Tree, panes: Container[int]) -> Holdings:
        """What is in the files of `tree`. Of generations only `panes` count: the others are closed."""
        found = Holdings(known=self._known)
        packs: dict[bytes, bytes] = {}
        for name, content in tree.files.items():
            found.digests.add(digest(content))
            if content.startswith(PACK_MAGIC):
                packs[digest(content)] = content
                words = name.lower().rpartition("pack-")[2].split(".")
                try:  # a damaged one is known by its name
                    packs.setdefault(bytes.fromhex(words[0]), content)
                except ValueError:
                    continue
            elif content.startswith(MANIFEST_MAGIC):
                try:
                    found.manifests[digest(content)] = decode_manifest(content)
                except (ManifestDamaged, ManifestUnsupported):
                    continue
        self._known |= found.manifests
        for manifest in found.manifests.values():
            sound = self._take(manifest, packs, found, panes)
            if sound and not manifest.name:
                found.sound.append(manifest)
        found.sound.sort(key=lambda manifest: manifest.number, reverse=True)
        return found

    def _take(
        self,
        manifest: Manifest,
        packs: dict[bytes, bytes],
        found: Holdings,
        panes: Container[int],
    ) -> bool:
        """Note the lines that a manifest leads to; whether structure and screens can be read."""

        def place(pack: int, offset: int, length: int) -> tuple[bytes, PackPlace]:
            name = manifest.packs[pack].digest
            data = packs.get(name, b"")[offset : offset + length]
            return data, PackPlace(name, offset, length)

        sound = True
        try:
            entry = manifest.structure
            data, _ = place(entry.pack, entry.offset, entry.length)
            decode_entry(data, EntryKind.STRUCTURE, 0)
        except PackDamaged:
            sound = False
        for pane in manifest.panes:
            try:
                data, _ = place(pane.screen.pack, pane.screen.offset, pane.screen.length)
                decode_entry(data, EntryKind.SCREEN, pane.pane)
                if pane.index is None or not (manifest.name or pane.pane in panes):
                    continue
                data, at = place(pane.index.pack, pane.index.offset, pane.index.length)
                self._lines(
                    decode_entry(data, EntryKind.INDEX, pane.pane), pane.pane, at, packs, found
                )
            except PackDamaged:
                sound = False
        return sound

    def _lines(
        self, payload: bytes, pane: int, at: PackPlace, packs: dict[bytes, bytes], found: Holdings
    ) -> None:
        index = decode_index(payload)
        number = index.first
        for row in index.blocks:
            name = index.packs[row.pack]
            data = packs.get(at.digest if name == HERE else name, b"")
            block = data[row.offset : row.offset + row.length]
            contents = self._block(block, pane, row.count)
            found.runs.add(Run(pane, number, index.base, contents))
            number += row.count

    def _block(self, data: bytes, pane: int, count: int) -> tuple[bytes, ...]:
        """The digests of a block's lines; none if it cannot be read."""
        key = digest(data + pane.to_bytes(8, "little"))
        if key not in self._blocks:
            try:
                content = unpack_lines(packed_payload(data, EntryKind.BLOCK, pane), count)
                self._blocks[key] = tuple(digest(line) for line in content.split())
            except PackDamaged:
                self._blocks[key] = ()
        return self._blocks[key]
