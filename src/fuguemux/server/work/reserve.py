"""Keeps file descriptors free for what must go on: saving, recovering, another keeper, a client that closes something.

No file is held open for that. Instead, use that grows is refused while too few file descriptors are left: first panes and
shell commands, then clients.
"""

import errno
import resource
from typing import Final

from fuguemux.keeper.protocol import explained, free_descriptors

FOR_CLIENTS: Final = 16
"""With fewer file descriptors left than this, no pane or pipe is opened."""
FOR_COMMANDS: Final = 12
"""With fewer left than this, no shell command is started."""
FOR_SAVING: Final = 8
"""With fewer left than this, no client is accepted. A checkpoint and a new segment of the log need about six together."""

DESCRIPTORS_MIN: Final = 36
"""A server needs some twenty for itself. With a limit below this it accepts no client."""


def too_few() -> str:
    """Why a server would accept no client under the present limit of open files. Empty if it would."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY or soft >= DESCRIPTORS_MIN:
        return ""
    return (
        f"the limit of open files of one program is {soft}, and {DESCRIPTORS_MIN} are needed at least: "
        "raise the hard limit (ulimit -Hn; LimitNOFILE= of a service) and start fugue again"
    )


def refusal(left: int = FOR_CLIENTS) -> str:
    """Why nothing may be opened now, if at least `left` file descriptors are to stay free. Empty if it may."""
    return explained(errno.EMFILE) if free_descriptors() < left else ""


def client_refusal() -> str:
    """Why no further client is accepted. Empty if it is."""
    if free_descriptors() >= FOR_SAVING:
        return ""
    return f"too many clients: {explained(errno.EMFILE)}"
