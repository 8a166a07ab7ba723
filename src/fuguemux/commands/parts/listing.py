"""Lists of the list commands: one line for each context by a format, and a filter that may skip some."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from fuguemux.formats.formats import FormatContext, Work, expand, is_true
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Reply, Request
from fuguemux.model.effects import PrintLines
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Session

AT_ONCE_UNITS: Final = 100_000
"""Work on a list that is done within the decision, some 10 ms. The other lines are made in later turns of the loop."""


_NO_GROUP: Final = (-1, -1)


def _group(context: FormatContext) -> tuple[int, int]:
    """The session or window whose lines are numbered together: `#{line}` begins anew for each, as in tmux."""
    if context.window is None or context.session is None:
        return (0, 0)
    return (
        (context.session, context.index or 0) if context.pane is not None else (context.session, -1)
    )


class ListedLines(Iterator[str | None]):
    """The lines of a list, each expanded when it is asked for. None is a context that the filter skips. Raises TooExpensive."""

    def __init__(
        self,
        template: str,
        condition: str | None,
        contexts: Iterable[FormatContext],
        asker: Request,
    ) -> None:
        self._asker = asker
        self._template = template
        self._condition = condition
        self._contexts = iter(contexts)
        self._number, self._group = 0, _NO_GROUP
        self.spent = 0
        """Units of work spent so far."""

    def __next__(self) -> str | None:
        context = next(self._contexts)
        group = _group(context)
        self._number = self._number + 1 if group == self._group else 0
        self._group = group
        context = msgspec.structs.replace(
            context,
            asker=self._asker,
            extra={**self._asker.variables, **context.extra, "line": str(self._number)},
        )
        work = Work()
        try:
            condition = self._condition
            if condition is not None and not is_true(expand(condition, context, work=work)):
                return None
            return expand(self._template, context, work=work)
        finally:
            self.spent += work.spent


def listed(invocation: Invocation, template: str, contexts: Iterable[FormatContext]) -> Decision:
    """A line for each context for which the filter `-f` is true, by the format `-F` or else `template`.

    All lines show the state at the time of the command, even those that are made in later turns.
    """
    condition = invocation.flags.value("f")
    form = invocation.flags.value("F")
    made = ListedLines(template if form is None else form, condition, contexts, invocation.request)
    lines: list[str] = []
    for line in made:
        if line is not None:
            lines.append(line)
        if made.spent > AT_ONCE_UNITS:
            return Decision(effects=(PrintLines(made),), reply=Reply(lines=tuple(lines)))
    return Decision(reply=Reply(lines=tuple(lines)))


def sessions_by_name(state: ServerState) -> list[Session]:
    """All sessions in the order in which they are listed."""
    return sorted(state.sessions.values(), key=lambda session: session.name)


def contexts_of(state: ServerState, live: LiveView, session: Session) -> Iterator[FormatContext]:
    """A context for each window of a session, in order."""
    for link in session.links:
        yield FormatContext(state, live, session=session.id, window=link.window, index=link.index)
