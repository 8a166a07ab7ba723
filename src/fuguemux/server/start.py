"""The start: gives panes their processes again, and tells users what happened to them."""

import os
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple

from fuguemux.engine.engine import Engine
from fuguemux.model.decision import Decision
from fuguemux.model.ids import PaneId
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.reactions import server_ended
from fuguemux.server.clients.notices import Notices
from fuguemux.server.processes import foreign_keeper
from fuguemux.server.processes.keeper_client import HeldPane, KeeperClient
from fuguemux.server.processes.keepers import Keepers
from fuguemux.server.processes.pane_watcher import PaneWatcher
from fuguemux.server.recovery import recovery_notice
from fuguemux.server.recovery.boot import Booted
from fuguemux.server.recovery.configured import global_environment
from fuguemux.server.recovery.kept_report import KeptReport
from fuguemux.server.recovery.rebuilding import Rebuilding
from fuguemux.server.recovery.recovered_panes import RecoveredPanes
from fuguemux.server.recovery.restoration import Restoration
from fuguemux.server.requests.live_view import ServerView
from fuguemux.server.requests.pipes import Pipes
from fuguemux.server.restart.handoff import TOLD_SECONDS
from fuguemux.server.restart.standby import StandingBy, failed
from fuguemux.server.state.deliberate_stop import forget_deliberate_stop

diagnostics = channel("server")

FILE_ERRORS_TOLD_MAX = 20
"""At most this many errors in the files of -f are told to the client that attaches; show-messages lists all."""


class StartedParts(NamedTuple):
    """The parts that a start fills again."""

    engine: Engine
    view: ServerView
    keepers: Keepers
    recovered_panes: RecoveredPanes
    restoration: Callable[[], Restoration]
    """Gives panes their processes. It is created when every pane has its terminal."""
    pane_watcher: PaneWatcher
    pipes: Pipes
    rebuilding: Rebuilding
    report: KeptReport
    notices: Notices


class Start:
    """Belongs to the loop."""

    def __init__(
        self,
        booted: Booted,
        parts: StartedParts,
        returned: StandingBy | None,
        flush_interval_ms: Callable[[], int],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        """`returned` is set if this process handed off to a new server, the new server failed, and this process
        serves again.

        `flush_interval_ms` returns the time after which output must be synced. `later` calls a function after some
        seconds.
        """
        self._booted = booted
        self._parts = parts
        self._returned = returned
        self._flush_interval_ms = flush_interval_ms
        self._spawn = spawn
        self._later = later
        self._report = parts.report.report

    async def connect_keeper(self) -> KeeperClient:
        """Find the keeper, or start one. Raises CannotStart."""
        booted = self._booted
        left = [] if self._returned is None else self._returned.panes
        taken = await self._parts.keepers.connect(
            booted.link, booted.storage, booted.state_directory, left
        )
        if not taken.known:
            foreign_keeper.tell(self._report, booted.home)
        reach("keeper.connected")
        return taken.client

    async def bring_back(self, keeper: KeeperClient) -> None:
        """Give every pane its terminal and every process its pane, and report what is lost."""
        parts, engine, booted = self._parts, self._parts.engine, self._booted
        answers = await parts.recovered_panes.open()
        if not engine.state.environment and not engine.state.sessions:
            engine.tell(Decision(global_environment(os.environb)))
        self._spawn(parts.keepers.follow(keeper))
        await self._restore(keeper.held, answers)
        parts.recovered_panes.modes_again()
        if not keeper.held:
            engine.tell(Decision(server_ended.channels_forgotten(engine.state)))
        reach("recovery.restored")
        parts.keepers.restored()
        forget_deliberate_stop(booted.storage, booted.state_directory)
        if booted.starts is not None:
            if parts.rebuilding.left:
                booted.starts.serves()
            else:
                booted.starts.over()
        self._tell_of_refusal()

    async def _restore(self, held: list[HeldPane], answers: dict[PaneId, bytes]) -> None:
        parts, report = self._parts, self._report
        await parts.restoration().run(held, answers)
        for pane in (
            parts.engine.state.panes
        ):  # changes that happened meanwhile are not shown anywhere else
            parts.pane_watcher.look_soon(pane)
        self._find_cause(keeper_lived=bool(held))
        report.remark(*parts.pipes.go_on(unsure=bool(report.unsynced_ms_max)))
        parts.view.recovered(report.summary)
        if not recovery_notice.ran_on(report):
            parts.view.ended_unasked(parts.engine.state.sessions)
        safe = self._booted.safe
        if safe is not None:
            message = safe.message(self._booted.home)
            report.remark_first(message)
            parts.notices.tell(message)
            diagnostics.warning("safe_mode", reason=safe.reason)
            return
        if report.cause != "first start":
            await parts.report.find_untold()
            parts.rebuilding.report_changed = False
            await parts.report.save()
            if recovery_notice.worth_telling(report):
                parts.notices.tell_once(self._greet)

    def _find_cause(self, *, keeper_lived: bool) -> None:
        booted = self._booted
        if booted.log_path is not None:
            recovery_notice.find_cause(
                self._report,
                booted.storage,
                booted.state_directory,
                keeper_lived=keeper_lived,
                flush_interval_ms=self._flush_interval_ms(),
            )

    def _greet(self) -> str:
        """Tell the first client that attaches about the recovery, and note in the report that this was done."""
        self._report.people_told()
        self._parts.rebuilding.report_changed = False
        self._spawn(self._parts.report.save())
        return recovery_notice.greeting(self._report)

    def _tell_of_refusal(self) -> None:
        """If a handoff failed and this process serves again, tell every client that attaches why, for a while."""
        if self._returned is None:
            return
        line = failed(self._returned)
        self._report.remark(line)
        self._later(TOLD_SECONDS, self._parts.notices.tell(line))
        diagnostics.warning("server.serves_again", reason=self._returned.reason)

    def tell_of_files(self, errors: list[str]) -> None:
        """Tell the next client that attaches the errors in the files of the start."""
        self._report.remark(*errors)
        diagnostics.warning("command_file", errors=len(errors))
        told = errors[:FILE_ERRORS_TOLD_MAX]
        if len(errors) > len(told):
            told = [*told, f"{len(errors) - len(told)} more errors: see fugue show-messages"]
        for error in told:
            self._parts.notices.tell_once(partial(str, error))
