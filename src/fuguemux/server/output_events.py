"""Passes on what happens while panes are read and the log is written. Nothing may commit while output is shown, so
nothing here does."""

import asyncio
from collections.abc import Sequence

from fuguemux.observe.diagnostics import channel
from fuguemux.server.clients.alerts import Alerts
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.control.clients import ControlClients
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.processes.pane_watcher import PaneWatcher
from fuguemux.server.processes.processes import Processes
from fuguemux.server.requests.pipes import Pipes
from fuguemux.terminal.emulator import Bell, Event

diagnostics = channel("server")


class OutputEvents:
    """Implements output_port.OutputListener, and the callbacks of the log's threads. Belongs to the loop.

    The log and the panes' output are built before the parts that must be notified, so nothing happens before
    `connect`.
    """

    _output: PaneOutput
    _viewers: Viewers
    _alerts: Alerts
    _pane_watcher: PaneWatcher
    _control: ControlClients
    _pipes: Pipes
    _processes: Processes

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._connected = False

    def connect(
        self,
        output: PaneOutput,
        viewers: Viewers,
        alerts: Alerts,
        control: ControlClients,
        pane_watcher: PaneWatcher,
        pipes: Pipes,
        processes: Processes,
    ) -> None:
        """Connect the parts to notify, which are all built now."""
        self._output = output
        self._viewers = viewers
        self._alerts = alerts
        self._control = control
        self._pane_watcher = pane_watcher
        self._pipes = pipes
        self._processes = processes
        self._connected = True

    # The log

    def congestion_changed(self, congested: bool) -> None:
        """The log has caught up: continue reading."""
        if not congested and self._connected:
            self._output.resume()

    def records_written(self) -> None:
        """The kernel now has records that it did not have at once: work that waits for them continues."""
        if self._connected:
            self._output.written()

    def disk_is_slow(self, seconds: float) -> None:
        """Writes took long several times in a row."""
        diagnostics.warning("disk.slow", ms=round(seconds * 1000, 1))

    def not_logged(self, error: OSError) -> None:
        """A fact could not be logged and is dropped. The next check finds it again."""
        diagnostics.warning("fact_not_logged", error=error.strerror or str(error))

    # Output

    def output_shown(
        self, terminal: PaneTerminal, events: Sequence[Event], data: memoryview
    ) -> None:
        """A pane's screen changed."""
        if not self._connected:
            return
        self._alerts.output(terminal.id, bell=any(isinstance(event, Bell) for event in events))
        self._pane_watcher.shown(terminal, events)
        self._viewers.pane_changed(terminal, events)
        self._pipes.output(terminal, data)
        self._control.output(terminal.id, data)

    def output_ended(self, terminal: PaneTerminal) -> None:
        """The PTY has reached its end."""
        if self._connected:
            self._loop.call_soon(self._processes.output_ended, terminal)
