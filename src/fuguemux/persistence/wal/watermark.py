"""The watermark: up to which LSN the log was durable, said outside the log.

Whether a log that ends early had not gone on, or was cut, no segment can tell by itself. So a small file in the state
directory says how far the log had come, with what it takes to read the newest segment if both copies of its header are gone
(mark.py has its layout).

There are two slots, each in a block of 4 KiB. One of them is rewritten in place, after each sync of the log and without a
sync of its own: a killed process leaves it as it was, and after a power failure it says less than was durable, never more.
Each sync of the file itself makes the other slot the one that is rewritten: what is durable stays still, so one is whole.

A disk that refuses it costs the watermark, not the log. Nothing here raises OSError.
"""

import contextlib
import errno
import os
import threading
from collections.abc import Sequence
from typing import Final, NamedTuple

from fuguemux.observe.failpoints import reach
from fuguemux.persistence.storage.files import NO_SPACE, FileRemoved, Storage, reason_of
from fuguemux.persistence.storage.set_aside import QUARANTINE, set_aside
from fuguemux.persistence.storage.whole_files import write_all, write_atomically
from fuguemux.persistence.wal.mark import (
    SLOT_BYTES,
    SLOTS,
    Mark,
    decode,
    encode_slot,
    holds_garbage,
)

WATERMARK: Final = "watermark"
"""Its name in the state directory."""
NO_FILE_OF_OURS: Final = frozenset(
    {errno.EINVAL, errno.EISDIR, errno.ELOOP, errno.EPERM, errno.EACCES, errno.ENXIO}
)
"""How a watermark is refused that is a directory, a link, a FIFO or another user's."""
Slots = Sequence[tuple[int, Mark] | None]


class FoundWatermark(NamedTuple):
    """What a watermark file says. `mark` is None if no slot can be read, for the reason in `problem`.

    `problem` may be set beside a mark: one slot is damaged. `missing`: there is no such file. `unwritten`: it is there, and
    nothing was ever durable in it. `beside`: the mark is that of the copy outside of the state directory, which says more.
    """

    mark: Mark | None
    problem: str = ""
    missing: bool = False
    unwritten: bool = False
    beside: bool = False


def read_watermark(storage: Storage, directory: str, name: str = WATERMARK) -> FoundWatermark:
    """What the watermark of a state directory says, or that in the file `name`. Blocks; raises nothing, and changes nothing."""
    try:
        data, size = _contents(storage, f"{directory}/{name}")
    except FileNotFoundError:
        return FoundWatermark(None, "it is not there", missing=True)
    except OSError as error:
        return FoundWatermark(None, reason_of(error))
    slots, damaged = decode(data)
    read = [slot for slot in slots if slot is not None]
    if size == SLOTS * SLOT_BYTES and not data.strip(b"\0"):
        return FoundWatermark(None, "nothing was written to it yet", unwritten=True)
    if not read:
        return FoundWatermark(None, "neither of its two slots verifies")
    _serial, mark = max(read, key=lambda slot: slot[0])
    if damaged:
        return FoundWatermark(mark, "one of its two slots does not verify")
    longer = f"it has {size} bytes instead of {SLOTS * SLOT_BYTES}"
    return FoundWatermark(mark, longer if size > SLOTS * SLOT_BYTES else "")


def _contents(storage: Storage, path: str) -> tuple[bytes, int]:
    """The two slots, and the size of the file, which may be any if it has rotted. Raises OSError."""
    file = storage.open(path)
    try:
        return storage.pread(file, SLOTS * SLOT_BYTES, 0), storage.size(file)
    finally:
        storage.close(file)


def is_in_the_way(storage: Storage, directory: str, store_id: bytes) -> bool:
    """Whether what has the name of the watermark is none, or another store's: it is to be set aside. Blocks; raises nothing."""
    try:
        data, size = _contents(storage, f"{directory}/{WATERMARK}")
    except OSError as error:
        return error.errno in NO_FILE_OF_OURS
    slots = decode(data).slots
    return _of_others(slots, store_id) or _no_watermark(data, size, slots)


def _of_others(slots: Slots, store_id: bytes) -> bool:
    return any(slot is not None and slot[1].store_id != store_id for slot in slots)


def _no_watermark(data: bytes, size: int, slots: Slots) -> bool:
    """Garbage beside a slot that says something is what a crash leaves: that slot is written anew."""
    longer = size > SLOTS * SLOT_BYTES
    return not any(slots) and (longer or holds_garbage(data, slots))


class Watermark:
    """The file, for the one who writes the log. Safe to call from several threads; blocks as a write does."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        *,
        copy: "Watermark | None" = None,
        name: str = WATERMARK,
        quarantine: str = "",
    ) -> None:
        """`directory`: the state directory. What stands in the file's place and is none is set aside and made anew.

        `copy` is told the same, elsewhere (mark_copy.py). `name` is its file's name; `quarantine`: where what stands in its
        place is moved, if not beside it; such a copy is removed when it is a watermark of another store.
        """
        self._storage = storage
        self._directory = directory
        self._path = f"{directory}/{name}"
        self._copy = copy
        self._quarantine = quarantine or f"{directory}/{QUARANTINE}"
        self._is_copy = bool(quarantine)
        self._lock = threading.Lock()
        self._file: int | None = None
        self._slot = 0
        self._chosen = False  # whether the other slot is known to be durable, or empty
        self._serial = 0
        self._dirty = False
        self._mark: Mark | None = None
        self._not_written = self._not_synced = ""

    @property
    def problem(self) -> str:
        """Why the file does not say what it should, or may not after a power failure; empty: it does."""
        return self._not_written or self._not_synced

    @classmethod
    def prepared(
        cls, storage: Storage, directory: str, copy: "Watermark | None" = None
    ) -> "Watermark":
        """One whose file is there: whoever finds none later knows that it was removed. Blocks for two syncs where it was not."""
        watermark = cls(storage, directory, copy=copy)
        try:
            if not storage.exists(watermark._path):
                watermark._make()
        except OSError as error:
            watermark._give_up(error)
        return watermark

    def renew(self, mark: Mark) -> None:
        """Say how far the log is durable. Reaches the kernel; the disk with the next `sync`, or by and by."""
        with self._lock:
            self._mark = mark
            try:
                file = self._open(mark.store_id) if self._file is None else self._file
                self._serial += 1
                slot = encode_slot(mark, self._serial)
                reach("watermark.renewing")
                write_all(self._storage, file, [slot], self._slot * SLOT_BYTES)
                reach("watermark.renewed")
                self._dirty = True
                self._not_written = ""
            except OSError as error:
                self._give_up(error)
        if self._copy is not None:
            self._copy.renew(mark)

    def sync(self) -> None:
        """Make durable what was said last, and have the next one go to the other slot. A file that is gone is made again.

        So is the copy, which is not synced: the runtime directory may have been removed and made again.
        """
        if self._copy is not None:
            self._copy.look()
        with self._lock:
            if self._file is None or not self._dirty:
                return
            try:
                self._storage.fdatasync(self._file)
                reach("watermark.synced")
            except OSError as error:
                # What is written next reaches the kernel, and says nothing of the disk.
                self._not_synced = "" if isinstance(error, FileRemoved) else reason_of(error)
                self._let_go()
            else:
                self._slot = (self._slot + 1) % SLOTS
                self._dirty, self._not_synced = False, ""
                return
        if self._mark is not None:
            self.renew(self._mark)

    def look(self) -> None:
        """Make the file again, with what was said last, if it is gone."""
        with self._lock:
            if self._file is None or self._storage.exists(self._path):
                return
            self._let_go()
        if self._mark is not None:
            self.renew(self._mark)

    @property
    def behind(self) -> bool:
        """Whether something was said that is not durable yet."""
        return self._dirty

    def relocate(self) -> None:
        """The state directory is another one: the next mark goes to the file in it."""
        with self._lock:
            self._let_go()
            self._chosen, self._not_synced = False, ""

    def close(self) -> None:
        """Let go of the file; what it says stays."""
        if self._copy is not None:
            self._copy.close()
        with self._lock:
            self._let_go()

    def _open(self, store_id: bytes) -> int:
        """Open the file, or make it. Raises OSError."""
        try:
            file = self._storage.open(self._path, writable=True)
        except FileNotFoundError:
            return self._make()
        except OSError as error:
            if error.errno not in NO_FILE_OF_OURS:
                raise
            self._move_away()
            return self._make()
        try:
            data = self._storage.pread(file, SLOTS * SLOT_BYTES, 0).ljust(SLOTS * SLOT_BYTES, b"\0")
            slots = decode(data).slots
            others = _of_others(slots, store_id)
            if others or _no_watermark(data, self._storage.size(file), slots):
                self._storage.close(file)
                if self._is_copy and others:
                    self._storage.unlink(self._path)
                else:
                    self._move_away()
                return self._make()
            self._serial = max(*(slot[0] for slot in slots if slot is not None), self._serial, 0)
            if self._chosen:
                self._storage.truncate(file, SLOTS * SLOT_BYTES)
            else:
                file = self._replace(file, data, slots)
        except OSError:
            with contextlib.suppress(OSError):
                self._storage.close(file)
            raise
        self._file = file
        return file

    def _replace(self, file: int, data: bytes, slots: Slots) -> int:
        """Make what a process before this one said durable, and choose the slot to be written next. Raises OSError.

        It may be in the cache alone, and a sync of this file need not change that: after one that failed, the kernel takes
        the pages for clean. So it is written to another file. On a full disk the file itself is synced, which is nearly
        always enough: the slot that says more is left alone until the other one is durable.
        """
        serials = [slot[0] if slot is not None else -1 for slot in slots]
        newest = serials.index(max(serials))
        slot = data[newest * SLOT_BYTES : (newest + 1) * SLOT_BYTES]
        name = self._path.removeprefix(f"{self._directory}/")
        try:
            write_atomically(self._storage, self._directory, name, [slot, bytes(SLOT_BYTES)])
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            self._storage.truncate(file, SLOTS * SLOT_BYTES)
            self._storage.fdatasync(file)
            self._storage.fsync_directory(self._directory)
            self._slot = 1 - newest
        else:
            fresh = self._storage.open(self._path, writable=True)
            self._storage.close(file)
            file, self._slot = fresh, 1
        self._chosen = True
        return file

    def _make(self) -> int:
        # Until its name is durable: if that fails, `_open` finds the file and goes on.
        self._chosen = False
        file = self._storage.create(self._path)
        try:
            write_all(self._storage, file, [bytes(SLOTS * SLOT_BYTES)], 0)
            self._storage.fsync(file)
            self._storage.fsync_directory(self._directory)
        except OSError:
            with contextlib.suppress(OSError):
                self._storage.close(file)
            raise
        self._file, self._slot, self._chosen = file, 0, True
        return file

    def _move_away(self) -> None:
        """What is no watermark is somebody's: it is kept. Raises OSError."""
        wall_ms = self._mark.wall_ms if self._mark is not None else 0
        set_aside(self._storage, self._path, self._quarantine, f"{wall_ms}-")

    def _give_up(self, error: OSError) -> None:
        """The next mark opens the file anew."""
        self._not_written = error.strerror or os.strerror(error.errno or errno.EIO)
        self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._storage.close(self._file)
            self._file = None
        self._dirty = False
