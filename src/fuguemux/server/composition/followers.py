"""Tells the parts that follow each transaction and the end of each pane. State and panes are told first, the other parts
after them.
"""

from collections.abc import Callable, Sequence

from fuguemux.model.events import AnyEvent
from fuguemux.model.state import ServerState
from fuguemux.server.panes.pane_terminal import PaneTerminal

Published = Callable[[ServerState, ServerState, Sequence[AnyEvent], int], None]
"""Called with the state before and after, the events, and the LSN of their record."""


class Followers:
    """The parts to tell. Belongs to the loop."""

    def __init__(self) -> None:
        self._published: tuple[Published, ...] = ()
        self._removed: tuple[Callable[[PaneTerminal], None], ...] = ()

    def connect(
        self, published: Sequence[Published], removed: Sequence[Callable[[PaneTerminal], None]]
    ) -> None:
        """From now on call these, in this order."""
        self._published = tuple(published)
        self._removed = tuple(removed)

    def published(
        self, before: ServerState, after: ServerState, events: Sequence[AnyEvent], lsn: int
    ) -> None:
        """A transaction is logged and applied."""
        for follow in self._published:
            follow(before, after, events, lsn)

    def removed(self, terminal: PaneTerminal) -> None:
        """A pane is gone; its terminal still exists."""
        if terminal.waiting is not None and terminal.waiting.ends_programs:
            terminal.build()  # the pane's last screen is needed after its end
        for follow in self._removed:
            follow(terminal)
