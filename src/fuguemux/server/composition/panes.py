"""Builds the state, the panes, their output and their processes."""

import os
import socket
from collections.abc import Sequence
from typing import NamedTuple

from fuguemux import __version__
from fuguemux.config import paths
from fuguemux.engine.commit import Committer
from fuguemux.engine.engine import Engine
from fuguemux.model.decision import Decision
from fuguemux.model.events import OutputMissing
from fuguemux.model.live import ServerFacts
from fuguemux.model.state import ServerState
from fuguemux.options.environment import SpawnEnvironment
from fuguemux.persistence.scrollback.last_screens import ScreenFiles
from fuguemux.server.clients import watched
from fuguemux.server.composition.base import Base
from fuguemux.server.composition.followers import Followers
from fuguemux.server.composition.log import LogParts
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.output_events import OutputEvents
from fuguemux.server.panes.last_screens import LastScreens
from fuguemux.server.panes.panes import Panes, history_limit
from fuguemux.server.processes.keepers import Keepers
from fuguemux.server.processes.pane_watcher import PaneWatcher
from fuguemux.server.processes.processes import Processes
from fuguemux.server.processes.shutdown_signs import ShutdownSigns
from fuguemux.server.processes.spawn_environment import spawn_environment
from fuguemux.server.recovery.configured import option_defaults
from fuguemux.server.recovery.rebuilding import Rebuilding
from fuguemux.server.requests.hooks import Hooks
from fuguemux.server.requests.live_view import ServerView
from fuguemux.server.work.age_clock import AgeClock
from fuguemux.server.work.sequence_gate import SequenceGate
from fuguemux.terminal.emulator import EmulatorFactory
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator


class StateParts(NamedTuple):
    """The state, and the parts that change it."""

    panes: Panes
    view: ServerView
    committer: Committer
    engine: Engine

    def state(self) -> ServerState:
        """The state now."""
        return self.committer.state


class PaneParts(NamedTuple):
    """The parts that hold what panes show and run."""

    emulators: EmulatorFactory
    environment: SpawnEnvironment
    gate: SequenceGate
    output: PaneOutput
    age: AgeClock
    last_screens: LastScreens
    rebuilding: Rebuilding
    signs: ShutdownSigns
    pane_watcher: PaneWatcher
    hooks: Hooks
    processes: Processes
    keepers: Keepers


def build_state(base: Base, log: LogParts, followers: Followers) -> StateParts:
    """Build the committer with the recovered state."""
    recovered = base.booted.recovered
    facts = ServerFacts(
        pid=os.getpid(),
        socket_path=base.booted.places.socket,
        version=__version__,
        started_s=base.clock.wall_ms() // 1000,
        host=socket.gethostname(),
        user=paths.user_name(os.getuid()),
        uid=os.getuid(),
        config_files=",".join(base.booted.command_files),
    )
    panes = Panes(
        GhosttyEmulator,
        recovered.store,
        followers.removed,
        lambda state, pane: history_limit(state, view.option_defaults(), pane),
    )
    defaults = option_defaults(base.in_force.configuration, base.booted.environment)
    view = ServerView(base.clock, panes, facts, defaults)
    committer = Committer(recovered.state, log.log, followers.published, recovered.next_lsn - 1)
    return StateParts(panes, view, committer, Engine(committer, view, watched.decide))


def build_panes(base: Base, log: LogParts, state: StateParts, events: OutputEvents) -> PaneParts:
    """Build the output and the processes of all panes."""
    booted, loop, engine, panes = base.booted, base.loop, state.engine, state.panes

    def say(missing: Sequence[OutputMissing]) -> int:
        there = engine.state.panes
        return engine.tell(Decision(tuple(each for each in missing if each.pane in there))).lsn

    gate = SequenceGate()
    output = PaneOutput(loop, log.log, events, base.clock, gate.begin, say)
    age = AgeClock(booted.storage, booted.state_directory, base.clock, base.report.last_record_ms)
    last_screens = _last_screens(base, panes, age)
    rebuilding = Rebuilding(
        panes, base.report, GhosttyEmulator, output.screen_built, last_screens.keep
    )
    signs = ShutdownSigns(base.clock.wall_ms)
    pane_watcher = PaneWatcher(loop, engine, panes, events.not_logged, signs.near)
    panes.connect(last_screens.keep, pane_watcher.typed)
    as_tmux = booted.options.program == "tmux"
    environment = spawn_environment(booted.places.socket, booted.environment, as_tmux=as_tmux)
    hooks = Hooks(engine, base.spawn)
    processes = Processes(
        loop,
        engine,
        panes,
        output,
        base.clock,
        base.store,
        log.flusher.wait_durable,
        base.spawn,
        environment,
        signs,
        hooks.pane_ended,
    )
    # In safe mode the keeper's processes belong to the state that is left alone.
    keeper_store = (booted.safe.keeper_store if booted.safe else "") or base.store
    return PaneParts(
        GhosttyEmulator,
        environment,
        gate,
        output,
        age,
        last_screens,
        rebuilding,
        signs,
        pane_watcher,
        hooks,
        processes,
        Keepers(processes, booted.keeper_place, keeper_store, gate),
    )


def _last_screens(base: Base, panes: Panes, age: AgeClock) -> LastScreens:
    """Build the store of last screens of programs that ended with the machine. It stores nothing if nothing is stored on
    disk.
    """
    booted, files, why_not = base.booted, None, ""
    if booted.safe is not None:
        why_not = f"safe mode: no last screens are kept, and those of {booted.home} are not changed"
    elif booted.lock is None:
        why_not = (
            "nothing is kept on disk (persistence.enabled is false): there are no last screens"
        )
    else:
        files = ScreenFiles(booted.storage, booted.state_directory)

    def now_ms() -> int:
        """The lower of two clocks: setting the wall clock forward makes nothing old, and no time is ahead of it."""
        return min(age.look(), base.clock.wall_ms())

    return LastScreens(
        files,
        why_not,
        base.spawn,
        lambda: base.in_force.persistence.keep_closed_days,
        now_ms,
        panes.get,
        base.report.notes.append,
    )
