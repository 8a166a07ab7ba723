"""Runs one request at a time: decide, commit, and later render the reply from the resulting state."""

from collections.abc import Callable
from typing import NamedTuple

from fuguemux.commands import table
from fuguemux.engine.commit import Committer
from fuguemux.formats import formats
from fuguemux.model.decision import Decision, Expand, Reply, Request
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

Decide = Callable[[ServerState, LiveView, Request], Decision]


class Outcome(NamedTuple):
    """The decision, and the LSN that must be durable before the requester gets the reply."""

    decision: Decision
    lsn: int


class Engine:
    """The only place where commands and reactions change the state. Not thread-safe: one loop calls it."""

    def __init__(self, committer: Committer, live: LiveView, decide: Decide = table.decide) -> None:
        self._committer = committer
        self._live = live
        self._decide = decide

    @property
    def state(self) -> ServerState:
        return self._committer.state

    @property
    def last_lsn(self) -> int:
        return self._committer.last_lsn

    @property
    def live(self) -> LiveView:
        return self._live

    def ask(self, request: Request) -> Outcome:
        """Decide one command and commit its events. The caller runs the effects and then calls `render`.

        Raises Refused (nothing changed), EventRefused (a defect in the command; nothing changed) and OSError (the log
        could not take it; nothing changed).
        """
        decision = self._decide(self.state, self._live, request)
        return Outcome(decision, self._committer.commit(decision.events))

    def tell(self, decision: Decision) -> Outcome:
        """Commit the decision of a reaction. Raises EventRefused and OSError."""
        return Outcome(decision, self._committer.commit(decision.events))

    def render(self, reply: Reply) -> bytes:
        """The reply's bytes for stdout, with formats expanded from the present state."""
        lines = [self._line(line) for line in reply.lines]
        return reply.raw + b"".join(
            line.encode("utf-8", "surrogateescape") + b"\n" for line in lines
        )

    def _line(self, line: str | Expand) -> str:
        if isinstance(line, str):
            return line
        return expand_line(self.state, self._live, line)


def expand_line(state: ServerState, live: LiveView, line: Expand) -> str:
    """Expand `line` for the things that it names, as far as they still exist."""
    context = formats.FormatContext(
        state, live, session=line.session, window=line.window, pane=line.pane
    )
    return formats.shown(line.format, context)
