"""The requester that is a control client: its first command, and the lines that it sends afterwards."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import msgspec

from fuguemux.model.decision import Request
from fuguemux.model.state import ServerState
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.requesters import ConnectionRequester
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.control.stream import ControlStream, OutputBlock


class ControlRequester(ConnectionRequester):
    """What commands print goes into blocks of the client's stream."""

    def __init__(
        self,
        connection: Connection,
        command: CommandMessage,
        state: Callable[[], ServerState],
        socket_path: bytes,
        stream: ControlStream,
        viewer: Callable[[], Viewer | None],
        show: Callable[[Viewer, str], None],
        *,
        typed: bool,
    ) -> None:
        """`viewer` returns the attached client, if it is attached. `show` shows a text in its pane.

        `typed`: the command comes from a line of its input,
        and not from its command line."""
        super().__init__(connection, command, state, socket_path)
        self.stream = stream
        self._viewer = viewer
        self._show = show
        self._flags = 1 if typed else 0

    def request(self, argv: tuple[str, ...]) -> Request:
        """The request for `argv`, from the session that the client shows."""
        request = super().request(argv)
        viewer = self._viewer()
        if viewer is None:
            return msgspec.structs.replace(request, control=True, columns=0, rows=0)
        return msgspec.structs.replace(
            request,
            control=True,
            columns=0,
            rows=0,
            session=viewer.session,
            pane=viewer.active_pane(),
        )

    def block(self, *, hooked: bool = False) -> OutputBlock:
        """Begin the block of a command. `hooked`: it is one of a hook."""
        return self.stream.block(flags=0 if hooked else self._flags)

    def stdout(self, data: bytes) -> None:
        """Add to the block. What comes after its end, from a shell command, is shown in the pane, as in tmux."""
        viewer = self._viewer()
        if data and viewer is not None and not self.stream.in_block:
            self._show(viewer, data.decode("utf-8", "replace"))
        elif data:
            self.stream.say(data)

    def stderr(self, data: bytes) -> None:
        """Add to the block."""
        if data:
            self.stream.say(data)

    def warn(self, data: bytes) -> None:
        """Print on stderr, because it belongs to no block."""
        if data:
            self.connection.stderr(data)

    def batch(self) -> AbstractContextManager[None]:
        """Hold notifications while the commands run."""
        return self.stream.batch()

    def finish(self, code: int) -> None:
        """End the client after everything that it is still told."""
        self.stream.leave(partial(self._end, code))

    def _end(self, code: int) -> None:
        self.stream.flush()
        self.connection.exit(code)

    def waits(self, text: str) -> None:
        """Programs are not told: the block tells them when it comes."""
