"""What happens to every pane at start: carried on, started again, or left dead. And what the report says of it."""

from collections.abc import Mapping, Sequence

from fuguemux.engine.engine import Engine
from fuguemux.engine.reconcile import (
    Adopt,
    Held,
    LeaveDead,
    Rescue,
    Restart,
    Step,
    TakeExit,
    reconcile,
)
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Pane
from fuguemux.observe.clock import Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.report import PaneReport, RecoveryReport
from fuguemux.reactions import process_found
from fuguemux.server.executor import EffectFailed
from fuguemux.server.keeper_client import HeldPane
from fuguemux.server.pane_output import PaneOutput
from fuguemux.server.panes import Panes
from fuguemux.server.process_table import directory, name_of
from fuguemux.server.processes import Processes

SHELLS = frozenset(
    {b"sh", b"ash", b"bash", b"dash", b"fish", b"ksh", b"mksh", b"tcsh", b"zsh", b"nu", b"xonsh"}
)

diagnostics = channel("restoration")


class Restoration:
    """Brings panes and processes together, once, at start."""

    def __init__(
        self,
        engine: Engine,
        panes: Panes,
        output: PaneOutput,
        processes: Processes,
        clock: Clock,
        store: str,
        report: RecoveryReport,
    ) -> None:
        self._engine = engine
        self._panes = panes
        self._output = output
        self._processes = processes
        self._clock = clock
        self._store = store
        self._report = report
        self._by_pane = {pane.pane: pane for pane in report.panes}

    async def run(self, held: Sequence[HeldPane], answers: Mapping[PaneId, bytes]) -> None:
        """Carry out every step; one pane's trouble never costs another's."""
        by_key = {process.key: process for process in held}
        facts = [
            Held(
                process.key,
                process.pid,
                process.start_time or 0,
                process.exit_status is not None,
                None if process.exit_status is None else process.exit_status.code,
                None if process.exit_status is None else process.exit_status.signal,
            )
            for process in held
        ]
        steps = reconcile(self._engine.state, self._store, facts)
        for step in steps:
            if isinstance(step, Adopt | TakeExit):
                self._adopt(step, by_key[step.key], answers.get(step.pane, b""))
        for step in steps:
            try:
                await self._one(step, by_key)
            except (EffectFailed, OSError) as failure:
                self._failed(step, str(failure))

    def _adopt(self, step: Adopt | TakeExit, process: HeldPane, answers: bytes) -> None:
        terminal = self._panes.get(step.pane)
        if terminal is None:
            return
        self._status(step.pane, "live")
        self._processes.adopt(terminal, process)
        if answers and terminal.master is not None:
            terminal.master.write(answers)

    async def _one(self, step: Step, by_key: Mapping[str, HeldPane]) -> None:
        match step:
            case Restart(pane):
                await self._restart(self._engine.state.panes[pane])
            case LeaveDead(pane):
                stored = self._engine.state.panes[pane]
                report = self._status(pane, "held-dead")
                if report is not None and stored.exit is not None:
                    report.exit_code, report.exit_signal = stored.exit.code, stored.exit.signal
            case Rescue(key):
                self._rescue(by_key[key])
            case Adopt() | TakeExit():
                pass

    async def _restart(self, pane: Pane) -> None:
        """A new process for a pane whose old one is gone; what it showed stays above a line that says so."""
        again = pane.generation > 0
        terminal = self._panes.get(pane.id)
        if terminal is None:
            return
        await self._processes.start(pane.id, argv=None if runs_again(pane) else ())
        self._status(pane.id, terminal.status or "respawned")
        if again:
            self._output.inject(terminal, self._separator(pane.id, terminal.emulator.size.columns))

    def _separator(self, pane: PaneId, columns: int) -> bytes:
        year, month, day, hour, minute, *_ = self._clock.local_time(self._report.started_ms // 1000)
        text = f"restored {year}-{month:02}-{day:02} {hour:02}:{minute:02}"
        report = self._by_pane.get(pane)
        if report is not None and report.lost_bytes:
            text += f", {report.lost_bytes} bytes lost"
        if report is not None and report.status == "cwd-fallback":
            text += ", its directory is gone"
        line = f"── {text} ──"
        return f"\x1b[2m{line[:columns]}\x1b[0m\r\n".encode()

    def _rescue(self, process: HeldPane) -> None:
        path = directory(process.pid)
        decision = process_found.decide(
            self._engine.state,
            self._engine.live,
            argv=process.argv,
            cwd=path or b"/",
            pid=process.pid,
            process_start=process.start_time or 0,
            tty=process.tty,
            name=name_of(process.argv),
        )
        self._engine.tell(decision)
        pane = max(self._engine.state.panes)
        terminal = self._panes.get(pane)
        assert terminal is not None, "its creation was just published"
        self._report.panes.append(PaneReport(pane, "live", process_found.SESSION_NAME))
        self._report.notes.append(f"process {process.pid} belonged to no pane: it is now %{pane}")
        self._processes.adopt(terminal, process)

    def _status(self, pane: PaneId, status: str) -> PaneReport | None:
        terminal = self._panes.get(pane)
        report = self._by_pane.get(pane)
        if report is not None:
            report.status = status  # type: ignore[assignment]  # one of the literals by the callers above
            if report.lost_bytes and status == "live":
                report.status = "partial"
            if report.reason:
                report.status = "failed"
            status = report.status
        if terminal is not None:
            terminal.status = status
        return report

    def _failed(self, step: Step, reason: str) -> None:
        diagnostics.error("pane_not_restored", step=type(step).__name__, reason=reason)
        if isinstance(step, Restart):
            report = self._by_pane.get(step.pane)
            if report is not None:
                report.reason = reason
            self._status(step.pane, "failed")


def runs_again(pane: Pane) -> bool:
    """Whether the pane's own command is started again without asking: nothing but a shell is."""
    if not pane.argv:
        return True
    words = pane.argv[0].split() if len(pane.argv) == 1 else list(pane.argv)
    if not words:
        return True
    name = words[0].rpartition(b"/")[2].lstrip(b"-")
    return name in SHELLS and not any(
        word.startswith(b"-") and b"c" in word for word in words[1:] if not word.startswith(b"--")
    )
