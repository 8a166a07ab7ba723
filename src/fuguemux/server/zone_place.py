"""Where the landing zone is: a start under another environment looks where the last server had it, too.

XDG_RUNTIME_DIR is not set in every shell and service. What a dead server had read is in the zone that that one used; its
path is in a file of the state directory.
"""

import contextlib
import os
from typing import Final

from fuguemux.server.landing import Recovered, ZoneUnusable, recover

PLACE_FILE: Final = "zone"
PATH_BYTES_MAX: Final = 4096


def recover_both(state: str, path: str, *, store: str) -> Recovered:
    """What the zone at `path` holds, and the one that the last server of the state directory `state` had elsewhere.

    As `landing.recover`; but a zone elsewhere that cannot be read holds nothing.
    """
    found, other = recover(path, store=store), former(state, path)
    if not other:
        return found
    try:
        more = recover(other, store=store)
    except (OSError, ZoneUnusable):
        return found
    chunks = sorted((*found.salvaged, *more.salvaged), key=lambda chunk: (chunk.pane, chunk.offset))
    return Recovered(tuple(chunks), found.damage + more.damage)


def former(state: str, path: str) -> str:
    """Where the last server had its zone, if not at `path`; empty: there, or nowhere."""
    try:
        with open(f"{state}/{PLACE_FILE}", "rb") as file:
            said = os.fsdecode(file.read(PATH_BYTES_MAX))
    except OSError:
        return ""
    return "" if said == path else said


def settle(state: str, path: str, *, store: str) -> None:
    """Note that the zone is at `path` from now on, and do away with what was logged from elsewhere. Never raises."""
    other = former(state, path)
    if other:
        with contextlib.suppress(OSError, ZoneUnusable):
            if recover(other, store=store).salvaged:
                os.unlink(other)
    elif os.path.exists(f"{state}/{PLACE_FILE}"):
        return
    with contextlib.suppress(OSError), open(f"{state}/{PLACE_FILE}", "wb") as file:
        file.write(os.fsencode(path))
