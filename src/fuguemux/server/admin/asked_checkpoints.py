"""Checkpoints that a user requested, and the saves that are made of them."""

from collections.abc import Callable

from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.server.ports import EffectFailed
from fuguemux.server.recovery.rebuilding import Rebuilding
from fuguemux.server.storage.checkpointer import Checkpointer
from fuguemux.server.storage.closed_sessions import SavedCheckpoints, delete_save
from fuguemux.server.storage.flusher import Flusher


class AskedCheckpoints:
    """Belongs to the loop."""

    def __init__(
        self,
        checkpointer: Checkpointer,
        saves: SavedCheckpoints,
        rebuilding: Rebuilding,
        flusher: Flusher,
    ) -> None:
        self._checkpointer = checkpointer
        self._saves = saves
        self._rebuilding = rebuilding
        self._flusher = flusher

    async def take(
        self, reason: str, name: str = "", tell: Callable[[str], None] = lambda _text: None
    ) -> bytes:
        """Write a checkpoint now. With `name` it is also kept as a save. Returns a line about it. Raises
        EffectFailed.

        Waits until all screens are rebuilt, because the checkpoint must be complete without the log before it.
        """
        await self._rebuilding.wait()
        try:
            done = await self._checkpointer.take(reason, name=name, tell=tell)
        except (OSError, PackDamaged) as error:
            raise EffectFailed(f"checkpoint failed, nothing has changed: {error}") from error
        number, lsn = done.manifest.number, done.manifest.structure_lsn
        if self._flusher.elsewhere:
            raise EffectFailed(
                f"checkpoint {number} is written, but no start would find it: {self._flusher.elsewhere}"
            )
        return f"checkpoint {number}: {done.new_bytes} bytes written, LSN {lsn}\n".encode()

    async def delete_save(self, name: str) -> bytes:
        """Delete a save. Raises EffectFailed."""
        try:
            async with self._saves.turn:
                found = await delete_save(self._saves, name)
        except OSError as error:
            raise EffectFailed(f"{error.filename}: {error.strerror}") from error
        if not found:
            raise EffectFailed(f"no save called {name!r}: see fugue state list")
        return b""
