"""Writes the whole state into a new or emptied directory: a new log, and a checkpoint of everything that is in memory or
can still be read.

It is used if a state directory was removed, or its log or checkpoints were, or if the server is to continue elsewhere.
That place is locked before anything is written there. The former place is only read from then on.
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
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.last_screens import SCREENS
from fuguemux.persistence.scrollback.packs import PackDamaged, pack_name
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.small_file import remove_small, write_small
from fuguemux.persistence.storage.state_lock import HeldStorage, StateLock
from fuguemux.persistence.storage.whole_files import read_all, write_atomically

REASON: Final = "state directory made anew"

COPIED: Final = (RECOVERIES, SCREENS)
"""Directories of small files that are copied."""

diagnostics = channel("state")


def tell_unfinished(storage: Storage, directory: str, report: RecoveryReport) -> None:
    """Report that the previous server was killed before it had saved everything here anew."""
    if not storage.exists(f"{directory}/{MADE_ANEW_FILE}"):
        return
    with contextlib.suppress(OSError):
        if not read_all(storage, f"{directory}/{MADE_ANEW_FILE}"):
            # Version 1 of it was empty, like a file that another program may have created.
            report.remark(
                f"the file {MADE_ANEW_FILE} is empty: if an earlier version of fugue left it, "
                "the server was killed while it saved everything in a new directory"
            )
            return
    report.miss_first(
        "the state directory had been moved or removed, and the server was killed while it saved everything in a new directory",
    )
    if report.cause == "first start":
        report.presume("no clean stop")


def forget_unfinished(storage: Storage, directory: str) -> None:
    """Note that everything is saved, or that the report says what is not. Blocks. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        remove_small(storage, directory, MADE_ANEW_FILE)
        storage.fsync_directory(directory)


class LogWriterPort(Protocol):
    """The part of the log's writer that begins anew."""

    def relocate(self) -> None: ...


class FlusherPort(Protocol):
    """The part of the flusher that waits meanwhile."""

    async def hold(self) -> None: ...

    def go_on(self) -> None: ...


class CheckpointerPort(Protocol):
    """Takes the checkpoint."""

    turn: asyncio.Lock

    async def take(self, reason: str, *, name: str = "") -> CheckpointResult: ...


class RebuildingPort(Protocol):
    """Waits for screens, because those that are not built cannot be saved completely."""

    async def wait(self) -> None: ...


class SettlingParts(NamedTuple):
    """The parts that begin anew."""

    storage: Storage
    directory: str
    """The directory with the log and the checkpoints."""
    whereabouts: Whereabouts
    writer: LogWriterPort
    flusher: FlusherPort
    series: CheckpointSeries
    checkpointer: CheckpointerPort
    rebuilding: RebuildingPort
    begun: Callable[[], None]
    """Called once the new directory exists, so that other files in it are written again. May raise OSError."""


class Settled(NamedTuple):
    """The result of settling."""

    panes: int
    lost: tuple[str, ...]
    """One line for each thing that could not be saved."""

    def lines(self, path: str) -> list[str]:
        """The result as lines for people."""
        return [
            f"everything is saved in {path} again: {counted(self.panes, 'pane')}",
            *(f"could not be read any more: {line}" for line in self.lost),
        ]


class Settling:
    """Begins anew, and continues if the disk refused. One at a time. Belongs to the loop."""

    def __init__(self, lock: StateLock, parts: SettlingParts) -> None:
        self._lock = lock
        self._parts = parts
        self._lost: list[str] = []
        self._damages = 0
        self.checkpoint_missing = False
        """Whether everything is prepared, and only the checkpoint is missing."""

    async def begin(self, new: StateLock | None) -> Settled:
        """Begin anew in the directory that `new` has locked; None: in the present one. Then do as `finish`."""
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
        """Take the checkpoint. Raises OSError and PackDamaged; it may be tried again."""
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
        """Use the new directory from now on. What it lacks is read from the former one."""
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
        """Create the directories, and copy what is not in memory. Blocks. Returns the saves that exist."""
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
        """Copy small files that are not in memory."""
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
