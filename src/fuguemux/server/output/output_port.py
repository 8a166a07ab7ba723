"""The protocols between panes' output and its neighbours: the part of the log that it needs, and the listener that it
tells. Tests pass other implementations.
"""

from collections.abc import Sequence
from typing import Protocol

from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.terminal.emulator import Event


class OutputLog(Protocol):
    """The part of the log writer that output needs."""

    def append_output(self, pane: int, offset: int, data: memoryview) -> int | None: ...

    def write(self) -> bool: ...

    def write_now(self) -> bool: ...

    @property
    def written_lsn(self) -> int: ...

    @property
    def output_stopped(self) -> bool: ...

    @property
    def next_lsn(self) -> int: ...

    @property
    def congested(self) -> bool: ...


class OutputListener(Protocol):
    """Receives output after it was logged and shown to the emulator."""

    def output_shown(
        self, terminal: PaneTerminal, events: Sequence[Event], data: memoryview
    ) -> None:
        """Called for each shown piece. `data` is only valid during the call."""
        ...

    def output_ended(self, terminal: PaneTerminal) -> None:
        """Called when no process has the pane's terminal open any more and all output was read."""
        ...
