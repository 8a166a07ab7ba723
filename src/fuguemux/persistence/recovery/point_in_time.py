"""Going back: the moments that can be restored, and the checkpoint from which each is reached.

A moment is a record of the log, a time, or the name of a save. A record or a time is reached from the newest checkpoint
that contains nothing younger, by replaying the log up to it. The log of older generations is removed: for them, the
moment that is reached is that of the checkpoint itself, and the report says so.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from fuguemux.model.state import ServerState, Session
from fuguemux.model.window_panes import panes_in
from fuguemux.persistence.checkpoint.manifest import Manifest, save_name
from fuguemux.persistence.checkpoint.retention import FoundManifests
from fuguemux.persistence.report.parts import Damage
from fuguemux.persistence.wal.record import Record

CLOSED_REASON: Final = "session closed"
"""The reason of a save that contains a session as it was when it was closed. `keep_closed_days` sets how long it is kept."""
CLOSED_PREFIX: Final = "closed-"


class NotReachable(Exception):
    """The moment cannot be restored: it is too old, or there is no save of that name. Nothing has changed."""


class TargetMoment(NamedTuple):
    """One of three: after record `lsn`, at wall time `time_ms`, or the save called `name`."""

    lsn: int | None = None
    time_ms: int | None = None
    name: str = ""
    log_from_lsn: int = 0
    """If not 0, begin with the oldest checkpoint behind which a log that begins here is whole, to see everything that
    happened.
    """

    def before(self, record: Record) -> bool:
        """Whether the record happened after the moment."""
        if self.lsn is not None:
            return record.lsn > self.lsn
        return self.time_ms is None or record.time_ms > self.time_ms

    def holds(self, manifest: Manifest) -> bool:
        """Whether everything in the checkpoint happened up to the moment."""
        if self.lsn is not None:
            return newest_lsn(manifest) <= self.lsn
        return self.time_ms is not None and manifest.created_ms <= self.time_ms

    def __str__(self) -> str:
        if self.name:
            return repr(self.name)
        if self.lsn is not None:
            return f"LSN {self.lsn}"
        when = datetime.fromtimestamp((self.time_ms or 0) / 1000)
        return when.isoformat(sep=" ", timespec="seconds")


def newest_lsn(manifest: Manifest) -> int:
    """The LSN of the newest record that is part of the checkpoint."""
    return manifest.next_lsn - 1


def reached_from(found: FoundManifests, moment: TargetMoment) -> FoundManifests:
    """The checkpoints to start from, newest first. Empty for the log alone. Raises NotReachable for an unknown name."""
    if moment.name:
        named = [save for save in found.saves if save.name == moment.name]
        if not named:
            raise NotReachable(f"no save called {moment.name!r}: see fugue state list")
        return found._replace(manifests=named)
    candidates = {manifest.number: manifest for manifest in found.saves if not is_part(manifest)}
    candidates |= {manifest.number: manifest for manifest in found.manifests}
    usable = [manifest for manifest in candidates.values() if moment.holds(manifest)]
    usable.sort(key=lambda manifest: manifest.number, reverse=True)
    if moment.log_from_lsn:
        usable = [m for m in reversed(usable) if m.wal_start_lsn >= moment.log_from_lsn - 1][:1]
    return found._replace(manifests=usable)


def unreachable(moment: TargetMoment, damages: Iterable[Damage]) -> NotReachable:
    """Return the error for a moment whose checkpoints cannot be read, which says what to do."""
    details = [damage.detail for damage in damages if damage.what.startswith("structure of ")]
    if moment.name:
        return _unreadable(moment.name, details[-1] if details else "its structure is missing")
    if details:
        return NotReachable(
            f"no checkpoint from which {moment} is reached can be read: {details[-1]}; "
            "nothing was changed: see fugue state verify"
        )
    return NotReachable(f"{moment} is older than everything that is kept: see fugue state list")


def _unreadable(name: str, reason: str) -> NotReachable:
    return NotReachable(
        f"the save {name!r} is damaged or may not be read: {reason}; nothing was changed: "
        "make its files readable, or take another one of fugue state list"
    )


def moment_among(found: FoundManifests, text: str, now_ms: int) -> TargetMoment:
    """Do as `parse_moment`, with the saves of `found`. Raises NotReachable, also for a save that cannot be read."""
    for file, reason in (*found.damaged, *found.damaged_saves):
        if file == save_name(text):
            raise _unreadable(text, reason)
    return parse_moment(text, now_ms, [save.name for save in found.saves])


def is_part(manifest: Manifest) -> bool:
    """Whether the save contains only a closed session, not the whole server."""
    return manifest.reason == CLOSED_REASON


def newest_with(found: FoundManifests, session: str) -> TargetMoment:
    """The newest moment that has a session: a save of its end, else a checkpoint. Raises NotReachable."""
    return all_with(found, session)[0]


def all_with(found: FoundManifests, session: str) -> list[TargetMoment]:
    """The moments that have a session, the newest first. Raises NotReachable if there is none."""
    holding = [m for m in [*found.saves, *found.manifests] if session in m.sessions]
    if not holding:
        raise NotReachable(f"no checkpoint has a session called {session!r}: see fugue state list")
    holding.sort(key=lambda manifest: (newest_lsn(manifest), is_part(manifest)), reverse=True)
    return [
        TargetMoment(name=m.name) if m.name else TargetMoment(lsn=newest_lsn(m)) for m in holding
    ]


def session_called(state: ServerState, name: str) -> Session:
    """The session of that name. Raises NotReachable with the existing names."""
    for session in state.sessions.values():
        if session.name == name:
            return session
    names = ", ".join(sorted(session.name for session in state.sessions.values())) or "none"
    raise NotReachable(f"no session called {name!r} at that moment; there were: {names}")


def part_of(state: ServerState, session: Session) -> ServerState:
    """The state reduced to this session, its windows and their panes. Counters and global settings stay."""
    windows = {link.window: state.windows[link.window] for link in session.links}
    panes = {pane: state.panes[pane] for w in windows.values() for pane in panes_in(w)}
    return ServerState(
        sessions={session.id: session},
        windows=windows,
        panes=panes,
        next_session=state.next_session,
        next_window=state.next_window,
        next_pane=state.next_pane,
        environment=state.environment,
        server_options=state.server_options,
        session_options=state.session_options,
        window_options=state.window_options,
    )


_AGO: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_moment(text: str, now_ms: int, saves: Iterable[str] = ()) -> TargetMoment:
    """Parse user input: a save's name, an LSN, `10m` (ago: s, m, h, d), `14:05` (today), or a date and time.

    Times are local unless they say otherwise. Raises NotReachable, which says what is understood.
    """
    if text in saves:
        return TargetMoment(name=text)
    if text.isascii() and text.isdigit():
        return TargetMoment(lsn=int(text))
    if text[-1:] in _AGO and text[:-1].isascii() and text[:-1].isdigit():
        return TargetMoment(time_ms=now_ms - int(text[:-1]) * _AGO[text[-1]] * 1000)
    today = datetime.fromtimestamp(now_ms / 1000).astimezone().date().isoformat()
    words = f"{today} {text}" if ":" in text and "-" not in text else text
    try:
        # Take the end of the second that was named, so that the moment includes what lists show with that second.
        moment = datetime.fromisoformat(words).astimezone()
        return TargetMoment(
            time_ms=int(moment.timestamp() * 1000) + (0 if moment.microsecond else 999)
        )
    except (ValueError, OverflowError, OSError):
        raise NotReachable(
            f"no save called {text!r}, and no time or LSN: write 14:05, 2026-11-23T14:05:00, 10m, 4711, or a name"
        ) from None
