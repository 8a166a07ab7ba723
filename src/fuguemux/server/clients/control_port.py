"""What viewers need from the room of control clients, which is above this one."""

from collections.abc import Callable
from typing import Protocol

from fuguemux.model import effects as ef
from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.ids import ClientId, SessionId
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.drawing.picture import Surface
from fuguemux.server.clients.viewer import Viewer


class ControlPort(Protocol):
    """The control clients: viewers without a screen, which are told what happens to all."""

    def connect(self, let_go: Callable[[Viewer], None]) -> None:
        """`let_go` is called when one of them ends for a reason of its own."""
        ...

    def viewer(
        self,
        connection: Connection,
        command: CommandMessage,
        session: SessionId,
        surface: Surface,
        now_s: int,
        flags: ClientFlags,
    ) -> Viewer:
        """Make a viewer of the connection of a control client."""
        ...

    def shows(self, viewer: Viewer) -> None:
        """A client shows its session from now on."""
        ...

    def left(self, viewer: Viewer) -> None:
        """A client is no longer attached."""
        ...

    def set_size(self, effect: ef.SetControlSize) -> None: ...

    def set_flow(self, effect: ef.SetPaneFlow) -> None: ...

    def subscribe(self, effect: ef.Subscribe) -> None:
        """Raises EffectFailed."""
        ...

    def drained(self, client: ClientId) -> None:
        """A connection has received everything."""
        ...

    def closed(self, client: ClientId) -> None:
        """A connection is closed."""
        ...

    def end_for(self, reason: str) -> None:
        """End all control clients for this reason."""
        ...
