"""Watches that the state directory is where a start would look for it; says so when it is not, and goes on when it is again.

Every sync is followed by a look (server/flusher.py), so nothing is acknowledged that a start would not find. This is for
the time in between, and for the way back. What is written meanwhile goes where the directory is now: it is all there when
it is moved back.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.state_lock import StateLock, StateLocked
from fuguemux.persistence.whereabouts import Finding, Place, Whereabouts

LOOK_SECONDS: Final = 0.5
"""A directory can be moved with any directory above it, and hidden by a mount: there is no event that tells of all this."""
WAYS_OUT: Final = {
    Place.GONE: "put it back, or have everything saved there anew: fugue state here",
    Place.OTHER: "put this server's own back in its place, or move that one away and then: fugue state here",
    Place.UNLOCKED: "another process may have taken it",
    Place.PART_GONE: "it is being made anew",
    Place.PART_OTHER: "put this server's own back in its place, or move that one away",
}

diagnostics = channel("state")


class Flusher(Protocol):
    """The part of the log's threads that has to know."""

    looks: int
    elsewhere: str
    look: Callable[[], str]
    on_place: Callable[[str], None]

    def place(self, elsewhere: str) -> None: ...


class StatePlace:
    """The place of one state directory. Belongs to the loop; looks happen on threads."""

    def __init__(
        self,
        lock: StateLock,
        whereabouts: Whereabouts,
        flusher: Flusher,
        tell: Callable[[str], None],
    ) -> None:
        """`tell` hears each time why what is written would not be found, and (empty) that it would be again."""
        self._lock = lock
        self._whereabouts = whereabouts
        self._flusher = flusher
        flusher.look = self._look_after_sync
        flusher.on_place = tell

    def _look_after_sync(self) -> str:
        return sentence(self._whereabouts.look())

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> Finding:
        """Look once, tell if it is not as before, and mend what can be mended without asking."""
        looks = self._flusher.looks
        found = await asyncio.to_thread(self._look)
        if self._flusher.looks == looks:  # else somebody has looked since
            self._flusher.place(sentence(found))
        return found

    def _look(self) -> Finding:
        found = self._whereabouts.look()
        if found.place is Place.UNLOCKED:
            try:
                self._lock.renew()
            except (StateLocked, OSError) as refused:
                return found._replace(what=f"{found.what}: {refused}")
            diagnostics.warning("state.lock_renewed")
            found = self._whereabouts.look()
        return found


def sentence(found: Finding) -> str:
    """For people: what is wrong, and the way out. Empty: all is well."""
    if found.place is Place.HERE:
        return ""
    return f"{found.what}; {WAYS_OUT[found.place]} ({found.path})"
