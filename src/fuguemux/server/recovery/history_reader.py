"""Reads sessions and panes of earlier times from the state directory without changing it, for `restore-session` and
export.

Blocks; nothing here belongs to a loop.
"""

from collections.abc import Iterable
from typing import NamedTuple

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState, Session
from fuguemux.observe.clock import Clock
from fuguemux.persistence.checkpoint.retention import FoundManifests
from fuguemux.persistence.checkpoint.saves import find_all
from fuguemux.persistence.recovery.point_in_time import (
    NotReachable,
    TargetMoment,
    all_with,
    part_of,
    session_called,
)
from fuguemux.persistence.recovery.recovery import Recovered, recover
from fuguemux.persistence.recovery.unread_parts import unread
from fuguemux.persistence.storage.files import Storage
from fuguemux.server.panes.capture import history_lines
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.rebuild import rebuild
from fuguemux.terminal.emulator import EmulatorFactory


class PastPane(NamedTuple):
    """What a pane showed: its history as logical lines, and its screen as terminal output."""

    history: list[bytes]
    screen: bytes


class PastSession(NamedTuple):
    """A session at an earlier time. `state` contains only this session. `notes` say what could not be read as
    requested."""

    session: Session
    state: ServerState
    panes: dict[PaneId, PastPane]
    as_of_ms: int
    notes: list[str]


def points(storage: Storage, directory: str) -> FoundManifests:
    """All checkpoints and saves. Raises OSError and ManifestUnsupported."""
    found = find_all(storage, directory)
    return found._replace(damaged=[*found.damaged, *found.damaged_saves])


def recovered_at(
    storage: Storage, directory: str, clock: Clock, moment: TargetMoment | None
) -> Recovered:
    """Everything at a point in time (None: now). Raises NotReachable, OSError, and the errors for data of another
    version."""
    return recover(
        storage,
        directory,
        now_ms=clock.wall_ms,
        monotonic=lambda: clock.monotonic_ns() / 1e9,
        new_store_id=bytes(16),
        read_only=True,
        at=moment,
    )


def rebuilt_panes(
    recovered: Recovered, emulators: EmulatorFactory, panes: Iterable[PaneId]
) -> dict[PaneId, PaneTerminal]:
    """Terminals of some of the panes. The caller closes their emulators."""
    terminals = {}
    for number in panes:
        pane, scrollback = recovered.panes[number], recovered.store.pane(number)
        emulator = rebuild(pane, scrollback, emulators).emulator
        terminals[number] = PaneTerminal(
            number, emulator, scrollback, offset=pane.end_offset, lsn=pane.end_lsn
        )
    return terminals


def past_session(
    storage: Storage,
    directory: str,
    clock: Clock,
    emulators: EmulatorFactory,
    name: str,
    moment: TargetMoment | None,
    lines_max: int,
) -> PastSession:
    """A session at a point in time, or else as it was last seen where that can be read.

    Raises as `recovered_at`, and NotReachable if the session did not exist.
    """
    if moment is None:
        moment, recovered, session, older = _last_seen(storage, directory, clock, name)
    else:
        recovered, older = recovered_at(storage, directory, clock, moment), []
        session = session_called(recovered.state, name)
    part = part_of(recovered.state, session)
    panes = {}
    for pane, terminal in rebuilt_panes(recovered, emulators, part.panes).items():
        emulator, scrollback = terminal.emulator, terminal.scrollback
        # The program has ended. Modes that it had set would confuse the next program.
        emulator.reset_for_new_process()
        terminal.take_archive(everything=True)
        start = max(scrollback.base, scrollback.next_line - lines_max)
        panes[pane] = PastPane(
            history_lines(terminal, start, scrollback.next_line), emulator.to_ansi()
        )
        terminal.close()
    missing = unread((recovered.panes[pane] for pane in part.panes), recovered.store)
    report = recovered.report
    as_of = moment.time_ms or report.last_record_ms or report.checkpoint_ms
    notes = [*older, *report.notes, *(f"missing: {what}" for what in missing)]
    return PastSession(session, part, panes, min(as_of, clock.wall_ms()), notes)


def _last_seen(
    storage: Storage, directory: str, clock: Clock, name: str
) -> tuple[TargetMoment, Recovered, Session, list[str]]:
    """The session at the latest point in time that can be read, and a note for each later one. Raises as
    `past_session`."""
    refused: NotReachable | None = None
    notes = []
    for moment in all_with(points(storage, directory), name):
        try:
            recovered = recovered_at(storage, directory, clock, moment)
            session = session_called(recovered.state, name)
        except NotReachable as error:
            refused = refused or error
            notes.append(f"this is an older one: at {moment} it cannot be read")
            continue
        return moment, recovered, session, notes
    assert refused is not None, "there is a moment"
    raise refused
