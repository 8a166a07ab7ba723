"""Builds checkpoints, closed sessions and the report: what is stored beside the log."""

from typing import NamedTuple

from fuguemux.persistence.checkpoint.checkpoint_port import CheckpointSettings
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.storage.set_aside import QUARANTINE
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.composition.base import Base
from fuguemux.server.composition.log import LogParts
from fuguemux.server.composition.panes import PaneParts, StateParts
from fuguemux.server.recovery.kept_report import KeptReport
from fuguemux.server.storage.checkpointer import Checkpointer, PaneSources
from fuguemux.server.storage.closed_sessions import ClosedSessions, SavedCheckpoints
from fuguemux.server.storage.save_scrubber import SaveScrubber
from fuguemux.server.storage.scrubber import Scrubber


class SavedParts(NamedTuple):
    """What is stored, and the parts that store it."""

    series: CheckpointSeries
    checkpointer: Checkpointer
    saves: SavedCheckpoints
    closed: ClosedSessions
    report: KeptReport
    scrubber: Scrubber


def build_saved(
    base: Base, log: LogParts, state: StateParts, panes: PaneParts, viewers: Viewers
) -> SavedParts:
    """Continue with the checkpoints that recovery found. People are told of damage through `viewers`."""
    booted, recovered, in_force = base.booted, base.booted.recovered, base.in_force
    checkpointer, series = _checkpoints(base, log, state, panes)
    saves = SavedCheckpoints(series, booted.state_directory, checkpointer.turn)
    closed = ClosedSessions(
        state.panes,
        saves,
        base.clock,
        panes.age,
        recovered.state.sessions.keys(),
        base.spawn,
        lambda: in_force.persistence.keep_closed_days,
        lambda: _settings(base, state).scrollback_persistence_lines,
    )
    report = KeptReport(
        base.report,
        booted.storage,
        booted.state_directory,
        state.view.recovered,
        is_kept=base.is_kept,
    )

    def announce(text: str) -> None:
        viewers.announce(f"fugue: {text}")

    read_saves = SaveScrubber(
        booted.storage, booted.state_directory, base.report, announce, report.changed
    ).run
    scrubber = Scrubber(
        recovered.store,
        base.report,
        base.clock,
        booted.storage,
        f"{booted.state_directory}/{QUARANTINE}",
        lambda: in_force.persistence.scrub_interval_days,
        announce,
        report.changed,
        read_saves,
    )
    scrubber.hear_of_damage(base.loop, base.spawn)
    return SavedParts(series, checkpointer, saves, closed, report, scrubber)


def _checkpoints(
    base: Base, log: LogParts, state: StateParts, panes: PaneParts
) -> tuple[Checkpointer, CheckpointSeries]:
    recovered, in_force = base.booted.recovered, base.in_force
    series = CheckpointSeries(
        base.booted.storage,
        f"{base.booted.state_directory}/checkpoints",
        recovered.store,
        store_id=recovered.store_id,
        now_ms=base.clock.wall_ms,
        monotonic=lambda: base.clock.monotonic_ns() / 1e9,
        generations=recovered.generations,
        saves=recovered.saves,
        highest_number=recovered.highest_number,
        stored=recovered.stored,
        settings=_settings(base, state),
        withhold=in_force.withhold(),
    )
    sources = PaneSources(
        state.panes, state.state, panes.output.flush, lambda: log.writer.state.next_lsn - 1
    )
    checkpointer = Checkpointer(
        series,
        sources,
        log.writer,
        base.clock,
        lambda: float(in_force.persistence.checkpoint_interval_secs),
        in_force.wal_bytes_max,
        log.flusher,
        tell=log.durability.checkpoints_changed,
        before_publishing=panes.last_screens.settle,
        look=panes.pane_watcher.look_at_all,
        settings=lambda: _settings(base, state),
    )
    return checkpointer, series


def _settings(base: Base, state: StateParts) -> CheckpointSettings:
    """The settings of checkpoints that hold now."""
    return base.in_force.checkpoint_settings(state.panes.deepest_history(state.state()))
