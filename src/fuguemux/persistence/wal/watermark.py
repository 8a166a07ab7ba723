"""The watermark: a file that says up to which LSN the log was durable, independently of the log.

A log that ends early may have been cut, or may simply not have continued. No segment can tell which. So a small file
in the state directory says how far the log was durable. It also contains what is needed to read the newest segment if
both copies of that segment's header are lost (mark.py has the layout).

There are two slots, each in a block of 4 KiB. One of them is rewritten in place after each sync of the log, without a
sync of its own. A killed process leaves it as it was. After a power failure it may say less than was durable, but
never more. After each sync of the file itself the other slot is the one to be rewritten. So the durable slot is not
touched, and one slot is always whole.

If a disk refuses the watermark, the log is not affected. Nothing here raises OSError.
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
"""The name of the file in the state directory."""
NO_FILE_OF_OURS: Final = frozenset(
    {errno.EINVAL, errno.EISDIR, errno.ELOOP, errno.EPERM, errno.EACCES, errno.ENXIO}
)
"""The errors of opening a directory, a link, a FIFO or another user's file in place of the watermark."""
Slots = Sequence[tuple[int, Mark] | None]


class FoundWatermark(NamedTuple):
    """The content of a watermark file. `mark` is None if no slot can be read; `problem` says why.

    `problem` may be set although there is a mark: one slot is damaged. `missing`: there is no such file. `unwritten`:
    the file exists, and nothing was ever durable in it. `beside`: the mark is that of the copy in the runtime
    directory, which is further.
    """

    mark: Mark | None
    problem: str = ""
    missing: bool = False
    unwritten: bool = False
    beside: bool = False


def read_watermark(storage: Storage, directory: str, name: str = WATERMARK) -> FoundWatermark:
    """Read the watermark of a state directory, or the one in the file `name`. Blocks; raises nothing, and changes
    nothing."""
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
    """The content of the two slots, and the size of the file, which may be any if the file is damaged. Raises
    OSError."""
    file = storage.open(path)
    try:
        return storage.pread(file, SLOTS * SLOT_BYTES, 0), storage.size(file)
    finally:
        storage.close(file)


def is_in_the_way(storage: Storage, directory: str, store_id: bytes) -> bool:
    """Whether the file with the watermark's name is no watermark, or another store's, so that it must be set aside.
    Blocks; raises nothing."""
    try:
        data, size = _contents(storage, f"{directory}/{WATERMARK}")
    except OSError as error:
        return error.errno in NO_FILE_OF_OURS
    slots = decode(data).slots
    return _of_others(slots, store_id) or _no_watermark(data, size, slots)


def _of_others(slots: Slots, store_id: bytes) -> bool:
    return any(slot is not None and slot[1].store_id != store_id for slot in slots)


def _no_watermark(data: bytes, size: int, slots: Slots) -> bool:
    """Whether the file is no watermark. A crash can leave garbage in one slot beside a good one; that is still a
    watermark, and the slot is written again."""
    longer = size > SLOTS * SLOT_BYTES
    return not any(slots) and (longer or holds_garbage(data, slots))


class Watermark:
    """The file, for the writer of the log. Safe to call from several threads; blocks as a write does."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        *,
        copy: "Watermark | None" = None,
        name: str = WATERMARK,
        quarantine: str = "",
    ) -> None:
        """`directory`: the state directory. Anything else in the file's place is set aside, and the file is created
        again.

        `copy` gets the same marks in another place (mark_copy.py). `name` is the name of its file. `quarantine`:
        where anything in its place is moved to, if not to the quarantine in `directory`. A copy that is the watermark
        of another store is removed.
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
        """Why the file does not contain the latest mark, or may not after a power failure. Empty: it does."""
        return self._not_written or self._not_synced

    @classmethod
    def prepared(
        cls, storage: Storage, directory: str, copy: "Watermark | None" = None
    ) -> "Watermark":
        """A watermark whose file exists, so that a missing file shows that it was removed. Blocks for two syncs if
        the file must be created."""
        watermark = cls(storage, directory, copy=copy)
        try:
            if not storage.exists(watermark._path):
                watermark._make()
        except OSError as error:
            watermark._give_up(error)
        return watermark

    def renew(self, mark: Mark) -> None:
        """Write how far the log is durable. The mark reaches the kernel at once, and the disk by the next `sync` or
        the kernel's own writing."""
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
        """Make the last mark durable, and use the other slot for the next one. Creates the file again if it is
        missing.

        Creates the copy again as well, without a sync, because the runtime directory may have been removed and
        created again.
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
                # A later successful write reaches the kernel, but does not show that the disk accepts a sync again.
                self._not_synced = "" if isinstance(error, FileRemoved) else reason_of(error)
                self._let_go()
            else:
                self._slot = (self._slot + 1) % SLOTS
                self._dirty, self._not_synced = False, ""
                return
        if self._mark is not None:
            self.renew(self._mark)

    def look(self) -> None:
        """Create the file again, with the last mark, if it is missing."""
        with self._lock:
            if self._file is None or self._storage.exists(self._path):
                return
            self._let_go()
        if self._mark is not None:
            self.renew(self._mark)

    @property
    def behind(self) -> bool:
        """Whether the last mark is not durable yet."""
        return self._dirty

    def relocate(self) -> None:
        """The state directory is another one: write the next mark to the file in it."""
        with self._lock:
            self._let_go()
            self._chosen, self._not_synced = False, ""

    def close(self) -> None:
        """Close the file. Its content stays."""
        if self._copy is not None:
            self._copy.close()
        with self._lock:
            self._let_go()

    def _open(self, store_id: bytes) -> int:
        """Open the file, or create it. Raises OSError."""
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
        """Make the mark of an earlier process durable, and choose the slot for the next mark. Raises OSError.

        That mark may be in the page cache alone, and a sync of this file may not change that: after a failed sync the
        kernel marks the pages clean. So the mark is written to another file. On a full disk the file itself is
        synced, which is nearly always enough: the slot with the later mark is not touched until the other one is
        durable.
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
        # It stays False until the name is durable. If that fails, `_open` finds the file and continues.
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
        """Set aside what is no watermark, because it may be a user's file. Raises OSError."""
        wall_ms = self._mark.wall_ms if self._mark is not None else 0
        set_aside(self._storage, self._path, self._quarantine, f"{wall_ms}-")

    def _give_up(self, error: OSError) -> None:
        """Close the file. The next mark opens it again."""
        self._not_written = error.strerror or os.strerror(error.errno or errno.EIO)
        self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._storage.close(self._file)
            self._file = None
        self._dirty = False
