"""Where the landing zone is: a start under another environment looks where the last server had it, too.

XDG_RUNTIME_DIR is not set in every shell and service. What a dead server had read is in the zone that that one used; its
path is in a file of the state directory.
"""

import contextlib
import os
from collections.abc import Mapping
from typing import Final

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.state_lock import StateLock
from fuguemux.server.landing import LandingZone, Recovered, ZoneUnusable, recover
from fuguemux.server.pane_output import PaneOutput

PLACE_FILE: Final = "zone"
PATH_BYTES_MAX: Final = 4096

diagnostics = channel("output")


def recover_both(state: str, path: str, *, store: str) -> Recovered:
    """What the zone at `path` holds, and the one that the last server of the state directory `state` had elsewhere.

    As `landing.recover`; but a zone elsewhere that cannot be read holds nothing.
    """
    found, other = recover(path, store=store), former(state, path)
    if not other:
        return found
    try:
        more = recover(other, store=store)
    except (OSError, ZoneUnusable):
        return found
    chunks = sorted((*found.salvaged, *more.salvaged), key=lambda chunk: (chunk.pane, chunk.offset))
    return Recovered(tuple(chunks), found.damage + more.damage)


def former(state: str, path: str) -> str:
    """Where the last server had its zone, if not at `path`; empty: there, or nowhere."""
    try:
        with open(f"{state}/{PLACE_FILE}", "rb") as file:
            said = os.fsdecode(file.read(PATH_BYTES_MAX))
    except OSError:
        return ""
    return "" if said == path else said


class ZoneKept:
    """Sees to it that the next server finds the landing zone: when its file is removed, output goes into another one."""

    def __init__(
        self, output: PaneOutput, state: str, *, store: str, lock: StateLock | None = None
    ) -> None:
        """`state` is the state directory, `lock` the one on it."""
        self._output = output
        self._state = state
        self._store = store
        self._lock = lock
        self.path = ""
        """Where the zone is; empty: it is not open yet, or has no file."""

    def open(self, path: str, environment: Mapping[str, str]) -> str:
        """Begin with an empty zone: what the last server left in it is logged. What is wrong, for people; empty: nothing."""
        problem = ""
        try:
            zone = LandingZone.open(path, store=self._store, discard=True)
        except (OSError, ZoneUnusable) as refused:
            # No room, or a file system without shared mappings: sessions are worth more than the protection.
            zone = LandingZone.without_file()
            reason = refused.strerror if isinstance(refused, OSError) else str(refused)
            problem = f"no landing zone at {path} ({reason}): a killed server may lose output it has just read"
        if environment.get("FUGUE_TESTING") == "1" and environment.get("FUGUE_LANDING") == "off":
            zone.close()
            zone = LandingZone.without_file()
        self._output.zone = zone
        self.path = path
        return problem

    def look(self) -> None:
        """If the file is gone, go on in the state directory, which does not end with a log-in session. Never raises."""
        if not self.path or self._output.zone.is_at(self.path):
            return
        if self._lock is not None and not self._lock.in_place():
            return  # another directory stands there, with a zone of its own
        path = f"{self._state}/landing"
        try:
            zone = LandingZone.open(path, store=self._store, discard=True)
        except (OSError, ZoneUnusable) as problem:
            diagnostics.warning("zone_not_made", path=path, reason=str(problem))
            return
        _note(self._state, path)
        self._output.move(zone)
        self.path = path
        diagnostics.warning("zone_moved", path=path)


def settle(state: str, path: str, *, store: str) -> None:
    """Note that the zone is at `path` from now on, and do away with what was logged from elsewhere. Never raises."""
    other = former(state, path)
    if other:
        with contextlib.suppress(OSError, ZoneUnusable):
            if recover(other, store=store).salvaged:
                os.unlink(other)
    elif os.path.exists(f"{state}/{PLACE_FILE}"):
        return
    _note(state, path)


def _note(state: str, path: str) -> None:
    with contextlib.suppress(OSError), open(f"{state}/{PLACE_FILE}", "wb") as file:
        file.write(os.fsencode(path))
