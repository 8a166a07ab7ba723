"""Spawns that were cancelled before the keeper answered, and what happens to a process that was started nevertheless."""

import signal
from collections.abc import Callable

from fuguemux.keeper.protocol import Message


class TakenBack:
    """The cancelled spawns of one connection to the keeper. `tell` sends a request without waiting for its answer."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._keys: dict[int, str] = {}

    def add(self, request: int, message: Message, *, answered: bool) -> None:
        """The process of a spawn is not wanted any more. It may run already, or may be about to."""
        key = str(message.get("key"))
        if message["type"] != "spawn":
            return
        if answered:
            self._hang_up(key)
        else:
            self._keys[request] = key
            self._tell({"type": "withdraw", "request": request})

    def answered(self, request: int, answer: Message) -> None:
        """An answer arrived. If it is one to a spawn that was taken back too late, hang up its process."""
        key = self._keys.pop(request, "")
        if key and "error" not in answer:
            self._hang_up(key)

    def _hang_up(self, key: str) -> None:
        self._tell({"type": "kill", "key": key, "signal": int(signal.SIGHUP), "foreground": False})
        self._tell({"type": "forget", "key": key})
