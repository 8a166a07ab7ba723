"""The server process: reads the stored state, builds its parts (see `composition`), serves, and ends.

The exit code tells the keeper why the process ended: EXIT_DELIBERATE after kill-server, EXIT_GRACEFUL after SIGTERM,
EXIT_CANNOT_START with one line on stderr. Any other code is a crash, after which the keeper starts the next server.
"""

import asyncio
import contextlib
import os
import signal
import sys

from fuguemux.keeper.protocol import EXIT_DELIBERATE, EXIT_GRACEFUL, EXIT_RESTART
from fuguemux.observe.clock import SystemClock
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.server.admin import upkeep
from fuguemux.server.admin.in_force import ConfigurationInForce
from fuguemux.server.composition.admin import build_admin
from fuguemux.server.composition.base import Base
from fuguemux.server.composition.clients import build_clients
from fuguemux.server.composition.followers import Followers
from fuguemux.server.composition.log import build_log
from fuguemux.server.composition.panes import build_panes, build_state
from fuguemux.server.composition.programs import build_programs
from fuguemux.server.composition.requests import build_requests
from fuguemux.server.composition.saved import build_saved
from fuguemux.server.composition.start import build_recovered_panes, build_start
from fuguemux.server.ending import ServerEnd
from fuguemux.server.output_events import OutputEvents
from fuguemux.server.panes.idle_panes import IdlePanes
from fuguemux.server.ports import CannotStart
from fuguemux.server.processes import logind
from fuguemux.server.processes.announced_shutdown import AnnouncedShutdown
from fuguemux.server.recovery.boot import Booted
from fuguemux.server.recovery.rebuilding import looked_at
from fuguemux.server.requests.idle_lock import IdleLock
from fuguemux.server.requests.start_files import StartFiles
from fuguemux.server.restart import handoff
from fuguemux.server.restart.handoff import Handoff
from fuguemux.server.restart.process_loop import live
from fuguemux.server.restart.standby import StandingBy
from fuguemux.server.state import safe_mode
from fuguemux.server.state.deliberate_stop import note_deliberate_stop
from fuguemux.server.work.background import Background
from fuguemux.server.work.watchdog import watching

FAREWELL_SECONDS = 2.0

diagnostics = channel("server")


class Server:
    """All parts of one server process. Call `start`, then `end.wait`, then `close`."""

    def __init__(
        self,
        booted: Booted,
        clock: SystemClock,
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
        returned: StandingBy | None = None,
    ) -> None:
        """`returned` is set if this process handed off to a new server, the new server failed, and this process
        serves again."""
        self._returned = returned
        self._background = Background(tasks)
        in_force = ConfigurationInForce(booted.loaded)
        base = self.base = Base(booted, clock, loop, self._background.spawn, in_force)
        events, followers = OutputEvents(loop), Followers()
        log = self.log = build_log(base, events)
        state = self.state = build_state(base, log, followers)
        panes = self.panes = build_panes(base, log, state, events)
        clients = self.clients = build_clients(base, log, state, panes, events)
        saved = self.saved = build_saved(base, log, state, panes, clients.viewers)
        programs = self.programs = build_programs(base, log, state, panes, clients)
        self.files = StartFiles(booted.command_files)
        end = self.end = ServerEnd(
            loop,
            state.engine,
            self.files,
            self._note_deliberate_stop,
            panes.keepers.stop,
            panes.processes.grace.shutdown,
        )
        admin = self.admin = build_admin(
            base, log, state, panes, clients, saved, programs.pipes, programs.waits, end
        )
        self.requests = build_requests(
            base, tasks, log, state, panes, clients, programs, admin, self.files, end
        )
        self._connect(events, followers)
        self.recovered_panes = build_recovered_panes(
            base, state, panes, clients, programs.pipes, admin
        )
        self._start = build_start(
            base, state, panes, clients, saved, programs.pipes, self.recovered_panes, returned
        )

    def _connect(self, events: OutputEvents, followers: Followers) -> None:
        """Connect parts with those that they notify. All parts are built now, so notifications can begin."""
        state, panes, clients, saved = self.state, self.panes, self.clients, self.saved
        pipes, admin, requests = self.programs.pipes, self.admin, self.requests
        events.connect(
            panes.output,
            clients.viewers,
            clients.alerts,
            clients.control,
            panes.pane_watcher,
            pipes,
            panes.processes,
        )
        state.view.connect(
            state.state,
            clients.viewers.facts,
            clients.in_mode,
            admin.documents,
            self.programs.format_jobs.line,
            clients.surface.scroll.text_at,
            clients.alerts.marks,
        )
        admin.configuration.connect(requests.listener)
        self.end.connect(self._let_nobody_in)
        idle_lock = IdleLock(
            self.base.loop, clients.viewers.all, state.state, state.view.option_defaults
        )
        clients.viewers.idle_begins = idle_lock.look
        followers.connect(
            published=(
                lambda before, after, _events, lsn: saved.closed.published(before, after, lsn),
                state.panes.published,
                lambda before, after, new, _lsn: admin.privacy.published(before, after, new),
                lambda _before, _after, _events, _lsn: clients.published(),
                lambda before, after, _events, _lsn: self.programs.published(before, after),
                lambda before, after, new, _lsn: clients.viewers.published(before, after, new),
                lambda before, after, new, _lsn: clients.alerts.published(before, after, new),
                lambda before, after, _events, _lsn: clients.sizes.published(before, after),
                lambda _before, _after, new, _lsn: idle_lock.published(new),
                lambda before, after, _events, _lsn: self.end.published(before, after),
                lambda before, after, new, _lsn: panes.hooks.published(before, after, new),
            ),
            removed=(
                lambda terminal: pipes.removed(terminal.id),
                lambda terminal: clients.control.removed(terminal.id),
                lambda terminal: clients.surface.scroll.leave(terminal.id),
                clients.modes.forget,
                panes.processes.removed,
            ),
        )

    def _let_nobody_in(self) -> None:
        self.admin.address.close()
        self.requests.executor.end()

    def _note_deliberate_stop(self) -> None:
        note_deliberate_stop(self.base.booted.storage, self.base.booted.state_directory)

    def reload_configuration(self) -> None:
        """Handle SIGHUP."""
        self.base.spawn(self.admin.configuration.hung_up())

    def cancel_tasks(self) -> None:
        """Cancel the tasks that still run. Call it after everything is closed."""
        self._background.cancel()
        self.requests.listener.cancel_tasks()

    # Start

    async def start(self) -> None:
        """Recover, give every pane its process, and serve. Raises CannotStart."""
        keeper = await self._start.connect_keeper()
        await self.requests.listener.start()  # clients that connect now are told what they wait for
        self.admin.address.begin(self.panes.keepers.listen)
        await self._start.bring_back(keeper)
        self.files.expect(sessions=bool(self.state.engine.state.sessions))
        self.requests.readiness.set()
        await self.panes.keepers.serves()
        self._begin_chores()
        clean = self.base.report.clean
        diagnostics.info("server.ready", panes=len(self.state.panes), clean=clean)

    def _begin_chores(self) -> None:
        """Start the tasks that run as long as the server serves."""
        spawn, state, saved, admin = self.base.spawn, self.state, self.saved, self.admin
        executor = self.requests.executor
        spawn(self.files.run(state.engine, executor, self._tell_of_files))
        if self._returned is not None:
            handoff.tell_requester(self._returned)
        self.clients.alerts.begin()
        self.log.flusher.start_chores()
        spawn(saved.checkpointer.run())
        spawn(admin.state_watch.run())
        spawn(IdlePanes(state.panes, self.base.clock).run())
        spawn(saved.closed.keep_looking(self.panes.last_screens.settle))
        spawn(admin.configuration.watch())
        spawn(self._after_recovery())

    def _tell_of_files(self, errors: list[str]) -> None:
        self._start.tell_of_files(errors)
        for error in errors:
            self.clients.viewers.messages.add(error)

    async def _after_recovery(self) -> None:
        booted, rebuilding, saved = self.base.booted, self.panes.rebuilding, self.saved
        await rebuilding.run(looked_at(self.state.engine.state))
        if self.end.stopping:
            return
        diagnostics.info("server.screens_rebuilt", panes=len(self.state.panes))
        if booted.starts is not None:
            booted.starts.over()
        if rebuilding.report_changed and booted.safe is None:
            await saved.report.save()
        if self.base.report.records_replayed:
            with contextlib.suppress(OSError, PackDamaged):
                await saved.checkpointer.take("recovery")
        self.base.spawn(
            upkeep.run(saved.series, booted.state_directory, saved.saves.turn, saved.scrubber.run)
        )

    async def watch_for_shutdown(self) -> None:
        """Warn panes of a shutdown of the machine before their processes end, and save everything in time."""
        shutdown = AnnouncedShutdown(
            self.panes.signs,
            self.panes.last_screens,
            self.state.panes,
            self.state.state,
            self.base.clock,
            lambda: self.admin.checkpoints.take("shutdown"),
        )
        await logind.watch(self.base.booted.environment, shutdown.changed)

    # Stop

    async def close(self, code: int) -> StandingBy | None:
        """Save the state, tell the clients, and release all resources. Returns what a restart takes along."""
        booted, panes, clients, saved = self.base.booted, self.panes, self.clients, self.saved
        panes.output.end(self.state.panes)  # later output waits in the kernel for the next server
        keeper = await panes.keepers.last()
        await panes.rebuilding.end()
        if booted.starts is not None:
            booted.starts.over()
        leaving = self.admin.restart.handoff if code == EXIT_RESTART else None
        if code == EXIT_GRACEFUL:
            panes.pane_watcher.look_now(last=True)
            with contextlib.suppress(OSError, PackDamaged):
                await saved.checkpointer.take("stop")
        if keeper is not None and code != EXIT_RESTART:
            # Early, because clients that want to start a server must wait until this one has ended.
            await panes.keepers.tell_end(keeper)
        await saved.closed.finish()
        await panes.last_screens.settle()
        panes.output.close()
        self.programs.pipes.close()
        self.programs.format_jobs.close()
        if code != EXIT_RESTART:
            clients.viewers.end_all("[server exited]")
        else:
            clients.control.end_for("server restarted")
        # Only now, because a client that goes on to the next server must not find this one.
        self._let_nobody_in()
        self.programs.waits.end(restarts=leaving is not None)
        if leaving is not None:
            leaving.keep_requester()
        await self._farewell(leaving)
        if code == EXIT_DELIBERATE:
            self._note_deliberate_stop()  # `start` may have removed the first note
            if booted.safe is not None:
                safe_mode.left(booted.home)
        await self.log.flusher.close()
        durable = await asyncio.to_thread(self.log.writer.close, clean=True)
        panes.output.zone.close()
        if keeper is not None:
            keeper.close()  # closing it hangs the panes up, and the output that this causes must not be logged
        handover = None if leaving is None else leaving.handover(panes.processes)
        diagnostics.info("server.stopped", code=code, durable=durable)
        return handover

    async def _farewell(self, leaving: Handoff | None) -> None:
        """Give clients a moment to read their last message. Clients that go on to the next server need no such
        moment."""
        listener = self.requests.listener
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                for connection in listener.connections:
                    if leaving is None or not leaving.goes_on(connection):
                        await connection.wait_gone()
        listener.abort_all("the server ended")
        if leaving is not None:
            leaving.left.set_result(b"")


def main(argv: list[str] | None = None) -> int:
    """Run the server until it stops. Returns the exit code."""
    os.umask(0o077)
    return live(sys.argv[1:] if argv is None else argv, _serve)


async def _serve(
    booted: Booted, clock: SystemClock, returned: StandingBy | None
) -> tuple[int, StandingBy | None]:
    loop = asyncio.get_running_loop()
    try:
        async with watching(), asyncio.TaskGroup() as tasks:
            server = Server(booted, clock, loop, tasks, returned)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, server.end.stop_gracefully)
            loop.add_signal_handler(signal.SIGHUP, server.reload_configuration)
            try:
                await server.start()
            except CannotStart:
                raise
            except Exception as failure:
                if booted.starts is not None and booted.safe is None:
                    booted.starts.failed(f"{type(failure).__name__}: {failure}")
                raise
            server.base.spawn(server.watch_for_shutdown())
            code = await server.end.wait()
            handover = await server.close(code)
            server.cancel_tasks()
    except* CannotStart as refused:
        raise refused.exceptions[0] from None
    return code, handover


if __name__ == "__main__":
    sys.exit(main())
