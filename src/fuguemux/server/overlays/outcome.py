"""The answer of an overlay to a key."""

from typing import NamedTuple


class OverlayOutcome(NamedTuple):
    """The result of a key. `command`: text in tmux's language to run. `closed`: whether the overlay disappears.

    `again`: whether the key, after that, has its usual effect too.
    """

    closed: bool = False
    command: str = ""
    again: bool = False


STAYS = OverlayOutcome()
