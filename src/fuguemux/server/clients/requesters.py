"""The kinds of requesters: a client's connection, the keys of an attached client, hooks, and the files of `-f`."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import msgspec

from fuguemux.model.decision import Request
from fuguemux.model.ids import NOBODY, PaneId, SessionId
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import ServerState
from fuguemux.protocol import messages
from fuguemux.protocol.messages import CommandMessage
from fuguemux.server.clients.connection import Connection
from fuguemux.server.ports import ReplyBlock, Requester


def text_of(word: bytes) -> str:
    """A word of a command line as text. Bytes that are not UTF-8 are preserved when it is encoded again."""
    return word.decode("utf-8", "surrogateescape")


def called_as_tmux(command: CommandMessage) -> bool:
    """Whether the client's program is called `tmux`, so that its user expects exactly tmux's behaviour."""
    return command.program.startswith(b"tmux")


def pane_of_environment(
    environment: dict[bytes, bytes], state: ServerState, socket_path: bytes
) -> PaneId | None:
    """The pane in which a client runs, from FUGUE_PANE or TMUX_PANE, if it is a pane of the server at `socket_path`."""
    for name, server in ((b"FUGUE_PANE", b"FUGUE"), (b"TMUX_PANE", b"TMUX")):
        value, place = environment.get(name, b""), environment.get(server, b"")
        if place and place.rsplit(b",", 2)[0] != socket_path:
            continue
        if value[:1] == b"%" and value[1:].isdigit():
            pane = PaneId(int(value[1:]))
            if pane in state.panes:
                return pane
    return None


class ConnectionRequester:
    """The requester that is a client with a command."""

    def __init__(
        self,
        connection: Connection,
        command: CommandMessage,
        state: Callable[[], ServerState],
        socket_path: bytes,
    ) -> None:
        self.connection = connection
        self.client = connection.client
        self.command = command
        self.as_tmux = called_as_tmux(command)
        self._state = state
        self._socket_path = socket_path
        self._told: set[str] = set()

    @property
    def can_attach(self) -> bool:
        """Whether the client has a terminal, or needs none."""
        return self.command.interactive or self.command.control

    @property
    def has_stdin(self) -> bool:
        """Whether commands may read the client's standard input."""
        return not (self.connection.is_attached or self.command.control)

    def request(self, argv: tuple[str, ...]) -> Request:
        """The request for `argv` with this client's directory, environment and terminal."""
        command = self.command
        return Request(
            argv,
            command.cwd,
            command.environment,
            self.client,
            interactive=command.interactive,
            columns=command.columns,
            rows=command.rows,
            pane=pane_of_environment(command.environment, self._state(), self._socket_path),
            as_tmux=self.as_tmux,
            terminal_problem=self.connection.terminal.problem,
        )

    async def described(self) -> None:
        """Return when the client has said what its terminal can do, or is gone."""
        await self.connection.terminal.asked()

    def stdout(self, data: bytes) -> None:
        """Send to the client's stdout. An attached client has none."""
        if data and not self.connection.is_attached:
            self.connection.stdout(data)

    def stderr(self, data: bytes) -> None:
        """Send to the client's stderr."""
        if data and not self.connection.is_attached:
            self.connection.stderr(data)

    def warn(self, data: bytes) -> None:
        """Print on stderr what is not the answer of a command."""
        self.stderr(data)

    def batch(self) -> AbstractContextManager[None]:
        """While the context lasts, the client's commands run."""
        return nullcontext()

    def finish(self, code: int) -> None:
        """All commands have ended, and the client is not attached: end it."""
        self.connection.exit(code)

    def waits(self, text: str) -> None:
        """On a terminal: a line that disappears when other output follows. Otherwise a line on stderr, once per text."""
        if self.connection.is_attached or text in self._told:
            return
        if self.command.flags & messages.STDERR_TTY:
            self.connection.progress(text)
        else:
            self._told.add(text)
            self.connection.stderr(f"{text}\n".encode())

    def if_gone(self, give_up: Callable[[], None]) -> None:
        """Call `give_up` when the connection is closed. A command that does not wait does not notice this."""
        self.connection.when_gone(give_up)

    def done(self) -> None:
        """Do not call `give_up` any more."""
        self.connection.when_gone(None)


class InternalRequester:
    """The requester that is the server itself, for a file of `-f` or a hook. No client waits; errors are collected."""

    def __init__(
        self,
        environment: dict[bytes, bytes],
        cwd: bytes,
        session: SessionId | None = None,
        pane: PaneId | None = None,
        variables: dict[str, str] | None = None,
    ) -> None:
        self.client = NOBODY
        self._variables = variables or {}
        self._session = session
        self._pane = pane
        self._environment = environment
        self._cwd = cwd
        self.errors: list[str] = []
        self.notes = 0
        """How many lines about options without effect its commands put into show-messages."""
        self.output = b""

    def request(self, argv: tuple[str, ...]) -> Request:
        """The request of `argv` without a client."""
        return Request(
            argv,
            self._cwd,
            self._environment,
            self.client,
            session=self._session,
            pane=self._pane,
            variables=self._variables,
        )

    def stdout(self, data: bytes) -> None:
        """Collected in `output`."""
        self.output += data

    def stderr(self, data: bytes) -> None:
        """Collected in `errors`, line by line."""
        self.errors.append(data.decode("utf-8", "replace").rstrip("\n"))

    def waits(self, text: str) -> None:
        """No user looks at it."""

    def if_gone(self, give_up: Callable[[], None]) -> None:
        """No client waits, so none can leave."""

    def done(self) -> None:
        """No client waits."""


class HookRequester:
    """The requester that is a hook of a command. Its output goes to the requester of that command."""

    def __init__(
        self,
        requester: Requester,
        session: SessionId | None,
        pane: PaneId | None,
        variables: dict[str, str],
    ) -> None:
        self.client = requester.client
        self._requester = requester
        self._session = session
        self._pane = pane
        self._variables = variables

    def block(self, *, hooked: bool = True) -> ReplyBlock | None:
        """Begin a block, if the requester of the command keeps them."""
        begin: Callable[..., ReplyBlock | None] | None = getattr(self._requester, "block", None)
        return None if begin is None else begin(hooked=hooked)

    def request(self, argv: tuple[str, ...]) -> Request:
        """The request for `argv`, with the target of the command."""
        return msgspec.structs.replace(
            self._requester.request(argv),
            session=self._session,
            pane=self._pane,
            variables=self._variables,
        )

    def stdout(self, data: bytes) -> None:
        """To the requester of the command."""
        self._requester.stdout(data)

    def stderr(self, data: bytes) -> None:
        """To the requester of the command."""
        self._requester.stderr(data)

    def waits(self, text: str) -> None:
        """To the requester of the command."""
        self._requester.waits(text)

    def if_gone(self, give_up: Callable[[], None]) -> None:
        """As the requester of the command."""
        self._requester.if_gone(give_up)

    def done(self) -> None:
        """As the requester of the command."""
        self._requester.done()


class ViewerRequester:
    """The requester that is a key or prompt of an attached client."""

    def __init__(
        self,
        connection: Connection,
        command: CommandMessage,
        session: SessionId,
        pane: PaneId | None,
        show: Callable[[bytes, bool], None],
        waits: Callable[[str], None],
        mouse: Pointing | None = None,
        step_aside: Callable[[], None] = lambda: None,
    ) -> None:
        """`step_aside` lets later keys be handled although this command has not ended."""
        self._mouse = mouse
        self.step_aside = step_aside
        self.connection = connection
        self.client = connection.client
        self._command = command
        self._session = session
        self._pane = pane
        self._show = show
        self._waits = waits

    def request(self, argv: tuple[str, ...]) -> Request:
        """The request for `argv` with what the client shows now."""
        command = self._command
        return Request(
            argv,
            command.cwd,
            command.environment,
            self.client,
            interactive=True,
            columns=command.columns,
            rows=command.rows,
            pane=self._pane,
            session=self._session,
            mouse=self._mouse,
            as_tmux=called_as_tmux(command),
        )

    def stdout(self, data: bytes) -> None:
        """Show the output over the panes."""
        if data:
            self._show(data, False)

    def stderr(self, data: bytes) -> None:
        """Show the error in the status line."""
        if data:
            self._show(data, True)

    def waits(self, text: str) -> None:
        """Show the text at once."""
        self._waits(text)

    def if_gone(self, give_up: Callable[[], None]) -> None:
        """Do nothing: the command belongs to the session, so it continues if the client leaves."""

    def done(self) -> None:
        """Do nothing, because `if_gone` does nothing."""
