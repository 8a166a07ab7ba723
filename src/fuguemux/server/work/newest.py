"""Small files that are replaced whenever something changes: written on a thread, one write at a time, and only the newest."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from fuguemux.observe.diagnostics import channel

Spawn = Callable[[Coroutine[Any, Any, None]], object]

diagnostics: Final = channel("server")


class Newest:
    """What one file is to hold. Belongs to the loop."""

    def __init__(self, write: Callable[[bytes], None], spawn: Spawn, kind: str) -> None:
        """`write` replaces the file, on a thread; an OSError is noted under `kind`, and costs nothing else."""
        self._write = write
        self._spawn = spawn
        self._kind = kind
        self._writing = False
        self._next: bytes | None = None
        self._last: bytes | None = None
        self._elsewhere = False

    def forget(self) -> None:
        """What the file holds is not known: the directory may be another one. What is kept next is written."""
        self._last, self._elsewhere = None, self._writing

    def keep(self, data: bytes) -> None:
        """Have `data` written soon, unless something newer comes before, or it is what the file holds."""
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
