"""Descriptors that are kept for what must go on: saving, recovering, another keeper, a client that closes something.

Nothing is held open for that. What grows with use is refused while so many are left: panes and shell commands first, then
clients.
"""

import errno
import resource
from typing import Final

from fuguemux.keeper.protocol import explained, free_descriptors

FOR_CLIENTS: Final = 16
"""Fewer left than this: no further pane, and no pipe."""
FOR_COMMANDS: Final = 12
"""Fewer left than this: no further shell command."""
FOR_SAVING: Final = 8
"""Fewer left than this: no further client. A checkpoint and a new segment of the log need some six at the same time."""

DESCRIPTORS_MIN: Final = 36
"""A server needs some twenty for itself; with less than this it lets nobody in."""


def too_few() -> str:
    """Why a server would let nobody in under the limit of open files that holds; empty: it would."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY or soft >= DESCRIPTORS_MIN:
        return ""
    return (
        f"the limit of open files of one program is {soft}, and {DESCRIPTORS_MIN} are needed at least: "
        "raise the hard limit (ulimit -Hn; LimitNOFILE= of a service) and start fugue again"
    )


def refusal(left: int = FOR_CLIENTS) -> str:
    """Why nothing may be opened now, if at least `left` descriptors are to be left; empty: it may."""
    return explained(errno.EMFILE) if free_descriptors() < left else ""


def client_refusal() -> str:
    """Why no further client is let in; empty: it is."""
    if free_descriptors() >= FOR_SAVING:
        return ""
    return f"too many clients: {explained(errno.EMFILE)}"
