"""The values that a command gets for `-t`, `-s` and the like once they were looked up. They are parts of the state."""

from typing import NamedTuple

import msgspec

from fuguemux.model.live import ClientFacts
from fuguemux.model.state import Link, Pane, Session, Window


class Target(NamedTuple):
    """What a target names. Always all four: a session stands for its current window, a window for its active pane."""

    session: Session
    link: Link
    window: Window
    pane: Pane


class Resolved(msgspec.Struct, frozen=True):
    """Everything that was looked up for one command. None: the command's row does not ask for it, or it may be absent."""

    target: Target | None = None
    source: Target | None = None
    client: ClientFacts | None = None
    window_index: int | None = None
    """The index that a target of kind WINDOW_INDEX asks for, free or taken; None: the next free one."""


NOTHING_RESOLVED = Resolved()
