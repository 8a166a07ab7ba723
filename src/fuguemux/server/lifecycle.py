"""The life of the server as a whole: bring everything back, serve, and stop in the way that was asked for."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from fuguemux.keeper.protocol import (
    EXIT_DELIBERATE,
    EXIT_GRACEFUL,
    EXIT_RESTART,
)
from fuguemux.model.decision import Decision
from fuguemux.model.ids import PaneId
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.recovery.recovery import RECOVERIES
from fuguemux.persistence.report.files import save_report
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.reactions import server_ended
from fuguemux.server.admin import upkeep
from fuguemux.server.admin.state_watch import StateWatch
from fuguemux.server.clients.connection import Connection
from fuguemux.server.panes.idle_panes import IdlePanes
from fuguemux.server.ports import CannotStart, EffectFailed, Requester
from fuguemux.server.processes import foreign_keeper
from fuguemux.server.processes.keeper_client import (
    HeldPane,
    KeeperClient,
    KeeperRefused,
    KeeperUnreachable,
    RequestFailed,
)
from fuguemux.server.processes.keeper_start import linked_keeper
from fuguemux.server.processes.keepers import Keepers
from fuguemux.server.recovery import recovery_notice
from fuguemux.server.recovery.configured import global_environment
from fuguemux.server.recovery.rebuilding import looked_at
from fuguemux.server.recovery.recovered_panes import modes_again, open_orphan, open_panes
from fuguemux.server.recovery.restoration import Restoration
from fuguemux.server.recovery.session_restorer import SessionRestorer
from fuguemux.server.requests.start_files import StartFiles
from fuguemux.server.restart import handoff
from fuguemux.server.restart.handoff import Handoff
from fuguemux.server.restart.standby import StandingBy
from fuguemux.server.state import safe_mode
from fuguemux.server.state.deliberate_stop import forget_deliberate_stop, note_deliberate_stop
from fuguemux.server.storage.closed_sessions import delete_save

if TYPE_CHECKING:
    from fuguemux.server.main import Server

FAREWELL_SECONDS = 2.0
PROGRESS_SECONDS = 0.25

diagnostics = channel("server")


class Lifecycle:
    """Implements effect_runner.Lifecycle. Belongs to the loop."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._report_turn = asyncio.Lock()
        self.handover: StandingBy | None = None
        """Set once this server gives way; after `close` it is complete."""
        self._handoff: Handoff | None = None
        self._ready = asyncio.Event()
        self._stop: asyncio.Future[int] = server.loop.create_future()
        self._stopping = False
        self.files = StartFiles(server.booted.options.command_files)
        self._keepers = Keepers(server, self._keeper_argv)
        self._state_watch = StateWatch(server)
        server.checkpointer.settings = server.checkpoint_settings

    # Start

    async def start(self) -> None:
        """Recover, bring panes and processes together, serve. Raises CannotStart."""
        server = self._server
        keeper = await self._connect_keeper()
        server.processes.keeper = keeper
        reach("keeper.connected")
        await server.listener.start()  # clients that come now are told what they wait for
        server.address.begin(self._keeper_listens)
        answers = await open_panes(server)
        if not server.engine.state.environment and not server.engine.state.sessions:
            server.engine.tell(Decision(global_environment(os.environb)))
        server.spawn(self._keepers.follow(keeper))
        await self._restore(keeper.held, answers)
        modes_again(server)
        if not keeper.held:
            server.engine.tell(Decision(server_ended.channels_forgotten(server.engine.state)))
        reach("recovery.restored")
        self._keepers.restored()
        forget_deliberate_stop(server.booted.storage, server.booted.state_directory)
        if server.booted.starts is not None:
            if server.rebuilding.left:
                server.booted.starts.serves()
            else:
                server.booted.starts.over()
        handoff.tell_of_refusal(server)
        self.files.expect(sessions=bool(server.engine.state.sessions))
        self._ready.set()
        await self._keepers.serves()
        server.spawn(self.files.run(server.engine, server.executor, self._tell_of_files))
        handoff.tell_requester(server)
        server.flusher.start_chores()
        server.spawn(server.checkpointer.run())
        self._state_watch.start()
        server.spawn(IdlePanes(server.panes, server.clock).run())
        server.spawn(server.closed.keep_looking())
        server.spawn(server.running_configuration.watch())
        server.spawn(self._after_recovery())
        diagnostics.info("server.ready", panes=len(server.panes), clean=server.report.clean)

    async def wait_ready(self, connection: Connection) -> None:
        """Return when commands can be answered; tells the client what it waits for."""
        server = self._server
        total = len(server.booted.recovered.panes)
        while not self._ready.is_set():
            back = sum(pane.status != "pending" for pane in server.report.panes)
            done = f"{back} of {total} panes" if total else "sessions"
            if connection.is_open:
                connection.progress(f"fugue: recovering {done}…")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROGRESS_SECONDS):
                    await self._ready.wait()
        waited = await self.files.wait(connection)
        if self.files.cut_off:
            connection.stderr(b"the server ended before the files of -f did: the rest is not run\n")
        if waited and self._stop.done() and self._stop.result() == EXIT_DELIBERATE:
            # Not for the next server, which would run the same files.
            connection.stderr(b"the server was ended before the command was begun\n")
            connection.exit(1)

    async def _connect_keeper(self) -> KeeperClient:
        server = self._server
        path, link = server.booted.keeper_place.path(), server.booted.link
        try:
            try:
                if link is not None:
                    with contextlib.suppress(KeeperUnreachable):
                        return await KeeperClient.over(link, store=server.keeper_store)
                return await KeeperClient.connect(path, store=server.keeper_store)
            except KeeperUnreachable:
                if server.returned is not None and server.returned.panes:
                    return await handoff.keeper_for(server, self._keeper_argv())
                return await linked_keeper(
                    self._keeper_argv(),
                    server.booted.keeper_place.path,
                    store=server.keeper_store,
                )
            except KeeperRefused as refused:
                taken = await foreign_keeper.connect(
                    path, refused, server.booted.storage, server.booted.state_directory
                )
                server.keeper_store = taken.store
                if not taken.known:
                    foreign_keeper.tell(server.report, server.booted.home)
                return taken.client
        except (KeeperUnreachable, KeeperRefused) as refused:
            raise CannotStart(f"keeper: {refused}") from refused

    async def _keeper_listens(self, anew: bool) -> None:
        keeper = self._server.processes.keeper
        if keeper is not None:
            with contextlib.suppress(RequestFailed, KeeperUnreachable):  # an earlier version, say
                await keeper.listen(anew=anew)

    def _keeper_argv(self) -> tuple[str, ...]:
        return self._server.booted.keeper_place.argv(self._server.keeper_store)

    async def _restore(self, held: list[HeldPane], answers: dict[PaneId, bytes]) -> None:
        server = self._server
        restoration = Restoration(
            server.engine,
            server.panes,
            server.output,
            server.processes,
            server.clock,
            server.store,
            server.report,
            server.configuration.persistence.restore_commands,
            server.spawn,
            partial(open_orphan, server),
            server.last_screens,
        )
        await restoration.run(held, answers)
        for pane in server.engine.state.panes:  # what went on meanwhile shows nowhere else
            server.pane_watcher.look_soon(pane)
        recovery_notice.find_cause(server, keeper_lived=bool(held))
        server.report.notes += server.pipes.go_on(unsure=bool(server.report.unsynced_ms_max))
        server.view.recovered(server.report.summary)
        if not recovery_notice.ran_on(server.report):
            server.view.ended_unasked(server.engine.state.sessions)
        if server.booted.safe is not None:
            message = server.booted.safe.message(server.booted.home)
            server.report.notes.insert(0, message)
            server.viewers.greeting = lambda: message
            diagnostics.warning("safe_mode", reason=server.booted.safe.reason)
            return
        if server.report.cause != "first start":
            await asyncio.to_thread(recovery_notice.find_untold, server)
            await self.keep_report()
            if recovery_notice.worth_telling(server.report):
                server.viewers.greeting = self._greet_once

    async def keep_report(self) -> None:
        """Store the recovery report as it is now, as far as the disk lets us."""
        server = self._server
        server.rebuilding.report_changed = False
        storage, directory = server.booted.storage, f"{server.booted.state_directory}/{RECOVERIES}"
        try:
            async with self._report_turn:
                await asyncio.to_thread(save_report, storage, directory, server.report)
        except OSError as error:  # a full disk: the report is in memory, and the sessions are here
            diagnostics.warning("report_not_saved", error=str(error))

    def _greet_once(self) -> str:
        self._server.viewers.greeting, self._server.report.told = (lambda: ""), True
        self._server.spawn(self.keep_report())
        return recovery_notice.greeting(self._server.report)

    def _tell_of_files(self, errors: list[str]) -> None:
        """What went wrong in the files of -f: whoever attaches is told."""
        server = self._server
        server.report.notes.extend(errors)
        diagnostics.warning("command_file", errors=len(errors))
        server.viewers.greeting = lambda: errors[0]
        for error in errors:
            server.viewers.messages.add(error)

    async def _after_recovery(self) -> None:
        server = self._server
        await server.rebuilding.run(looked_at(server.engine.state))
        if self._stopping:
            return
        diagnostics.info("server.screens_rebuilt", panes=len(server.panes))
        if server.booted.starts is not None:
            server.booted.starts.over()
        if server.rebuilding.report_changed and server.booted.safe is None:
            await self.keep_report()
        if server.report.records_replayed:
            with contextlib.suppress(OSError, PackDamaged):
                await server.checkpointer.take("recovery")
        server.spawn(upkeep.run(server))

    # Stop

    def stop(self) -> None:
        """kill-server, or the last session ended: deliberate, nothing is to come back.

        Before anybody hears of it: a command that follows must find either no server, or the next one.
        """
        engine = self._server.engine
        try:
            engine.tell(server_ended.decide(engine.state, engine.live))
        except OSError as error:
            diagnostics.warning("not_forgotten", error=error.strerror or str(error))
        note_deliberate_stop(self._server.booted.storage, self._server.booted.state_directory)
        self._server.address.close()
        self._server.executor.end()
        self._end(EXIT_DELIBERATE)

    @property
    def stopping(self) -> bool:
        """Whether this server was told to end."""
        return self._stopping

    def stop_gracefully(self) -> None:
        """SIGTERM: everything is saved and comes back with the next start."""
        self._server.processes.grace.shutdown()
        self._end(EXIT_GRACEFUL)

    async def restart(self, requester: Requester) -> bytes:
        """Give way to a new server process, once that has proved that it can take over. Raises EffectFailed.

        Does not return before the end of this server: what came of it is told by `Handover.answer`.
        """
        server = self._server
        self._handoff = await handoff.proved(server, requester)
        self._end(EXIT_RESTART)
        return await self._handoff.left

    def reload_configuration(self) -> None:
        """SIGHUP."""
        self._server.spawn(self._server.running_configuration.hung_up())

    async def reload_now(self) -> bytes:
        """Read the configuration file again; what came of it. Raises EffectFailed with every mistake in it."""
        outcome = await self._server.running_configuration.reload_now()
        text = "\n".join(outcome.lines())
        if outcome.problems:
            raise EffectFailed(text)
        return text.encode() + b"\n"

    async def purge(self, panes: Sequence[PaneId], *, everything: bool) -> bytes:
        """Take what panes have shown off screens and disk; what is left elsewhere. Raises EffectFailed."""
        return await self._server.privacy.purge(panes, everything=everything)

    def _end(self, code: int) -> None:
        if not self._stop.done():
            self._stopping = True
            self._keepers.stop()
            self._stop.set_result(code)

    async def stopped(self) -> int:
        """Wait for the end; the exit code."""
        return await self._stop

    async def close(self, code: int) -> None:
        """Save what is to be saved, tell everybody, let go of everything."""
        server = self._server
        server.output.end(server.panes)  # what comes from now on waits in the kernel
        keeper = await self._keepers.last()
        await server.rebuilding.end()
        if server.booted.starts is not None:
            server.booted.starts.over()
        leaving = self._handoff if code == EXIT_RESTART else None
        if code == EXIT_GRACEFUL:
            server.pane_watcher.look_now(last=True)
            with contextlib.suppress(OSError, PackDamaged):
                await server.checkpointer.take("stop")
        if keeper is not None and code != EXIT_RESTART:
            await self._keepers.tell_end(
                keeper
            )  # early: it has those wait who want a server meanwhile
        await server.closed.finish()
        await server.last_screens.settle()
        server.output.close()
        server.pipes.close()
        if code != EXIT_RESTART:
            server.viewers.end_all("[server exited]")
        server.address.close()
        # Only now: whoever goes on at the next server must not find this one.
        server.executor.end()
        server.waits.end(restarts=leaving is not None)
        if leaving is not None:
            leaving.keep_requester()
        await self._farewell(leaving)
        if code == EXIT_DELIBERATE:
            note_deliberate_stop(
                server.booted.storage, server.booted.state_directory
            )  # `start` may have removed the first note
            if server.booted.safe is not None:
                safe_mode.left(server.booted.home)
        await server.flusher.close()
        durable = await asyncio.to_thread(server.writer.close, clean=True)
        server.output.zone.close()
        if keeper is not None:
            keeper.close()  # only now: it hangs the panes up, and what they say to that is no part of the log
        if leaving is not None:
            self.handover = leaving.handover(server.processes)
        diagnostics.info("server.stopped", code=code, durable=durable)

    async def _farewell(self, leaving: Handoff | None) -> None:
        """Give clients a moment to read their last message; before another server those that go on there need none."""
        server = self._server
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                for connection in server.listener.connections:
                    if leaving is None or not leaving.goes_on(connection):
                        await connection.wait_gone()
        server.listener.abort_all("the server ended")
        if leaving is not None:
            leaving.left.set_result(b"")

    async def restore_session(self, session: str, at: str) -> bytes:
        """Bring a session of the past back; a line about it. Raises EffectFailed."""
        return await SessionRestorer(self._server).restore(session, at)

    async def delete_save(self, name: str) -> bytes:
        """Delete a checkpoint that was kept under a name. Raises EffectFailed."""
        try:
            async with self._server.checkpointer.turn:
                found = await delete_save(self._server, name)
        except OSError as error:
            raise EffectFailed(f"{error.filename}: {error.strerror}") from error
        if not found:
            raise EffectFailed(f"no save called {name!r}: see fugue state list")
        return b""

    async def save_here(self) -> bytes:
        """Have everything saved where the state directory should be; lines about it. Raises EffectFailed."""
        return await self._state_watch.here()

    async def checkpoint(
        self, reason: str, name: str = "", tell: Callable[[str], None] = lambda _text: None
    ) -> bytes:
        """Write a checkpoint now, with `name` one that is kept; a line about it. Raises EffectFailed.

        Waits until all screens are rebuilt: it is to be whole without the log before it.
        """
        server = self._server
        await server.rebuilding.wait()
        try:
            done = await server.checkpointer.take(reason, name=name, tell=tell)
        except (OSError, PackDamaged) as error:
            raise EffectFailed(f"checkpoint failed, nothing has changed: {error}") from error
        if server.flusher.elsewhere:
            raise EffectFailed(
                f"checkpoint {done.manifest.number} is written, but no start would find it: {server.flusher.elsewhere}"
            )
        number, lsn = done.manifest.number, done.manifest.structure_lsn
        return f"checkpoint {number}: {done.new_bytes} bytes written, LSN {lsn}\n".encode()
