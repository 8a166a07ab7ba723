"""Spawns that were cancelled before the keeper answered: what becomes of the process if there is one all the same."""

import signal
from collections.abc import Callable

from fuguemux.keeper.protocol import Message


class TakenBack:
    """Belongs to a connection to the keeper; `tell` sends a request whose answer nobody waits for."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._keys: dict[int, str] = {}

    def add(self, request: int, message: Message, *, answered: bool) -> None:
        """Nobody wants the process of a spawn any more. It may run already, and if not, may be about to."""
        key = str(message.get("key"))
        if message["type"] != "spawn":
            return
        if answered:
            self._hang_up(key)
        else:
            self._keys[request] = key
            self._tell({"type": "withdraw", "request": request})

    def answered(self, request: int, answer: Message) -> None:
        """An answer came: if it is one to a spawn that was taken back too late, its process is hung up."""
        key = self._keys.pop(request, "")
        if key and "error" not in answer:
            self._hang_up(key)

    def _hang_up(self, key: str) -> None:
        self._tell({"type": "kill", "key": key, "signal": int(signal.SIGHUP), "foreground": False})
        self._tell({"type": "forget", "key": key})
