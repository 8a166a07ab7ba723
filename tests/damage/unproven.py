"""Bytes in the landing zone that no checksum covers, because the read that stored them had not returned
(docs/formats/landing.md).

Damage to them cannot be distinguished from output. Where it looks like damage it is reported, but the oracle does not
require that.
"""

from collections.abc import Collection

from fuguemux.server.landing import zone_format as form
from tests.damage.kinds import kind_of
from tests.damage.tree import Tree


def panes_touched(was: Tree, now: Tree) -> frozenset[int]:
    """The panes of whose unproven bytes any is not what it was."""
    return frozenset(
        pane
        for name, content in was.files.items()
        if kind_of(name) == "landing zone"
        for pane, start, end in _unproven(content)
        if now.files.get(name, b"")[start:end] != content[start:end]
    )


def _unproven(zone: bytes) -> list[tuple[int, int, int]]:
    """Pane, first byte and the one behind the last, for each slot that was being read into."""
    found = []
    for slot in range(form.SLOTS) if len(zone) == form.FILE_BYTES else ():
        at = form.DESCRIPTORS_OFFSET + slot * form.DESCRIPTOR_BYTES
        if zone[at] != form.READING:
            continue
        pane, _offset, _checksum = form.PLACE.unpack_from(zone, at + form.PLACE_AT)
        length = int.from_bytes(zone[at + form.EXTENT_AT : at + form.EXTENT_AT + 4], "little")
        begin = form.SLOTS_OFFSET + slot * form.SLOT_BYTES
        found.append((pane, begin + length, begin + form.SLOT_BYTES))
    return found


def without(differences: list[str], panes: Collection[int]) -> list[str]:
    """The differences but those of the text of these panes."""
    texts = [word for pane in panes for word in (f"%{pane}: ", f"text of %{pane} ")]
    return (
        [each for each in differences if not each.startswith(tuple(texts))]
        if texts
        else differences
    )
