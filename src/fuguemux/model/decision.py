"""The result of a command or a reaction: events to log, effects to carry out, and the reply to the requester. Also how it
refuses.
"""

import msgspec

from fuguemux.model.effects import AnyEffect
from fuguemux.model.events import AnyEvent
from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.pointing import Pointing


class Refused(Exception):
    """The request makes no sense now. The message is shown on stderr, the exit code is 1, and nothing has changed."""

    def __init__(self, message: str = "", *, near: str = "") -> None:
        """`near` is what the user may have meant."""
        super().__init__(message)
        self.near = near

    def told(self, *, as_tmux: bool = False) -> str:
        """The message, followed by what may have been meant. With `as_tmux` only what tmux says."""
        return str(self) if as_tmux or not self.near else f"{self}; did you mean {self.near}?"


class Expand(msgspec.Struct, frozen=True):
    """A line that is expanded as a format after the events were applied and the effects done (`-P -F`)."""

    format: str
    session: SessionId | None = None
    window: WindowId | None = None
    pane: PaneId | None = None


class Reply(msgspec.Struct, frozen=True):
    """What the requester gets. `lines` go to stdout, each with a newline; `raw` is written before them, unchanged."""

    lines: tuple[str | Expand, ...] = ()
    raw: bytes = b""
    error: str = ""
    """One line for stderr. With `exit_code` 0 it is not a failure."""
    exit_code: int = 0


class Request(msgspec.Struct, frozen=True):
    """One command of a requester: its words, and where it comes from."""

    argv: tuple[str, ...]
    """Decoded as UTF-8 with surrogateescape, so that `.encode('utf-8', 'surrogateescape')` gives the bytes back."""
    cwd: bytes
    environment: dict[bytes, bytes]
    client: ClientId
    interactive: bool = False
    """Whether the client has a terminal and can attach."""
    columns: int = 0
    rows: int = 0
    """Size of the client's terminal; 0 without one."""
    pane: PaneId | None = None
    """The pane from which the request comes (FUGUE_PANE), if it still exists."""
    session: SessionId | None = None
    """The session to which the requesting client is attached, for keys and prompts."""
    mouse: Pointing | None = None
    """The mouse event whose key runs the command."""
    variables: dict[str, str] = {}
    """Format variables of this request only: what a hook gets (`hook_session`, …)."""
    as_tmux: bool = False
    """The client was called as `tmux`, so that programs expect tmux's messages and no others."""
    control: bool = False
    """Whether it comes from a control client, which can attach without a terminal."""
    terminal_problem: str | None = ""
    """Why the client's terminal cannot be used. Empty: it can. None: the client has not been asked yet."""


class Decision(msgspec.Struct, frozen=True):
    """Events are logged and applied together; then effects run in order; then the reply is rendered and sent.

    A Decision without events changes nothing durable.
    """

    events: tuple[AnyEvent, ...] = ()
    effects: tuple[AnyEffect, ...] = ()
    reply: Reply = Reply()
