"""Connects the watch of the state directory with the parts of a server that depend on the directory."""

import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from fuguemux.observe.clock import Clock
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.recovery.whereabouts import Whereabouts
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.state_lock import StateLock
from fuguemux.server.admin.address import ServingAddress
from fuguemux.server.ports import EffectFailed
from fuguemux.server.recovery.rebuilding import Rebuilding
from fuguemux.server.state.place import LogIdentity, PlaceRefused, StatePlace
from fuguemux.server.state.settling import Settling, SettlingParts, forget_unfinished
from fuguemux.server.storage.checkpointer import Checkpointer
from fuguemux.server.storage.flusher import Flusher

NO_DIRECTORY = "nothing is written to disk: persistence.enabled is false"


class WatchedLog(Protocol):
    """The part of the log's writer that depends on the directory."""

    @property
    def state(self) -> LogIdentity: ...

    def relocate(self) -> None: ...


class WatchedState(NamedTuple):
    """The state directory, and the parts of the server that write to it."""

    lock: StateLock | None
    """None: nothing is stored on disk."""
    storage: Storage
    directory: str
    writer: WatchedLog
    flusher: Flusher
    series: CheckpointSeries
    checkpointer: Checkpointer
    rebuilding: Rebuilding


class StateWatch:
    """The watch of a server. Without persistence it watches nothing."""

    def __init__(
        self,
        watched: WatchedState,
        clock: Clock,
        address: ServingAddress,
        place_changed: Callable[[str], None],
        announce: Callable[[str], None],
        made_anew: Sequence[Callable[[], None]],
    ) -> None:
        """`place_changed` is called with the reason why a start would not find what is written, and with an empty
        text when it would again. `announce` tells users.

        `made_anew` are called in their order when the directory was created again, and write other files of the
        directory. If the disk refuses, only those files are missing.
        """
        self._watched = watched
        self._address = address
        self._place_changed = place_changed
        self._place: StatePlace | None = None
        lock, directory = watched.lock, watched.directory
        if lock is None:
            return

        def begun() -> None:
            for write in made_anew:
                write()

        whereabouts = Whereabouts(lock, directory)
        parts = SettlingParts(
            watched.storage,
            directory,
            whereabouts,
            watched.writer,
            watched.flusher,
            watched.series,
            watched.checkpointer,
            watched.rebuilding,
            begun,
        )
        self._place = StatePlace(
            lock,
            whereabouts,
            watched.flusher,
            watched.writer.state,
            Settling(lock, parts),
            clock,
            self._changed,
            lambda line: announce(f"fugue: {line}"),
        )

    async def run(self) -> None:
        """Watch until cancelled. Call it when the server serves and its report is saved."""
        if self._place is not None:
            self._address.also_look(self._place.look_soon)
            with contextlib.suppress(OSError):
                forget_unfinished(self._watched.storage, self._watched.directory)
            await self._place.run()

    async def here(self) -> bytes:
        """Save everything at the place where the state directory should be. Returns lines about it. Raises
        EffectFailed."""
        if self._place is None:
            raise EffectFailed(NO_DIRECTORY)
        try:
            lines = await self._place.here()
        except PlaceRefused as refused:
            raise EffectFailed(str(refused)) from refused
        except (OSError, PackDamaged) as problem:
            raise EffectFailed(f"not saved, and tried again: {problem}") from problem
        return "".join(f"{line}\n" for line in lines).encode()

    def _changed(self, elsewhere: str) -> None:
        self._place_changed(elsewhere)
        if not elsewhere:
            self._address.look()  # so that the new directory is watched
