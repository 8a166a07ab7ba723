"""Changes what is on disk while no server runs: saves the present state, and goes back to an earlier one.

The caller holds the lock of the state directory. Blocks. The log is never changed. Checkpoints are written whose LSN
is the log's end, so the next start replays nothing after them.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from fuguemux import __version__
from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import Clock
from fuguemux.options import options
from fuguemux.persistence.checkpoint.checkpoint import (
    CheckpointRun,
    CheckpointSettings,
    run_to_end,
)
from fuguemux.persistence.checkpoint.manifest import Manifest
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.recovery.point_in_time import TargetMoment
from fuguemux.persistence.recovery.recovery import CHECKPOINTS, Recovered, recover
from fuguemux.persistence.recovery.store_identity import STORE_ID_BYTES
from fuguemux.persistence.recovery.unread_parts import read_everything, unread
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.storage.files import Storage
from fuguemux.server.panes.panes import Panes, history_limit
from fuguemux.server.recovery.history_reader import rebuilt_panes, recovered_at
from fuguemux.server.storage.checkpointer import PaneSources
from fuguemux.terminal.emulator import EmulatorFactory

EVERYTHING = 1 << 30
"""A number of checkpoints that is never reached: nothing is removed here. The server's own checkpoints do that."""


class WentBack(NamedTuple):
    """The result of going back. `saved`: the name of the save with the state before that. `past`: the recovery from
    which the state was rebuilt. `missing`: one sentence for each thing that could not be read."""

    saved: str
    state: ServerState
    past: RecoveryReport
    missing: tuple[str, ...]


def save_present(
    storage: Storage, directory: str, clock: Clock, emulators: EmulatorFactory, name: str
) -> Manifest:
    """Save the present state under a name. Raises OSError, PackDamaged, and the errors for data of another version."""
    present = _present(storage, directory, clock)
    series = _series(storage, directory, clock, present)
    return _checkpoint(series, present, present.state, present.next_lsn - 1, emulators, name)


def go_back(
    storage: Storage, directory: str, clock: Clock, emulators: EmulatorFactory, moment: TargetMoment
) -> WentBack:
    """Make the state of an earlier point in time the present one, after saving the present one. Raises as
    `save_present`, and NotReachable before anything is changed.
    """
    past = recovered_at(storage, directory, clock, moment)
    present = _present(storage, directory, clock)
    last_lsn = present.next_lsn - 1
    name = f"before-restore-{clock.wall_ms()}"
    series = _series(storage, directory, clock, present)
    _checkpoint(series, present, present.state, last_lsn, emulators, name)
    # Ids that were given since then must not be given again, because the log and the saves use them for other things.
    now = present.state
    state = msgspec.structs.replace(
        past.state,
        next_session=max(now.next_session, past.state.next_session),
        next_window=max(now.next_window, past.state.next_window),
        next_pane=max(now.next_pane, past.state.next_pane),
        next_buffer=max(now.next_buffer, past.state.next_buffer),
    )
    again = _series(storage, directory, clock, past)
    again.generations = [*series.generations, *series.saves]
    again.saves = series.saves
    again.highest_number = series.highest_number
    again.written = {}
    # The offset of a pane's output continues, because the log after this point in time has used the offsets in
    # between.
    offsets = {pane: recovered.end_offset for pane, recovered in present.panes.items()}
    _checkpoint(again, past, state, last_lsn, emulators, "", offsets)
    return WentBack(name, state, past.report, again.missing)


def _present(storage: Storage, directory: str, clock: Clock) -> Recovered:
    return recover(
        storage,
        directory,
        now_ms=clock.wall_ms,
        monotonic=lambda: clock.monotonic_ns() / 1e9,
        new_store_id=os.urandom(STORE_ID_BYTES),
    )


def _series(
    storage: Storage, directory: str, clock: Clock, recovered: Recovered
) -> CheckpointSeries:
    return CheckpointSeries(
        storage,
        f"{directory}/{CHECKPOINTS}",
        recovered.store,
        store_id=recovered.store_id,
        now_ms=clock.wall_ms,
        monotonic=lambda: clock.monotonic_ns() / 1e9,
        generations=recovered.generations,
        saves=recovered.saves,
        highest_number=recovered.highest_number,
        settings=CheckpointSettings(extra_generations=EVERYTHING, program=f"fugue {__version__}"),
    )


def _history_limit(state: ServerState, pane: PaneId) -> int:
    return history_limit(state, options.NO_DEFAULTS, pane)


def _checkpoint(
    series: CheckpointSeries,
    recovered: Recovered,
    state: ServerState,
    last_lsn: int,
    emulators: EmulatorFactory,
    name: str,
    offsets_min: Mapping[PaneId, int] = MappingProxyType({}),
) -> Manifest:
    read_everything(recovered.store)
    # A start from this checkpoint cannot notice damage, so the checkpoint itself says what is missing.
    series.missing = tuple(unread(recovered.panes.values(), recovered.store))
    panes = Panes(emulators, recovered.store, lambda _terminal: None, _history_limit)
    for pane, terminal in rebuilt_panes(recovered, emulators, state.panes).items():
        terminal.persist = options.get_flag(
            state, options.NO_DEFAULTS, "persist", pane=state.panes[pane]
        )
        terminal.read_offset = max(terminal.read_offset, offsets_min.get(pane, 0))
        panes.add(terminal)
    sources = PaneSources(panes, lambda: state, lambda: None, lambda: last_lsn)
    reason = "saved" if name else "restored"
    try:
        manifest = run_to_end(CheckpointRun(series, sources, reason, anew=True)).manifest
        if not name:
            return manifest
        save = series.keep(manifest, name)
        series.saves.append(save)
        return save
    finally:
        for terminal in panes:
            terminal.close()
