"""Small files that are replaced at every change: written on a thread, one write at a time, and only the newest content."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fuguemux.observe.diagnostics import channel

Spawn = Callable[[Coroutine[Any, Any, None]], object]

diagnostics: Final = channel("server")


class Newest:
    """The content of one file. Belongs to the loop."""

    def __init__(self, write: Callable[[bytes], None], spawn: Spawn, kind: str) -> None:
        """`write` replaces the file, on a thread. An OSError is noted under `kind` and has no other effect."""
        self._write = write
        self._spawn = spawn
        self._kind = kind
        self._writing = False
        self._next: bytes | None = None
        self._last: bytes | None = None
        self._elsewhere = False

    def forget(self) -> None:
        """Forget what the file contains, because the directory may be another one. The next content is written in any
        case.
        """
        self._last, self._elsewhere = None, self._writing

    def keep(self, data: bytes) -> None:
        """Write `data` soon, unless newer data come before, or the file already contains it."""
        self._next = data
        if not self._writing and data != self._last:
            self._writing = True
            self._spawn(self._write_all())

    async def _write_all(self) -> None:
        try:
            while self._next is not None and self._next != self._last:
                data, self._last, self._elsewhere = self._next, None, False
                await asyncio.to_thread(self._write, data)
                self._last = None if self._elsewhere else data
        except OSError as error:
            diagnostics.debug("not_kept", kind=self._kind, error=error.strerror or str(error))
        finally:
            self._writing = False
