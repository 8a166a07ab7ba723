"""Watches whether the state directory is where a start would look for it. Reports when it is not, and recovers when it is
again.

Every sync is followed by a check (server/storage/flusher.py), so nothing is acknowledged that a start would not find.
This module is for the time in between, and for the way back. What is written meanwhile goes where the directory is now,
so that everything is there when it is moved back.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, Protocol

from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.observe.clock import NS_PER_S, Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.store_identity import read_store_file
from fuguemux.persistence.recovery.whereabouts import PathFinding, PathState, Whereabouts
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.state_lock import StateLock, StateLocked, lock_state_directory
from fuguemux.persistence.wal.chain import Chain
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.segment import UnsupportedLog
from fuguemux.server.state.settling import Settled, Settling

LOOK_SECONDS: Final = 0.5
"""The time between two checks while something is wrong, or not repaired yet."""
IDLE_LOOK_SECONDS: Final = 3.0
"""The time between two checks while all is well. Changes in the directory or of it are reported at once
(`look_soon`), and every sync checks. But moving any directory above it, or hiding it by a mount, is reported by no
event.
"""
RETRY_SECONDS_MIN: Final = 1.0
RETRY_SECONDS_MAX: Final = 30.0
WAYS_OUT: Final = {
    PathState.GONE: "put it back, or save everything there again: fugue state here",
    PathState.OTHER: "put this server's own directory back, or move that one away and run: fugue state here",
    PathState.UNLOCKED: "another process may have taken it",
    PathState.PART_GONE: "it is being created again",
    PathState.UNFINISHED: "that is tried until it succeeds",
    PathState.PART_OTHER: "put this server's own directory back, or move that one away",
}

diagnostics = channel("state")


class PlaceRefused(Exception):
    """The state cannot begin anew there; the message says why, and the fix. Nothing has changed."""


class PlaceTold(Protocol):
    """The part of the flusher that needs to know."""

    looks: int
    elsewhere: str
    look: Callable[[], str]
    on_place: Callable[[str], None]

    @property
    def durable_lsn(self) -> int: ...

    def place(self, elsewhere: str) -> None: ...


class LogIdentity(Protocol):
    """The part of the log's state that shows which files are its own."""

    life: int
    store_id: bytes

    @property
    def removed(self) -> bool: ...


class StatePlace:
    """The place of one state directory. Belongs to the loop; checks run on threads."""

    def __init__(
        self,
        lock: StateLock,
        whereabouts: Whereabouts,
        flusher: PlaceTold,
        log: LogIdentity,
        settling: Settling,
        clock: Clock,
        tell: Callable[[str], None],
        announce: Callable[[str], None],
    ) -> None:
        """`tell` is called with the reason why what is written would not be found, and with an empty text when it would
        be again.

        `announce` gets a line for all viewers about what was repaired automatically.
        """
        self._lock = lock
        self._whereabouts = whereabouts
        self._flusher = flusher
        self._log = log
        self._settling = settling
        self._clock = clock
        self._announce = announce
        self._turn = asyncio.Lock()
        self._soon = asyncio.Event()
        self._retry_at_s = 0.0
        self._retry_s = RETRY_SECONDS_MIN
        flusher.look = self._look_after_sync
        self._tell = tell
        flusher.on_place = self._changed

    def _changed(self, elsewhere: str) -> None:
        self._tell(elsewhere)
        self._soon.set()  # because a sync may have found it

    def _look_after_sync(self) -> str:
        where = self._whereabouts
        # While something is wrong, the cause may be one that the quick check does not see.
        return sentence(where.look() if self._flusher.elsewhere else where.look_again())

    def look_soon(self) -> None:
        """Something has happened in the directory or to it: check soon."""
        self._soon.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        well = True
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_LOOK_SECONDS if well else LOOK_SECONDS):
                    await self._soon.wait()
            self._soon.clear()
            async with self._turn:
                found = await self._look_now()
                well = found.place is PathState.HERE and not self._log.removed
                if self._clock.monotonic_ns() / NS_PER_S >= self._retry_at_s:
                    await self._mend(found)

    async def here(self) -> list[str]:
        """Save everything in the place where the state directory should be, on request. Returns lines about it.

        Raises PlaceRefused, and OSError or PackDamaged if the disk refuses.
        """
        async with self._turn:
            found = await self._look_now()
            if found.place is PathState.HERE and not self._log.removed:
                return [
                    f"the state directory is in its place, and everything is saved in {self._lock.path}"
                ]
            if found.place in (PathState.UNLOCKED, PathState.PART_OTHER):
                raise PlaceRefused(sentence(found))
            if found.place is PathState.OTHER and not await asyncio.to_thread(self._is_copy):
                raise PlaceRefused(
                    f"{found.path} is not this server's, or lacks what it has saved, and nothing in it was touched: "
                    "put the server's own directory back, or move that one away and run the command again"
                )
            settled = await self._settle(found)
            return settled.lines(self._lock.path)

    async def _look_now(self) -> PathFinding:
        """Check once, and report a change."""
        looks = self._flusher.looks
        found = await asyncio.to_thread(self._look)
        if self._flusher.looks == looks:  # otherwise another check was made meanwhile
            self._flusher.place(sentence(found))
        return found

    def _look(self) -> PathFinding:
        found = self._whereabouts.look()
        if found.place is PathState.UNLOCKED:
            try:
                self._lock.renew()
            except (StateLocked, OSError) as refused:
                return found._replace(what=f"{found.what}: {refused}")
            diagnostics.warning("state.lock_renewed")
            found = self._whereabouts.look()
        return found

    async def _mend(self, found: PathFinding) -> None:
        """Repair what needs no decision by a user: nothing in a directory is given up for it."""
        wanted = found.place in (PathState.PART_GONE, PathState.UNFINISHED)
        wanted = wanted or (found.place is PathState.HERE and self._log.removed)
        if not wanted and found.place is not PathState.OTHER:
            self._retry_s = RETRY_SECONDS_MIN
            return
        try:
            if wanted or await asyncio.to_thread(self._is_copy):
                settled = await self._settle(found)
                self._announce("; ".join(settled.lines(self._lock.path)))
        except (OSError, PackDamaged, PlaceRefused) as problem:
            diagnostics.warning("state.not_made_anew", reason=str(problem))
        self._retry_at_s = self._clock.monotonic_ns() / NS_PER_S + self._retry_s
        self._retry_s = min(self._retry_s * 2, RETRY_SECONDS_MAX)

    async def _settle(self, found: PathFinding) -> Settled:
        if self._settling.checkpoint_missing and found.place is PathState.UNFINISHED:
            settled = await self._settling.finish()
        else:
            new = None
            if found.place in (PathState.GONE, PathState.OTHER):
                try:
                    new = await asyncio.to_thread(lock_state_directory, self._lock.path)
                except StateLocked as locked:
                    raise PlaceRefused(str(locked)) from locked
            settled = await self._settling.begin(new)
        await self._look_now()
        return settled

    def _is_copy(self) -> bool:
        """Whether the other directory is a copy of this one with everything that was acknowledged, as after a move
        between file systems, and was not written by another server.
        """
        path, storage, own = self._lock.path, RealStorage(), self._log
        try:
            if read_store_file(storage, path).store_id != own.store_id:
                return False
            segments = Chain(storage, f"{path}/{LOG_DIRECTORY}", ScanReport()).segments
            if not segments or segments[-1].header.life != own.life:
                return False
            last = self._flusher.durable_lsn
            log = scan(
                storage, f"{path}/{LOG_DIRECTORY}", max(last, 1), store_id=own.store_id
            ).finish()
        except (OSError, UnsupportedLog):
            return False
        return log.last_lsn >= last and not log.damaged


def sentence(found: PathFinding) -> str:
    """For people: what is wrong, and the fix. Empty if all is well."""
    if found.place is PathState.HERE:
        return ""
    return f"{found.what}; {WAYS_OUT[found.place]} ({found.path})"
