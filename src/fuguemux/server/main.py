"""The server: the only file that knows every class. It boots, puts the parts together, serves, and leaves.

Exit codes are for the keeper: EXIT_DELIBERATE after kill-server, EXIT_GRACEFUL after SIGTERM, EXIT_CANNOT_START with one
line on stderr; anything else is a crash, after which the keeper starts the next server.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence

from fuguemux import __version__
from fuguemux.config import paths
from fuguemux.engine.commit import Committer
from fuguemux.engine.engine import Engine
from fuguemux.model.events import AnyEvent
from fuguemux.model.live import ServerFacts
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import NS_PER_MS, SystemClock
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.checkpoint.checkpoint_port import CheckpointSettings
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.wal.writer import LogWriter, WriterOptions
from fuguemux.server.admin.address import ServingAddress
from fuguemux.server.admin.configuration import RunningConfiguration
from fuguemux.server.admin.documents import Documents
from fuguemux.server.admin.privacy import Privacy
from fuguemux.server.admin.unneeded import end_unneeded
from fuguemux.server.clients import watched
from fuguemux.server.clients.last_used import keep_times
from fuguemux.server.clients.surface import ServerSurface
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.copy.copy_commands import CopyCommands
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.lifecycle import Lifecycle
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.output_events import OutputEvents
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes, history_limit
from fuguemux.server.ports import CannotStart
from fuguemux.server.processes import logind
from fuguemux.server.processes.pane_watcher import PaneWatcher
from fuguemux.server.processes.processes import Processes
from fuguemux.server.processes.spawn_environment import spawn_environment
from fuguemux.server.recovery import recovery_notice
from fuguemux.server.recovery.boot import Booted, watermark_of
from fuguemux.server.recovery.configured import option_defaults, withhold
from fuguemux.server.recovery.rebuilding import Rebuilding
from fuguemux.server.recovery.recovered_panes import last_screens, pipes_of
from fuguemux.server.requests.channels import Channels
from fuguemux.server.requests.command_effects import CommandEffects
from fuguemux.server.requests.effect_runner import EffectRunner
from fuguemux.server.requests.executor import Executor
from fuguemux.server.requests.hooks import Hooks
from fuguemux.server.requests.key_input import KeyInput
from fuguemux.server.requests.live_view import ServerView
from fuguemux.server.requests.pane_input import PaneInput
from fuguemux.server.requests.request_handler import RequestHandler
from fuguemux.server.requests.search import Searcher
from fuguemux.server.requests.shells import Shells
from fuguemux.server.restart.process_loop import live
from fuguemux.server.restart.standby import StandingBy
from fuguemux.server.storage.checkpoint_settings import settings_of
from fuguemux.server.storage.checkpointer import Checkpointer, PaneSources
from fuguemux.server.storage.closed_sessions import ClosedSessions
from fuguemux.server.storage.flusher import Flusher
from fuguemux.server.storage.server_log import ServerLog
from fuguemux.server.work.background import Background
from fuguemux.server.work.waits import Waits
from fuguemux.server.work.watchdog import watching
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator

MIB = 1 << 20
IN_MEMORY = WriterOptions(segment_bytes=MIB, first_segment_bytes=MIB, ballast_bytes=0)
"""A log that never reaches the disk only serves the code that expects one."""
IN_MEMORY_LOG_MIB = 4


class Server:
    """All parts of one server process, put together. `start`, then `stopped`, then `close`."""

    def __init__(
        self,
        booted: Booted,
        clock: SystemClock,
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
        returned: StandingBy | None = None,
    ) -> None:
        self.returned = returned
        """Set in a process that gave way to a server which failed, and serves again."""
        self.booted = booted
        self.clock = clock
        self.loop = loop
        self._tasks = tasks
        self._background = Background(tasks)
        self.spawn = self._background.spawn
        recovered = booted.recovered
        self.report = recovered.report
        self.store = recovered.store_id.hex()
        self.keeper_store = (booted.safe.keeper_store if booted.safe else "") or self.store
        """The store that the keeper's processes belong to: in safe mode the one that is left alone."""
        self.configuration = booted.configuration
        self.origins = booted.loaded.origins
        """Which options somebody has set, and where."""
        self._defaults = option_defaults(self.configuration, booted.environment)
        self._build_log()
        self._build_panes()
        self._build_clients()
        self._build_requests()

    def cancel_tasks(self) -> None:
        """End what is still under way: everything is closed by now."""
        self._background.cancel()
        self.listener.cancel_tasks()

    def _build_log(self) -> None:
        booted, persistence = self.booted, self.configuration.persistence
        self.output_events = OutputEvents()
        self.writer = LogWriter.start(
            booted.storage,
            f"{booted.state_directory}/wal",
            booted.recovered.log,
            clock_ms=self.clock.wall_ms,
            monotonic_ms=lambda: self.clock.monotonic_ns() // NS_PER_MS,
            entropy=os.urandom,
            on_durability=self.output_events.durability_changed,
            options=WriterOptions(segment_bytes=persistence.wal_segment_mb * MIB)
            if persistence.enabled
            else IN_MEMORY,
            watermark=watermark_of(booted),
        )
        reach("recovery.log_begun")
        self.flusher = Flusher(
            self.writer,
            self.loop,
            interval_ms=persistence.wal_flush_interval_ms,
            mode=persistence.sync,
            on_congestion=self.output_events.congestion_changed,
            on_slow_disk=self.output_events.disk_is_slow,
        )
        self.log = ServerLog(
            self.writer,
            self.flusher,
            lambda: withhold(self.configuration.persistence.environment_deny),
        )

    def _build_panes(self) -> None:
        booted = self.booted
        facts = ServerFacts(
            pid=os.getpid(),
            socket_path=booted.places.socket,
            version=__version__,
            started_s=self.clock.wall_ms() // 1000,
            host=socket.gethostname(),
            user=paths.user_name(os.getuid()),
            uid=os.getuid(),
        )
        self.emulators = GhosttyEmulator
        self.panes = Panes(
            GhosttyEmulator,
            booted.recovered.store,
            self._removed,
            lambda state, pane: history_limit(state, self.view.option_defaults(), pane),
        )
        self.view = ServerView(self.clock, self.panes, facts, self._defaults)
        self.committer = Committer(
            booted.recovered.state, self.log, self._published, booted.recovered.next_lsn - 1
        )
        self.engine = Engine(self.committer, self.view, watched.decide)
        self.surroundings = spawn_environment(booted.places.socket, booted.environment)
        self.output = PaneOutput(self.loop, self.log, self.output_events, self.clock)
        self.last_screens = last_screens(self)
        self.panes.keep = keep = self.last_screens.keep
        self.rebuilding = Rebuilding(
            self.panes, self.report, self.emulators, self.output.screen_built, keep
        )
        self.pane_watcher = PaneWatcher(
            self.loop, self.engine, self.panes, self.output_events.not_logged
        )
        self.processes = Processes(
            self.loop,
            self.engine,
            self.panes,
            self.output,
            self.clock,
            self.store,
            self.flusher.wait_durable,
            self.spawn,
            self.surroundings,
        )
        self.waits = Waits()
        channels = Channels(self.loop, self.engine, self.flusher.wait_durable, self.waits)
        self.shells = Shells(self.loop, self._state, self.surroundings, self.spawn, channels)
        self.hooks = Hooks(self.engine, self.spawn)

    def _build_clients(self) -> None:
        self.surface = ServerSurface(self.panes, ScrollViews(self.spawn), self._state, self.view)
        self.viewers = Viewers(
            self.loop,
            self.surface,
            self.clock,
            lambda: self.configuration.server.frame_rate_hz,
            self.output_events.sizes_changed,
            self.view.attached,
        )
        self.viewers.last_screens = self.last_screens
        sources = PaneSources(
            self.panes, self._state, self.output.flush, lambda: self.writer.state.next_lsn - 1
        )
        recovered, persistence = self.booted.recovered, self.configuration.persistence
        self.series = CheckpointSeries(
            self.booted.storage,
            f"{self.booted.state_directory}/checkpoints",
            recovered.store,
            store_id=recovered.store_id,
            now_ms=self.clock.wall_ms,
            monotonic=lambda: self.clock.monotonic_ns() / 1e9,
            generations=recovered.generations,
            saves=recovered.saves,
            highest_number=recovered.highest_number,
            stored=recovered.stored,
            settings=self.checkpoint_settings(),
            withhold=withhold(persistence.environment_deny),
        )
        self.checkpointer = Checkpointer(
            self.series,
            sources,
            self.writer,
            self.clock,
            lambda: float(self.configuration.persistence.checkpoint_interval_secs),
            self._wal_bytes_max,
            self.flusher,
        )

    def _wal_bytes_max(self) -> int:
        persistence = self.configuration.persistence
        return (persistence.max_wal_size_mb if persistence.enabled else IN_MEMORY_LOG_MIB) * MIB

    def checkpoint_settings(self) -> CheckpointSettings:
        """What the configuration and the options say of checkpoints now."""
        return settings_of(
            self.configuration.persistence,
            depth_is_set="persistence.scrollback_persistence_lines" in self.origins,
            deepest_history=self.panes.deepest_history(self._state()),
        )

    def _build_requests(self) -> None:
        durable = self.flusher.wait_durable
        self.closed = ClosedSessions(self)
        self.lifecycle = Lifecycle(self)
        self.documents = Documents(self)
        self.command_effects = CommandEffects(
            self.engine, self.shells, self.spawn, durable, self.waits, self.panes
        )
        typing = PaneInput(self.panes, self.surface.prefix_key, self.output.inject)
        self.pipes = pipes_of(self, typing)
        effects = EffectRunner(
            self.panes,
            self.processes,
            self.viewers,
            typing,
            self.shells,
            self.pipes,
            self.lifecycle,
            self.command_effects,
            Searcher(self.panes, self.clock),
            CopyCommands(self.engine, self.panes, self.viewers, durable, self.last_screens.fetch),
        )
        self.executor = Executor(self.engine, effects, durable)
        self.command_effects.commands = self.executor
        self.hooks.executor = self.executor
        self.executor.hooks, self.executor.documents = self.hooks, self.documents
        self.processes.ended_hook = self.hooks.pane_ended
        self.output.begin = self.executor.gate.begin
        self.viewers.happened = self.hooks.client_did
        self.keys = KeyInput(
            self.loop,
            self.viewers,
            self.panes,
            self.surface.scroll,
            self.executor,
            self.clock,
            self.engine,
            self.spawn,
            self.output.hurry,
        )
        handler = RequestHandler(
            self.executor,
            self.viewers,
            self.keys,
            self._state,
            self.clock,
            self.rebuilding.with_screens(self.lifecycle.wait_ready, self._state),
            self.lifecycle.files.served,
            self.surroundings.socket_path,
            self.view,
            lambda: end_unneeded(self.engine, self.lifecycle, self.report, self.booted.safe),
            lambda: recovery_notice.unknown_loss(self.report),
        )
        self.address = ServingAddress(self.loop, self.booted, self.spawn, self.output, self.store)
        self.listener = self.address.open(handler, self._tasks)
        if (booted := self.booted).log_path is not None:
            keep_times(self.view, booted.state_directory, self.spawn, booted.storage)
        self.view.connect(
            self._state, self.viewers.facts, self.surface.scroll.in_mode, self.documents
        )
        self.output_events.connect(self)
        self.running_configuration = RunningConfiguration(self)
        self.privacy = Privacy(self)

    def _state(self) -> ServerState:
        return self.committer.state

    def _removed(self, terminal: PaneTerminal) -> None:
        if terminal.waiting is not None and terminal.waiting.ends_programs:
            terminal.build()  # its last screen outlives it
        self.pipes.removed(terminal.id)
        self.surface.scroll.leave(terminal.id)
        self.processes.removed(terminal)

    def _published(
        self, before: ServerState, after: ServerState, events: Sequence[AnyEvent], lsn: int
    ) -> None:
        self.closed.published(before, after, lsn)
        self.panes.published(before, after, events, lsn)
        self.privacy.published(before, after, events)
        self.viewers.published(before, after, events)
        self.output_events.published(before, after)
        self.hooks.published(before, after, events)


def main(argv: list[str] | None = None) -> int:
    """Run until stopped; the exit code."""
    os.umask(0o077)
    return live(sys.argv[1:] if argv is None else argv, _serve)


async def _serve(
    booted: Booted, clock: SystemClock, returned: StandingBy | None
) -> tuple[int, StandingBy | None]:
    loop = asyncio.get_running_loop()
    try:
        async with watching(), asyncio.TaskGroup() as tasks:
            server = Server(booted, clock, loop, tasks, returned)
            lifecycle = server.lifecycle
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, lifecycle.stop_gracefully)
            loop.add_signal_handler(signal.SIGHUP, lifecycle.reload_configuration)
            try:
                await lifecycle.start()
            except CannotStart:
                raise
            except Exception as failure:
                if booted.starts is not None and booted.safe is None:
                    booted.starts.failed(f"{type(failure).__name__}: {failure}")
                raise
            server.spawn(logind.watch(server))
            code = await lifecycle.stopped()
            await lifecycle.close(code)
            server.cancel_tasks()
    except* CannotStart as refused:
        raise refused.exceptions[0] from None
    return code, lifecycle.handover


if __name__ == "__main__":
    sys.exit(main())
