"""Reads all stored scrollback to find out whether it is whole: a start reads a little of it, and the server the rest
later.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from fuguemux.model.ids import PaneId
from fuguemux.persistence.report.parts import LostScrollback
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.blocks import Block
from fuguemux.persistence.scrollback.packs import PackPlace, PackUnreadable
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.scrollback.scrollback_losses import Loss
from fuguemux.persistence.storage.files import Storage

AT_START_BYTES_MAX: Final = 4 << 20
"""A start reads at most this much stored scrollback before it answers. That takes some milliseconds."""


class Unread(NamedTuple):
    """A block that is to be read."""

    pane: PaneId
    block: Block
    size_bytes: int


def on_disk(store: ScrollbackStore) -> list[Unread]:
    """Every block that is in a pack now."""
    return [
        Unread(pane, block, place.length)
        for pane in store.panes()
        for block in store.pane(pane).blocks()
        if (place := block.place) is not None
    ]


def read(store: ScrollbackStore, blocks: list[Unread]) -> Iterator[int]:
    """Read the blocks one by one. Yields after each how many of its bytes could not be read for now. Blocks on the disk.

    Damaged blocks are noted in `store.losses`, to be adopted.
    """
    for each in blocks:
        try:
            store.check(each.block, each.pane)
        except PackUnreadable:
            yield each.size_bytes
        else:
            yield 0


def read_at_start(store: ScrollbackStore, report: RecoveryReport, storage: Storage | None) -> None:
    """Read everything if it is little, and put what is known then into the report. Blocks.

    Damaged bytes are set aside, unless `storage` is None.
    """
    report.scrollback_lost_earlier(
        sum(block.count for pane in store.panes() for block in store.pane(pane).lost())
    )
    blocks = on_disk(store)
    size = sum(each.size_bytes for each in blocks)
    if size <= AT_START_BYTES_MAX:
        size = sum(read(store, blocks))
    report.scrollback_read(size, report.started_ms)
    store.losses.adopt()
    if storage is not None:
        store.losses.set_aside_beside(storage, store.reader.directory)
    tell(store, report)


def read_all(
    store: ScrollbackStore, report: RecoveryReport, progress: Callable[[float], None]
) -> int:
    """Read everything, from the disk itself, and put the result into the report. Returns how many bytes were read.
    Blocks.
    """
    blocks = on_disk(store)
    total = sum(each.size_bytes for each in blocks)
    for digest in {place.digest for each in blocks if (place := each.block.place) is not None}:
        store.reader.read_anew(digest)
    done = unread = 0
    for each, refused in zip(blocks, read(store, blocks), strict=True):
        unread += refused
        done += each.size_bytes
        progress(done / total)
    report.scrollback_read(unread)
    store.losses.adopt()
    tell(store, report)
    return total - unread


def tell(store: ScrollbackStore, report: RecoveryReport) -> None:
    """Put what was found damaged so far into the report, with the place of the damaged bytes."""
    aside = store.losses.set_aside_as
    report.scrollback_damaged(list(_merged(store.losses.found, aside)))


def _merged(found: list[Loss], aside: dict[PackPlace, str]) -> Iterator[LostScrollback]:
    """Merge adjacent blocks that are lost for the same reason."""
    last: LostScrollback | None = None
    for loss in sorted(found, key=lambda loss: (loss.pane, loss.first)):
        name = aside.get(loss.place, "") if loss.place is not None else ""
        each = LostScrollback(
            loss.pane,
            loss.first,
            loss.first + loss.lines - 1,
            loss.size_bytes,
            loss.reason,
            f"quarantine/{name}" if name else "",
        )
        if last is not None and _follows(last, each):
            each = LostScrollback(
                last.pane, last.first, each.last, last.size_bytes + each.size_bytes, last.reason
            )
        elif last is not None:
            yield last
        last = each
    if last is not None:
        yield last


def _follows(last: LostScrollback, each: LostScrollback) -> bool:
    beside = last.pane == each.pane and last.last + 1 == each.first
    return beside and last.reason == each.reason and not each.set_aside
