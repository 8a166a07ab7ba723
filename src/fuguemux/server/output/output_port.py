"""What panes' output needs of the log, and who wants to know what came of it; tests give others."""

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
    """Who wants to know what came of the output. Called after it was logged and shown to the emulator."""

    def output_shown(
        self, terminal: PaneTerminal, events: Sequence[Event], data: memoryview
    ) -> None:
        """`data` is only valid during the call."""
        ...

    def output_ended(self, terminal: PaneTerminal) -> None:
        """Nobody has the pane's terminal open any more and everything was read."""
        ...
