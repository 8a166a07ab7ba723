"""Finds and keeps the landing zone's place. A start with another environment also looks where the last server had the
zone.

XDG_RUNTIME_DIR is not set in every shell and service. A dead server's output is in the zone that this server used,
and the path of that zone is in a file of the state directory. If the runtime directory is full or gone, the zone is
in the state directory until the next start.
"""

import contextlib
import os
from collections.abc import Mapping, Sequence
from typing import Final

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.helper_files import ZONE_FILE, helper_or_nothing
from fuguemux.persistence.storage.files import NO_SPACE, RealStorage
from fuguemux.persistence.storage.set_aside import QUARANTINE, set_aside
from fuguemux.persistence.storage.small_file import write_small
from fuguemux.persistence.storage.state_lock import StateLock
from fuguemux.server.landing.zone import (
    LandingZone,
    RecoveredZone,
    UnloggedOutput,
    ZoneInUse,
    ZoneUnusable,
    recover,
)
from fuguemux.server.landing.zone_file import boot_id, contents, lock, open_file
from fuguemux.server.landing.zone_format import NOT_KNOWN, parse
from fuguemux.server.output.pane_output import PaneOutput

FALLBACK: Final = "landing"
"""The zone's name in the state directory."""

diagnostics = channel("output")


def recover_both(state: str, path: str, *, store: str) -> RecoveredZone:
    """Return the content of the zone at `path`, and of the one that the last server of the state directory `state`
    had elsewhere.

    As `landing.recover`, but a zone that cannot be read is reported in `unknown` of the result. Raises ZoneUnusable
    if another process uses the zone at `path`.
    """
    found, other = _readable(path, store), former(state, path)
    if not other:
        return found
    more = _readable(other, store)
    chunks = sorted((*found.salvaged, *more.salvaged), key=lambda chunk: (chunk.pane, chunk.offset))
    return RecoveredZone(
        tuple(chunks),
        found.damage + more.damage,
        found.missing + more.missing,
        found.rotten + more.rotten,
        tuple(sorted(found.events + more.events)),
        found.unknown + more.unknown,
        found.intact and more.intact,
    )


def clear_way(state: str, path: str, store: str, label: str) -> str:
    """Move a file at `path` that is no intact zone to the quarantine of `state`, because opening a zone overwrites
    the file.

    It may be another file of the state. Returns the file's new name in the state directory, or an empty text if
    nothing was moved. Raises ZoneUnusable and OSError; nothing was moved then.
    """
    try:
        descriptor = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return ""
    try:
        lock(descriptor, path)
        data = contents(descriptor)
        if not data.strip(b"\0") or parse(data, store, boot_id()).intact:
            return ""
        name = set_aside(RealStorage(), path, f"{state}/{QUARANTINE}", label)
    except OSError as error:
        # Not an OSError: callers take that for a full disk and then remove the file at `path`.
        raise ZoneUnusable(
            f"{path} is not a landing zone and cannot be set aside: {error}"
        ) from error
    finally:
        os.close(descriptor)
    return f"{QUARANTINE}/{name}"


def _readable(path: str, store: str) -> RecoveredZone:
    try:
        return recover(path, store=store)
    except ZoneInUse:
        raise
    except (OSError, ValueError, ZoneUnusable) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        return RecoveredZone(unknown=(f"{NOT_KNOWN}: {path}: {reason}",))


def gone(state: str, path: str) -> bool:
    """Whether the zone that the last server had does not exist any more."""
    if not os.path.exists(f"{state}/{ZONE_FILE}"):
        return False
    return not os.path.exists(former(state, path) or path)


def former(state: str, path: str) -> str:
    """Return the path of the last server's zone, if that is not `path`. Empty if it is, or if there was none."""
    said = os.fsdecode(helper_or_nothing(RealStorage(), state, ZONE_FILE))
    if "\0" in said or not said.startswith("/"):
        return ""  # the file is damaged: no path looks like that
    return "" if said == path else said


class ZoneKept:
    """Makes sure that the next server finds the landing zone. If the zone's file is removed, output goes into another
    one.
    """

    def __init__(
        self, output: PaneOutput, state: str, *, store: str, lock: StateLock | None = None
    ) -> None:
        """`state` is the state directory, `lock` the lock on it."""
        self._output = output
        self._state = state
        self._store = store
        self._lock = lock
        self.path = ""
        """The path of the zone; empty if it is not open yet or has no file."""
        self.problem = ""
        """Why the zone is not where it should be, for people; empty if it is."""
        self.aside: list[str] = []
        """One line for each file that was in the zone's place and was moved."""
        self._label = ""

    def open(
        self,
        path: str,
        environment: Mapping[str, str],
        missing: Sequence[UnloggedOutput] = (),
        *,
        label: str = "",
    ) -> str:
        """Open an empty zone, once the content that the last server left is logged. Returns what is wrong, for
        people, or an empty text.

        If there can be no zone at `path`, it is in the state directory. `missing` is noted in it from the start. A
        file in its place that is no intact zone is moved to the quarantine, with `label` before its name.
        """
        zone: LandingZone | None = None
        self.problem, self._label = "", label
        for place in (path, f"{self._state}/{FALLBACK}") if path else ("",):
            try:
                if place:
                    self._clear_way(place)
                zone = LandingZone.open(place, store=self._store, discard=True, missing=missing)
            except (OSError, ValueError, ZoneUnusable) as refused:
                reason = refused.strerror if isinstance(refused, OSError) else str(refused)
                self.problem = self.problem or f"no landing zone at {path} ({reason})"
                if isinstance(refused, OSError) and refused.errno in NO_SPACE:
                    with contextlib.suppress(OSError):  # not to look like an emptied zone
                        RealStorage().unlink(place)
            else:
                self.path = place
                break
        if zone is None:
            # No space, or a file system without shared mappings: the sessions are more important than this
            # protection.
            zone = LandingZone.without_file()
            self.path = ""
            self.problem += ": a killed server may lose output it has just read"
        elif self.problem:
            self.problem += f": it is at {self.path} until the next start"
        if environment.get("FUGUE_TESTING") == "1" and environment.get("FUGUE_LANDING") == "off":
            zone.close()
            zone = LandingZone.without_file()
        self._output.zone = zone
        return self.problem

    def settle(self) -> None:
        """Note where the zone is, and remove other zones whose content was logged. Never raises."""
        if self.path:
            settle(self._state, self.path, store=self._store)

    def look(self) -> None:
        """If the zone's file is gone, use one in the state directory, which does not end with a login session. Never
        raises.
        """
        if not self.path or self._output.zone.is_at(self.path):
            return
        if self._lock is not None and not self._lock.in_place():
            return  # another state directory is there now, with a zone of its own
        path = f"{self._state}/{FALLBACK}"
        try:
            self._clear_way(path)
            zone = LandingZone.open(path, store=self._store, discard=True)
        except (OSError, ZoneUnusable) as problem:
            diagnostics.warning("zone_not_made", path=path, reason=str(problem))
            return
        _note(self._state, path)
        self._output.move(zone)
        self.problem = (
            f"the landing zone at {self.path} was removed: it is at {path} until the next start"
        )
        self.path = path
        diagnostics.warning("zone_moved", path=path)

    def _clear_way(self, path: str) -> None:
        name = clear_way(self._state, path, self._store, self._label)
        if name:
            self.aside.append(f"what was in the place of the landing zone is set aside as {name}")
            diagnostics.warning("zone_set_aside", path=path, name=name)


def settle(state: str, path: str, *, store: str) -> None:
    """Note that the zone is at `path` from now on, and remove other zones whose content was logged. Never raises."""
    other = former(state, path)
    if other:
        with contextlib.suppress(OSError, ZoneUnusable):
            found = recover(other, store=store)
            if found.salvaged and found.intact:
                RealStorage().unlink(other)
            elif found.salvaged:
                set_aside(RealStorage(), other, f"{state}/{QUARANTINE}")
    elif helper_or_nothing(RealStorage(), state, ZONE_FILE).startswith(b"/"):
        return
    _note(state, path)


def _note(state: str, path: str) -> None:
    try:
        write_small(RealStorage(), state, ZONE_FILE, os.fsencode(path), durable=False)
    except OSError as problem:
        diagnostics.warning("zone_not_noted", path=path, reason=str(problem))
