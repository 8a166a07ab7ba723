"""Reads all stored scrollback now and then, slowly, to find damage while something can still be done about it.

It runs once after each start that did not read all of it, and every `persistence.scrub_interval_days`. Saves and closed
sessions are read afterwards, after every start; see `save_scrubber`. Reading is done on a thread, a little at a time. A
block that is found damaged, here or by a reader, becomes a tombstone: people and the recovery report are told, and the
damaged bytes are set aside.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from fuguemux.observe.clock import MS_PER_DAY, NS_PER_MS, Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback import scrollback_check
from fuguemux.persistence.scrollback.packs import PackPlace
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.scrollback.scrollback_check import Unread
from fuguemux.persistence.storage.files import Storage

SLICE_BYTES: Final = 256 << 10
"""The bytes that are read in one step."""
PAUSE_SECONDS: Final = 0.05
"""The pause between two steps, so that at most 5 MiB a second are read."""
LOOK_SECONDS: Final = 3_600.0
"""How often to check whether the interval is over."""

diagnostics = channel("scrollback")


class Scrubber:
    """Belongs to the loop."""

    def __init__(
        self,
        store: ScrollbackStore,
        report: RecoveryReport,
        clock: Clock,
        storage: Storage,
        quarantine: str,
        interval_days: Callable[[], int],
        announce: Callable[[str], None],
        changed: Callable[[], Awaitable[None]],
        read_saves: Callable[[], Awaitable[None]],
    ) -> None:
        """`quarantine` is the directory for damaged bytes. `interval_days` 0 means never again after the start.

        `announce` is called with messages for people; `changed` is awaited when the report has changed. `read_saves` is
        awaited after a start, and each time after everything else was read.
        """
        self._store = store
        self._report = report
        self._clock = clock
        self._storage = storage
        self._quarantine = quarantine
        self._interval_days = interval_days
        self._verifying = False
        self._done = self._total = 0
        self._verified_bytes = 0
        self._told = len(store.losses.found)
        self._last_ms = self._now_ms()
        self._announce = announce
        self._changed = changed
        self._read_saves = read_saves

    def document(self) -> dict[str, Any]:
        """Its progress and results, as plain data. Times are wall-clock milliseconds."""
        report = self._report
        return {
            "verifying": self._verifying,
            "done_bytes": self._done,
            "total_bytes": self._total,
            "unverified_bytes": report.scrollback_unread_bytes,
            "verified_ms": report.scrollback_read_ms,
            "verified_bytes": self._verified_bytes,
            "lost_lines": sum(lost.lines for lost in report.scrollback_lost)
            + report.scrollback_lost_before,
            "healed_blocks": self._store.losses.healed,
        }

    async def run(self) -> None:
        """Read what the start did not read, then everything at intervals, until cancelled."""
        if self._report.scrollback_unread_bytes:
            await self.verify()
        await self._read_saves()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            days = self._interval_days()
            if days and self._now_ms() - self._last_ms >= days * MS_PER_DAY:
                await self.verify()
                await self._read_saves()

    async def verify(self) -> None:
        """Read everything that is on the disk now, and put the result into the report."""
        blocks = sorted(scrollback_check.on_disk(self._store), key=_place)
        self._done, self._total = 0, sum(each.size_bytes for each in blocks)
        self._verifying = True
        unread = 0
        try:
            for part in _slices(blocks):
                unread += await asyncio.to_thread(self._read, part)
                self._done += sum(each.size_bytes for each in part)
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._verifying = False
            self._last_ms = self._now_ms()
        self._report.scrollback_read(unread, self._clock.wall_ms())
        if not unread:
            self._verified_bytes = self._total
        diagnostics.info("scrollback.verified", bytes=self._total, unread=unread)
        self._store.losses.adopt()
        await self.tell_losses()
        await self._changed()

    def _read(self, blocks: list[Unread]) -> int:
        """Read the blocks. Returns how many bytes could not be read for now. Blocks."""
        digests = {place.digest for each in blocks if (place := each.block.place) is not None}
        for digest in digests:
            self._store.reader.read_anew(digest)
        return sum(scrollback_check.read(self._store, blocks))

    def hear_of_damage(
        self,
        loop: asyncio.AbstractEventLoop,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """Also report damage that other readers of the store find, on whatever thread."""

        def found() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(lambda: spawn(self.tell_losses()))

        self._store.losses.tell = found

    async def tell_losses(self) -> None:
        """Turn damaged blocks into tombstones, set their bytes aside, and report them."""
        losses = self._store.losses
        losses.adopt()
        new = losses.found[self._told :]
        if not new:
            return
        self._told = len(losses.found)
        try:
            await asyncio.to_thread(losses.set_aside, self._storage, self._quarantine)
        except OSError as error:
            diagnostics.warning("scrollback.not_set_aside", error=error.strerror or str(error))
        scrollback_check.tell(self._store, self._report)
        for loss in new:
            diagnostics.warning("scrollback.damaged", pane=loss.pane, reason=loss.reason)
        panes = ", ".join(f"%{pane}" for pane in sorted({loss.pane for loss in new}))
        lines = counted(sum(loss.lines for loss in new), "line")
        self._announce(f"{lines} of the scrollback of {panes} cannot be read: see fugue recovery")
        await self._changed()

    def _now_ms(self) -> int:
        return self._clock.monotonic_ns() // NS_PER_MS


def _place(unread: Unread) -> PackPlace:
    """The place of a block on the disk, for sorting."""
    return unread.block.place or PackPlace(b"", 0, 0)


def _slices(blocks: list[Unread]) -> list[list[Unread]]:
    """Split the blocks into runs of about `SLICE_BYTES`."""
    slices: list[list[Unread]] = []
    size = SLICE_BYTES
    for each in blocks:
        if size >= SLICE_BYTES:
            slices.append([])
            size = 0
        slices[-1].append(each)
        size += each.size_bytes
    return slices
