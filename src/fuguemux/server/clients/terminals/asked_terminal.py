"""What a client tells of its terminal, once it is asked. Only clients that attach are, because it costs them time."""

import asyncio
from collections.abc import Callable

from fuguemux.protocol.messages import CommandMessage
from fuguemux.protocol.terminals import TerminalMessage
from fuguemux.terminal.outside import abilities

GONE = "open terminal failed: the client is gone"


class AskedTerminal:
    """Belongs to one connection. `ask` sends the question."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self.can_tell = False
        """Whether the client understands the question. Of older ones it is assumed that they run in an xterm."""
        self.message: TerminalMessage | None = None
        """The answer, or what the client said to the server before."""
        self._ask = ask
        self._is_gone = False
        self._answered = asyncio.Event()
        self._was_asked = False

    @property
    def problem(self) -> str | None:
        """Why the terminal cannot be used. Empty: it can. None: the client has not said anything yet."""
        if self._is_gone:
            return GONE
        if self.message is None:
            return None if self.can_tell else ""
        return self.message.problem or abilities.problem(self.message.capabilities)

    def commanded(self, command: CommandMessage) -> None:
        """The client has sent its command, which may hold the answer that it gave before. Raises PeerBroke."""
        if command.terminal:
            self.message = TerminalMessage.decode(command.terminal)
        elif command.control:
            self.can_tell = False  # it draws nothing

    async def asked(self) -> None:
        """Ask once, and return when the answer is there or the client is gone."""
        if self.problem is None and not self._was_asked:
            self._was_asked = True
            self._ask()
        if self.problem is None:
            await self._answered.wait()

    def told(self, message: TerminalMessage) -> None:
        """The client has answered."""
        self.message = message
        self._answered.set()

    def gone(self) -> None:
        """The connection is closed."""
        self._is_gone = True
        self._answered.set()
