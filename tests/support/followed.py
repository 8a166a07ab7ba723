"""The state after a decision, as a commit makes it: sessions of a group follow each other."""

from collections.abc import Sequence
from functools import reduce

from fuguemux.model.apply import apply
from fuguemux.model.events import AnyEvent
from fuguemux.model.groups import followed
from fuguemux.model.state import ServerState


def after(before: ServerState, events: Sequence[AnyEvent]) -> ServerState:
    """The state after the events, and after those that groups add."""
    draft = reduce(apply, events, before)
    return reduce(apply, followed(before, draft), draft)
