"""The answer of an overlay to a key."""

from typing import NamedTuple

from fuguemux.model.ids import PaneId, SessionId
from fuguemux.model.pointing import Pointing


class About(NamedTuple):
    """What a command is about that an overlay runs: the target of the command that opened the overlay."""

    session: SessionId
    pane: PaneId
    mouse: Pointing | None = None


class OverlayOutcome(NamedTuple):
    """The result of a key. `command`: text in tmux's language to run. `closed`: whether the overlay disappears.

    `again`: whether the key, after that, has its usual effect too. `about`: the target of the command; None: what the
    client shows.
    """

    closed: bool = False
    command: str = ""
    again: bool = False
    about: About | None = None


STAYS = OverlayOutcome()
