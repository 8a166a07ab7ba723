"""A control client that is attached: a viewer without a screen."""

from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.ids import SessionId, WindowId
from fuguemux.model.live import ClientFacts
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.drawing.picture import Surface
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.control.stream import ControlStream
from fuguemux.server.control.subscriptions import Subscriptions


class ControlClient(Viewer):
    """Belongs to the loop."""

    draws = False

    def __init__(
        self,
        connection: Connection,
        command: CommandMessage,
        session: SessionId,
        surface: Surface,
        now_s: int,
        stream: ControlStream,
        flags: ClientFlags,
    ) -> None:
        super().__init__(connection, command, session, surface, now_s, flags)
        self.stream = stream
        self.subscriptions = Subscriptions()
        self.sized = False
        self.window_sizes: dict[WindowId, tuple[int, int]] = {}
        stream.flags = flags

    def begin(self) -> None:
        """There is no screen to take over."""

    def set_flags(self, flags: ClientFlags) -> None:
        """Take over new flags. Without output, what waits is dropped."""
        super().set_flags(flags)
        self.stream.flags = flags
        if flags.no_output:
            self.stream.forget_output()

    def set_size(self, columns: int, rows: int, window: WindowId | None) -> None:
        """Note the size that the client has set, of a window or of itself. Zeros take back that of a window."""
        if window is None:
            self.resize(columns, rows)
            self.sized = True
        elif columns and rows:
            self.window_sizes[window] = (columns, rows)
        else:
            self.window_sizes.pop(window, None)

    def facts(self) -> ClientFacts:
        """Facts about the client for commands and formats."""
        return ClientFacts(
            self.client,
            self.name,
            self.command.pid,
            self.tty,
            self.columns,
            self.rows,
            self.session,
            self.created_s,
            self.activity_s,
            term=self.command.term,
            flags=self.flags,
            environment=self.command.environment,
            used=self.used,
            control=True,
            sized=self.sized,
            window_sizes=dict(self.window_sizes),
        )

    def leave(
        self, text: str, *, hang_up_parent: bool = False, shell: str = "", command: str = ""
    ) -> None:
        """End the client once its commands have ended. As in tmux, `%exit` gives no reason for a detach. A control
        client becomes no other command."""
        del text, shell, command
        self.end_for("", hang_up_parent=hang_up_parent)

    def end_for(self, reason: str, *, hang_up_parent: bool = False) -> None:
        """End the client, for a reason that `%exit` names."""
        stream = self.stream

        def last() -> None:
            stream.flush()
            self.connection.detached(
                reason,
                stream.exit_code,
                hang_up_parent=hang_up_parent,
                wait=self.flags.wait_exit,
            )

        stream.leave(last)
