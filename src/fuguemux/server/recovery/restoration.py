"""Restoration: adopts, restarts or leaves dead the process of every pane at the start, and reports what was done."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, assert_never

from fuguemux.config.secrets import named
from fuguemux.engine.engine import Engine
from fuguemux.engine.reconcile import (
    Adopt,
    HeldProcess,
    LeaveDead,
    Rescue,
    Restart,
    Step,
    TakeExit,
    key_parts,
    reconcile,
)
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Life, Pane
from fuguemux.observe.clock import Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.report.parts import PaneReport
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.report.text import describe, lost_output
from fuguemux.reactions import not_restored, process_found, process_started, program_ended
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.panes.last_screens import LastScreens
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.program_names import ended_jobs, ended_program, shown
from fuguemux.server.panes.restore_policy import last_screen_line, note, plan
from fuguemux.server.ports import EffectFailed
from fuguemux.server.processes.keeper_client import HeldPane
from fuguemux.server.processes.process_table import directory, name_of
from fuguemux.server.processes.processes import Processes

PROMPT_LOOK_SECONDS = 0.15
PROMPT_LOOKS_MAX = 40
"""After this many checks without a prompt nothing is typed into a shell."""

diagnostics = channel("restoration")


class Restoration:
    """Gives panes their processes, once, at the start."""

    def __init__(
        self,
        engine: Engine,
        panes: Panes,
        output: PaneOutput,
        processes: Processes,
        clock: Clock,
        store: str,
        report: RecoveryReport,
        rerunnable: Collection[str],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        open_orphan: Callable[[PaneId], None],
        last_screens: LastScreens,
    ) -> None:
        """`open_orphan` opens a terminal for a pane that the state does not have, with its logged output, if there is
        any."""
        self._last_screens = last_screens
        self._engine = engine
        self._panes = panes
        self._output = output
        self._processes = processes
        self._clock = clock
        self._store = store
        self._report = report
        self._rerunnable = rerunnable
        self._spawn = spawn
        self._open_orphan = open_orphan
        self._by_pane = {pane.pane: pane for pane in report.panes}

    async def run(self, held: Sequence[HeldPane], answers: Mapping[PaneId, bytes]) -> None:
        """Carry out every step. A problem with one pane does not affect the others."""
        by_key = {process.key: process for process in held}
        facts = [
            HeldProcess(
                process.key,
                process.pid,
                process.start_time or 0,
                process.exit_status is not None,
                None if process.exit_status is None else process.exit_status.code,
                None if process.exit_status is None else process.exit_status.signal,
            )
            for process in held
        ]
        whole = not (self._report.lost or self._report.damages)
        steps = reconcile(self._engine.state, self._store, facts, whole=whole)
        for step in steps:
            if isinstance(step, Adopt | TakeExit):
                self._adopt(step, by_key[step.key], answers.get(step.pane, b""))
        taken = {step.key for step in steps if isinstance(step, Adopt | TakeExit | Rescue)}
        for process in held:
            if process.key not in taken:
                self._processes.not_needed(process)
        generations = {pane.id: pane.generation for pane in self._engine.state.panes.values()}
        self._last_screens.left_over(generations, self._report.started_ms)
        for step in steps:
            try:
                await self._one(step, by_key)
            except (EffectFailed, OSError) as failure:
                self._failed(step, str(failure))
        self._last_screens.nothing_foreseen()
        self._spawn(self._last_screens.settle())

    def _adopt(self, step: Adopt | TakeExit, process: HeldPane, answers: bytes) -> None:
        terminal = self._panes.get(step.pane)
        if terminal is None:
            return
        self._status(step.pane, "live" if isinstance(step, Adopt) else "held-dead")
        self._note_process(step, process)
        terminal.carry_on()
        self._processes.adopt(terminal, process)
        if isinstance(step, TakeExit):
            self._note_ended(self._engine.state.panes[step.pane])
            self._ended_away(step.pane)
        if answers and terminal.master is not None:
            terminal.master.write(answers)

    def _note_process(self, step: Adopt | TakeExit, process: HeldPane) -> None:
        """Log the process of a pane if a server died after it started the process and before it logged that."""
        pane, parts = self._engine.state.panes[step.pane], key_parts(process.key)
        started = process.start_time or 0
        if parts is None or (pane.pid, pane.process_start) == (process.pid, started):
            return
        decision = process_started.decide(
            self._engine.state,
            self._engine.live,
            step.pane,
            generation=parts[2],
            pid=process.pid,
            process_start=started,
            tty=process.tty,
        )
        try:
            self._engine.tell(decision)
        except OSError as error:
            diagnostics.warning("process_not_noted", pane=step.pane, error=str(error))

    async def _one(self, step: Step, by_key: Mapping[str, HeldPane]) -> None:
        match step:
            case Restart(pane):
                await self._restart(self._engine.state.panes[pane])
            case LeaveDead(pane):
                self._status(pane, "held-dead")
                self._tell_exit(pane)
            case Rescue(key):
                self._rescue(by_key[key])
            case Adopt() | TakeExit():
                pass
            case _:
                assert_never(step)

    def _ended_away(self, pane: PaneId) -> None:
        """The process ended while no server ran: report how, or that a shutdown has suspended the pane."""
        stored = self._engine.state.panes.get(pane)
        if stored is not None and stored.life is Life.SUSPENDED:
            self._status(pane, "suspended")
        self._tell_exit(pane)

    def _tell_exit(self, pane: PaneId) -> None:
        report, stored = self._by_pane.get(pane), self._engine.state.panes.get(pane)
        if report is not None and stored is not None and stored.exit is not None:
            report.exited(stored.exit.code, stored.exit.signal)
            terminal = self._panes.get(pane)
            if terminal is not None:
                terminal.status = describe(report)

    async def _restart(self, pane: Pane) -> None:
        """Start a new process for a pane whose old one has ended. The old output stays above a line that says so."""
        terminal = self._panes.get(pane.id)
        if terminal is None:
            return
        again = pane.generation > 0
        self._note_ended(pane)
        chosen = plan(self._engine.state, self._engine.live, pane, self._rerunnable)
        lines = [self._separator(pane.id)] if again else []
        screen_kept = self._keep_screen(pane)
        if chosen.start:
            await self._processes.start(pane.id, argv=chosen.argv)
            self._status(pane.id, terminal.status or "respawned")
            if terminal.status == "cwd-fallback":
                lines.append(self._where(pane.id, pane.cwd))
        else:
            self._engine.tell(not_restored.decide(self._engine.state, self._engine.live, pane.id))
            self._status(pane.id, "suspended")
        report = self._by_pane.get(pane.id)
        if report is not None:
            report.started(chosen.line, chosen.again)
            self._report.shell_started(only=chosen.shell_only, unlisted=chosen.unlisted)
        if again and chosen.line:
            lines.append(chosen.line)
        if report is not None and report.ended_jobs:
            lines.append(f"in the background: {', '.join(report.ended_jobs)}")
        if report is not None and screen_kept:
            report.screen_kept()
            lines.append(last_screen_line(self._engine.state, self._engine.live, pane.id))
        if lines:
            column = 0 if chosen.start else terminal.emulator.cursor.column
            first = note(lines[0], column=column)
            rest = [note(line) for line in lines[1:]]
            self._output.inject(terminal, b"".join((first, *rest)))
        if chosen.typed:
            self._spawn(self._type(terminal, chosen.typed))

    def _note_ended(self, pane: Pane) -> None:
        """Report which program ended with the pane's process."""
        report = self._by_pane.get(pane.id)
        if report is not None:
            report.programs_gone(ended_program(pane), ended_jobs(pane))

    def _keep_screen(self, pane: Pane) -> bool:
        """Note in the log that the program shows nothing more, which keeps its last screen. Returns whether a last
        screen is kept.

        Must be called before anything else changes the screen.
        """
        report = self._by_pane.get(pane.id)
        if report is None or not report.ended_program or not self._last_screens.keeps(pane.id):
            return False
        decision = program_ended.decide(
            self._engine.state,
            self._engine.live,
            pane.id,
            program=report.ended_program,
            recovery_ms=self._report.started_ms,
            ended_ms=self._report.last_record_ms or self._report.checkpoint_ms,
        )
        self._engine.tell(decision)
        return bool(decision.events) or self._last_screens.came_true(
            pane.id, pane.generation, self._report.started_ms
        )

    async def _type(self, terminal: PaneTerminal, line: bytes) -> None:
        """Type `line` when the shell shows its prompt, that is, when it has printed something and then pauses.

        Nothing is typed if the user has typed something first, or if the shell stays silent. An Enter does not count,
        because the line above the prompt asks for one.
        """
        key, seen, typings = terminal.key, terminal.read_offset, terminal.typings
        start, shown = seen, False
        for _ in range(PROMPT_LOOKS_MAX):
            await asyncio.sleep(PROMPT_LOOK_SECONDS)
            if terminal.key != key or terminal.master is None or terminal.typings > typings:
                return
            shown = shown or terminal.read_offset > start
            if shown and terminal.read_offset == seen:
                terminal.master.write(line)
                return
            seen = terminal.read_offset

    def _where(self, pane: PaneId, wanted: bytes) -> str:
        now = self._engine.state.panes[pane].cwd if pane in self._engine.state.panes else b"?"
        text = f"its directory {shown(wanted.decode('utf-8', 'replace'))} is gone"
        return text if now == wanted else f"{text}: started in {now.decode('utf-8', 'replace')}"

    def _separator(self, pane: PaneId) -> str:
        year, month, day, hour, minute, *_ = self._clock.local_time(self._report.started_ms // 1000)
        text = f"restored {year}-{month:02}-{day:02} {hour:02}:{minute:02}"
        report = self._by_pane.get(pane)
        if report is not None and report.lost_bytes:
            text += f", {lost_output(report)} lost"
        return f"── {text} ──"

    def _rescue(self, process: HeldPane) -> None:
        path, parts = directory(process.pid), key_parts(process.key)
        known = set(self._engine.state.panes)
        known_as = None if parts is None or parts[0] != self._store else parts[1:]
        if known_as is not None and known_as[0] not in known:
            self._open_orphan(known_as[0])
        decision = process_found.decide(
            self._engine.state,
            self._engine.live,
            argv=process.argv,
            cwd=path or b"/",
            pid=process.pid,
            process_start=process.start_time or 0,
            tty=process.tty,
            name=name_of(named(process.argv)),
            known_as=known_as,
        )
        self._engine.tell(decision)
        (pane,) = set(self._engine.state.panes) - known
        terminal = self._panes.get(pane)
        assert terminal is not None, "its creation was just published"
        self._panes.limit_history(self._engine.state)
        self._report.add_pane(PaneReport(pane, "live", process_found.SESSION_NAME))
        self._report.remark(f"process {process.pid} belonged to no pane: it is now %{pane}")
        self._processes.adopt(terminal, process)

    def _status(self, pane: PaneId, status: str) -> PaneReport | None:
        terminal = self._panes.get(pane)
        report = self._by_pane.get(pane)
        if report is not None:
            report.became(status)  # type: ignore[arg-type]  # all callers pass one of the literals
            status = describe(report) if report.status in ("partial", "failed") else report.status
        if terminal is not None:
            terminal.status = status
        return report

    def _failed(self, step: Step, reason: str) -> None:
        diagnostics.error("pane_not_restored", step=type(step).__name__, reason=reason)
        if isinstance(step, Restart):
            report = self._by_pane.get(step.pane)
            if report is not None:
                report.fail(reason)
            self._status(step.pane, "failed")
