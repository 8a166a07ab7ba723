"""Has the state begin anew in a directory: a new log, and a checkpoint of everything that is in memory or can still be read.

For a state directory that was removed, or whose log or checkpoints were, and for one that is to go on in another place. The
lock of that place is taken before anything is written there; what was in the former one is read, and not written any more.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.checkpoint.checkpoint_port import CheckpointResult
from fuguemux.persistence.checkpoint.manifest import Manifest, encode_manifest, save_name
from fuguemux.persistence.checkpoint.saves import copy_save
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.recovery.helper_files import MADE_ANEW_FILE
from fuguemux.persistence.recovery.recovery import CHECKPOINTS, RECOVERIES
from fuguemux.persistence.recovery.state_directories import make_directories
from fuguemux.persistence.recovery.store_identity import write_store_file
from fuguemux.persistence.recovery.whereabouts import Whereabouts
from fuguemux.persistence.report.report import RecoveryReport, counted
from fuguemux.persistence.scrollback.last_screens import SCREENS
from fuguemux.persistence.scrollback.packs import PackDamaged, pack_name
from fuguemux.persistence.storage.files import Storage, read_all, write_atomically
from fuguemux.persistence.storage.small_file import remove_small, write_small
from fuguemux.persistence.storage.state_lock import HeldStorage, StateLock

REASON: Final = "state directory made anew"

COPIED: Final = (RECOVERIES, SCREENS)
"""Directories of small files that are taken along."""

diagnostics = channel("state")


def tell_unfinished(storage: Storage, directory: str, report: RecoveryReport) -> None:
    """Say in the report of a start that the server before it was killed before everything was saved here anew."""
    if not storage.exists(f"{directory}/{MADE_ANEW_FILE}"):
        return
    with contextlib.suppress(OSError):
        if not read_all(storage, f"{directory}/{MADE_ANEW_FILE}"):
            # Version 1 of it was empty, and so is what anybody may have put there.
            report.notes.append(
                f"the file {MADE_ANEW_FILE} is empty: if an earlier version of fugue left it, "
                "the server was killed while it saved everything in a new directory"
            )
            return
    report.missing.insert(
        0,  # it is the reason of whatever else is missing
        "the state directory had been moved or removed, and the server was killed while it saved everything in a new directory",
    )
    if report.cause == "first start":
        report.cause = "no clean stop"


def forget_unfinished(storage: Storage, directory: str) -> None:
    """Everything is there, or it was told that it is not. Blocks. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        remove_small(storage, directory, MADE_ANEW_FILE)
        storage.fsync_directory(directory)


class LogWriterPort(Protocol):
    """The part of the log's writer that begins anew."""

    def relocate(self) -> None: ...


class FlusherPort(Protocol):
    """The part of the log's threads that waits meanwhile."""

    async def hold(self) -> None: ...

    def go_on(self) -> None: ...


class CheckpointerPort(Protocol):
    """Takes the checkpoint."""

    turn: asyncio.Lock

    async def take(self, reason: str, *, name: str = "") -> CheckpointResult: ...


class RebuildingPort(Protocol):
    """Screens that are not there yet cannot be saved as a whole."""

    async def wait(self) -> None: ...


class SettlingParts(NamedTuple):
    """What has to begin anew."""

    storage: Storage
    directory: str
    """What the log and the checkpoints are in."""
    whereabouts: Whereabouts
    writer: LogWriterPort
    flusher: FlusherPort
    series: CheckpointSeries
    checkpointer: CheckpointerPort
    rebuilding: RebuildingPort
    begun: Callable[[], None]
    """Called once the new directory is there: what else is kept in it is written anew. May raise OSError."""


class Settled(NamedTuple):
    """What came of it."""

    panes: int
    lost: tuple[str, ...]
    """One line for everything that could not be had."""

    def lines(self, path: str) -> list[str]:
        """For people."""
        return [
            f"everything is saved in {path} again: {counted(self.panes, 'pane')}",
            *(f"could not be read any more: {line}" for line in self.lost),
        ]


class Settling:
    """Begins anew, and goes on with it if the disk refused. One at a time. Belongs to the loop."""

    def __init__(self, lock: StateLock, parts: SettlingParts) -> None:
        self._lock = lock
        self._parts = parts
        self._lost: list[str] = []
        self._damages = 0
        self.checkpoint_missing = False
        """Whether all is prepared, and only the checkpoint is not there yet."""

    async def begin(self, new: StateLock | None) -> Settled:
        """Begin anew in the directory that `new` holds; None: in the present one. Then as `finish`."""
        parts = self._parts
        await parts.rebuilding.wait()
        async with parts.checkpointer.turn:
            await parts.flusher.hold()
            try:
                self._take(new)
                parts.whereabouts.unfinished, self.checkpoint_missing = True, False
                saves = await asyncio.to_thread(self._prepare)
                self._lock.log_made()
                parts.writer.relocate()
                parts.series.start_anew(saves)
                parts.whereabouts.settled()
                self.checkpoint_missing = True
            finally:
                parts.flusher.go_on()
        return await self.finish()

    async def finish(self) -> Settled:
        """Take the checkpoint. Raises OSError and PackDamaged: it may be tried again."""
        parts = self._parts
        result = await parts.checkpointer.take(REASON)
        damages = parts.series.store.damages
        unread = [damage.partition(": ")[0] for damage in damages[self._damages :]]
        lost, self._lost = [*self._lost, *unread], []
        await asyncio.to_thread(forget_unfinished, parts.storage, parts.directory)
        parts.begun()
        parts.whereabouts.unfinished = self.checkpoint_missing = False
        self._let_go_of_former()
        diagnostics.warning("state.made_anew", panes=len(result.manifest.panes), lost=len(lost))
        return Settled(len(result.manifest.panes), tuple(lost))

    def _take(self, new: StateLock | None) -> None:
        """From here on names lead to the new directory; what is not in it is read in the former one."""
        if new is None:
            return
        storage = self._parts.storage
        former = self._lock.become(new)
        if isinstance(storage, HeldStorage):
            self._let_go_of_former()
            storage.former = former

    def _let_go_of_former(self) -> None:
        storage = self._parts.storage
        if isinstance(storage, HeldStorage) and storage.former is not None:
            former, storage.former = storage.former, None
            former.release()

    def _prepare(self) -> list[Manifest]:
        """Make the directories, and copy what is not in memory. Blocks. The saves that are there."""
        parts, self._damages = self._parts, len(self._parts.series.store.damages)
        storage, directory = parts.storage, parts.directory
        make_directories(storage, directory)
        write_small(storage, directory, MADE_ANEW_FILE, b"")
        write_store_file(storage, directory, parts.series.store_id)
        for name in COPIED:
            self._copy_files(f"{directory}/{name}")
        saves = []
        for save in parts.series.saves:
            try:
                if not copy_save(storage, directory, save):
                    self._copy(save, f"{directory}/{CHECKPOINTS}")
            except PackDamaged as gone:
                diagnostics.warning("state.save_not_kept", name=save.name, reason=str(gone))
                self._lost.append(f"what was saved as {save.name}")
            else:
                saves.append(save)
        return saves

    def _copy_files(self, directory: str) -> None:
        """Small files that nobody has in memory."""
        storage = self._parts.storage
        if not isinstance(storage, HeldStorage):
            return
        for name in storage.former_names(directory):
            try:
                data = read_all(storage, f"{directory}/{name}")
            except OSError as gone:
                diagnostics.warning("state.file_not_kept", name=name, reason=str(gone))
                self._lost.append(f"{directory}/{name}")
            else:
                storage.make_directory(directory)
                write_atomically(storage, directory, name, [data])

    def _copy(self, save: Manifest, checkpoints: str) -> None:
        storage, reader = self._parts.storage, self._parts.series.store.reader
        for pack in save.packs:
            name = pack_name(pack.digest)
            if name not in storage.list(checkpoints):
                data = reader.whole(pack.digest, pack.size_bytes)
                write_atomically(storage, checkpoints, name, [data])
        write_atomically(storage, checkpoints, save_name(save.name), [encode_manifest(save)])
