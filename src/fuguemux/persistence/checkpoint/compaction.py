"""Decides which packs a checkpoint rewrites, so that the space of their dead bytes is freed."""

from collections.abc import Mapping, Sequence
from typing import Final

from fuguemux.persistence.checkpoint.manifest import PackFile

DEAD_SHARE_MAX: Final = 0.5
"""A pack with a larger share of dead bytes is rewritten."""
SMALL_PACK_BYTES: Final = 1 << 20
SMALL_PACKS_MAX: Final = 12
"""If there are more small packs than this, they are merged."""


def worth_rewriting(
    packs: Sequence[PackFile], live: Mapping[bytes, int], bytes_max: int
) -> set[bytes]:
    """The digests of mostly dead packs, and of many small ones, as far as at most `bytes_max` live bytes have to be
    copied.
    """
    chosen: set[bytes] = set()
    room = bytes_max
    dead = [p for p in packs if live[p.digest] < (1 - DEAD_SHARE_MAX) * p.size_bytes]
    small = [p for p in packs if p.size_bytes < SMALL_PACK_BYTES]
    for group in (dead, small if len(small) > SMALL_PACKS_MAX else []):
        for pack in sorted(group, key=lambda pack: live[pack.digest]):
            if pack.digest not in chosen and live[pack.digest] <= room:
                room -= live[pack.digest]
                chosen.add(pack.digest)
    return chosen
