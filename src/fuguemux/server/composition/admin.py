"""Builds the parts that manage the server as a whole: its address, its configuration, its state directory, and the
documents about them.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from fuguemux.observe.clock import NS_PER_S
from fuguemux.server.admin.address import ServingAddress
from fuguemux.server.admin.asked_checkpoints import AskedCheckpoints
from fuguemux.server.admin.configuration import (
    ConfiguredParts,
    RunningConfiguration,
    StartedWith,
)
from fuguemux.server.admin.documents import Documents
from fuguemux.server.admin.privacy import Privacy, SavedContent
from fuguemux.server.admin.server_effects import ServerEffects
from fuguemux.server.admin.server_metrics import log_metrics, server_metrics
from fuguemux.server.admin.state_watch import StateWatch, WatchedState
from fuguemux.server.admin.status import SavedFacts, Status, StatusPanes
from fuguemux.server.composition.base import Base
from fuguemux.server.composition.clients import ClientParts
from fuguemux.server.composition.log import LogParts
from fuguemux.server.composition.panes import PaneParts, StateParts
from fuguemux.server.composition.saved import SavedParts
from fuguemux.server.ending import ServerEnd
from fuguemux.server.recovery import recovery_notice
from fuguemux.server.recovery.session_restorer import RestorerParts, SessionRestorer
from fuguemux.server.requests.pipes import Pipes
from fuguemux.server.restart.restart import ServerRestart
from fuguemux.server.work.waits import Waits


class AdminParts(NamedTuple):
    """The parts that manage the server as a whole."""

    address: ServingAddress
    configuration: RunningConfiguration
    privacy: Privacy
    state_watch: StateWatch
    documents: Documents
    checkpoints: AskedCheckpoints
    restart: ServerRestart
    effects: ServerEffects


def build_admin(
    base: Base,
    log: LogParts,
    state: StateParts,
    panes: PaneParts,
    clients: ClientParts,
    saved: SavedParts,
    pipes: Pipes,
    waits: Waits,
    end: ServerEnd,
) -> AdminParts:
    """Build what commands may request of the server, and what watches its files and directories."""
    booted, directory = base.booted, base.booted.state_directory
    address = ServingAddress(base.loop, booted, base.spawn, panes.output, base.store)
    configuration = _configuration(base, log, state, clients, saved, waits)
    privacy = _privacy(base, state, panes, saved)
    log.log.connect(
        persists=privacy.persists,
        keep=lambda lsn, payload: panes.output.zone.keep_event(lsn, payload),
    )
    state_watch = _state_watch(
        base,
        log,
        panes,
        clients,
        saved,
        address,
        _made_anew(base, state, clients, saved, pipes, address, configuration),
    )
    documents = Documents(
        base.report,
        booted.storage,
        directory,
        base.clock,
        panes.last_screens,
        clients.viewers.messages,
        log.durability,
        waits,
        _status(base, log, state, panes, clients, saved, address, configuration).document,
    )
    checkpoints = AskedCheckpoints(saved.checkpointer, saved.saves, panes.rebuilding, log.flusher)
    restart = ServerRestart(
        state.engine,
        base.clock,
        directory,
        lambda: panes.pane_watcher.look_now(last=True),
        lambda: checkpoints.take("restart"),
        end.give_way,
        is_kept=booted.log_path is not None,
    )
    effects = ServerEffects(
        checkpoints,
        state_watch,
        _restorer(base, state, panes, saved),
        configuration,
        privacy,
        end.stop,
        restart.give_way,
    )
    return AdminParts(
        address, configuration, privacy, state_watch, documents, checkpoints, restart, effects
    )


def _configuration(
    base: Base,
    log: LogParts,
    state: StateParts,
    clients: ClientParts,
    saved: SavedParts,
    waits: Waits,
) -> RunningConfiguration:
    booted = base.booted
    configuration = RunningConfiguration(
        base.in_force,
        StartedWith(
            booted.loaded,
            booted.config_required,
            booted.environment,
            booted.config_problems,
            booted.log_path,
        ),
        ConfiguredParts(
            state.engine,
            state.view,
            state.panes,
            log.writer,
            log.flusher,
            booted.recovered.store,
            saved.series,
            saved.checkpointer,
        ),
        clients.viewers,
        waits,
        base.clock,
        base.spawn,
    )
    clients.notices.tell_while(configuration.warning)
    clients.notices.alert_while(configuration.alert)
    return configuration


def _privacy(base: Base, state: StateParts, panes: PaneParts, saved: SavedParts) -> Privacy:
    booted = base.booted
    content = SavedContent(
        booted.storage,
        booted.state_directory,
        booted.home,
        booted.lock is not None,
        booted.safe is not None,
        booted.recovered.store,
        saved.series,
        saved.checkpointer,
        panes.last_screens,
        panes.rebuilding,
    )
    return Privacy(state.panes, state.view, content, panes.output, base.spawn)


def _made_anew(
    base: Base,
    state: StateParts,
    clients: ClientParts,
    saved: SavedParts,
    pipes: Pipes,
    address: ServingAddress,
    configuration: RunningConfiguration,
) -> list[Callable[[], None]]:
    """The functions that write to a state directory that was created again, in order."""

    def save_report() -> None:
        if base.report.cause != "first start":
            saved.report.save_now()

    return [
        partial(recovery_notice.note_boot, base.booted.storage, base.booted.state_directory),
        state.view.note_attached,
        configuration.log_again,
        pipes.note_anew,
        clients.surface.scroll.moved,
        # the lock gets the address, and a landing zone in the directory is created again
        address.look,
        address.zone.settle,
        save_report,
    ]


def _state_watch(
    base: Base,
    log: LogParts,
    panes: PaneParts,
    clients: ClientParts,
    saved: SavedParts,
    address: ServingAddress,
    made_anew: list[Callable[[], None]],
) -> StateWatch:
    watched = WatchedState(
        base.booted.lock,
        base.booted.storage,
        base.booted.state_directory,
        log.writer,
        log.flusher,
        saved.series,
        saved.checkpointer,
        panes.rebuilding,
    )
    return StateWatch(
        watched,
        base.clock,
        address,
        log.durability.place_changed,
        clients.viewers.announce,
        made_anew,
    )


def _status(
    base: Base,
    log: LogParts,
    state: StateParts,
    panes: PaneParts,
    clients: ClientParts,
    saved: SavedParts,
    address: ServingAddress,
    configuration: RunningConfiguration,
) -> Status:
    metrics = server_metrics(
        state.state,
        lambda: (base.clock.monotonic_ns() - state.view.started_ns) // NS_PER_S,
        clients.viewers,
        panes.output,
        panes.rebuilding,
        base.booted.recovered.store,
        panes.processes,
    )
    log_metrics(metrics, log.writer.state, log.writer.segments, log.flusher)
    return Status(
        metrics,
        state.view,
        base.clock,
        configuration,
        log.durability,
        log.flusher,
        StatusPanes(state.panes, panes.emulators, address.zone, panes.processes),
        SavedFacts(
            base.booted.storage,
            base.booted.state_directory,
            saved.series,
            saved.checkpointer,
            saved.scrubber,
            base.report,
        ),
    )


def _restorer(
    base: Base, state: StateParts, panes: PaneParts, saved: SavedParts
) -> SessionRestorer:
    return SessionRestorer(
        RestorerParts(
            state.engine,
            state.panes,
            panes.output,
            panes.processes,
            base.clock,
            panes.emulators,
            base.booted.storage,
            base.booted.state_directory,
            saved.saves.turn,
        )
    )
