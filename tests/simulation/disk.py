"""A simulated disk that distinguishes what was written from what would survive a power failure.

Bytes are tracked in sectors of 512. A power failure keeps any subset of the directory operations that were not synced: a
removal or a renaming may be undone although a later one is not. Only operations on the same name keep their order, and a
renaming is one operation. The disk can fail a sync (marking the pages clean, as Linux does), refuse space, write short,
damage bits, and crash at any operation, even in the middle of a write.
"""

import errno
from collections.abc import Collection, Sequence
from random import Random
from typing import NamedTuple

from fuguemux.persistence.storage.files import Bytes

SECTOR_BYTES = 512
KEEP_CHANCES = (0.0, 0.1, 0.5, 0.9, 1.0)


class Crash(BaseException):
    """The machine or the process stopped here."""


class _Inode:
    def __init__(self) -> None:
        self.live = bytearray()
        self.durable = bytearray()
        self.dirty: set[int] = set()

    def touch(self, offset: int, size: int) -> None:
        if size:
            self.dirty.update(
                range(offset // SECTOR_BYTES, (offset + size - 1) // SECTOR_BYTES + 1)
            )

    def persist(self, sectors: set[int]) -> None:
        durable, live = self.durable, self.live
        if len(durable) < len(live):
            top = max(sectors, default=-1)
            reach = min((top + 1) * SECTOR_BYTES, len(live))
            if reach > len(durable):
                durable.extend(bytes(reach - len(durable)))
        if len(sectors) * SECTOR_BYTES >= len(live):
            durable[:] = live
            return
        for sector in sectors:
            start = sector * SECTOR_BYTES
            durable[start : start + SECTOR_BYTES] = live[start : start + SECTOR_BYTES]


class _NameChange(NamedTuple):
    """One operation: what is at each name after it (None: nothing)."""

    names: dict[str, _Inode | None]

    def concerns(self, directory: str) -> bool:
        return any(name.rpartition("/")[0] == directory for name in self.names)


class SimDisk:
    """Storage in memory. Deterministic: all chance comes from `rng`."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.names: dict[str, _Inode] = {}
        self.directories: set[str] = set()
        self._durable_names: dict[str, _Inode] = {}
        self._name_changes: list[_NameChange] = []
        self._files: dict[int, _Inode] = {}
        self._next_file = 3
        self.crash_in: int | None = None  # operations until the crash
        self.crashed = False
        self.fail_sync_chance = 0.0
        self.fail_write_chance = 0.0
        self.fail_front_chance = 0.0  # of what is written to the beginning of a file, but for zeros
        self.short_write_chance = 0.0
        self.space: int | None = None  # bytes that may be allocated in all
        self.writeback_chance = (
            0.0  # per operation: the kernel writes something back that nobody synced
        )
        self.crash_after_unlink_chance = 0.0
        self.torn = False  # the crash came in the middle of a write
        self.writes = 0
        self.sync_fails = 0

    # -- faults ------------------------------------------------------------------------------

    def _step(self) -> None:
        if self.crashed:
            raise Crash
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                self.crashed = True
                raise Crash
        if self.writeback_chance and self.rng.random() < self.writeback_chance:
            dirty = [inode for inode in self._inodes() if inode.dirty]
            if dirty:
                self._write_back(self.rng.choice(dirty))

    def _write_back(self, inode: _Inode) -> None:
        """Some of what is dirty in a file becomes durable as it is now, whatever is written over it later."""
        chance = self.rng.choice(KEEP_CHANCES)
        sectors = {s for s in sorted(inode.dirty) if self.rng.random() < chance}
        inode.persist(sectors)
        inode.dirty -= sectors

    def _inodes(self) -> list[_Inode]:
        """Every file that has a name, or would have one after a power failure."""
        return list(dict.fromkeys([*self.names.values(), *self._durable_names.values()]))

    def power_loss(self) -> None:
        """Keep what was synced, and by chance some of the rest, torn and out of order."""
        rng = self.rng
        chance = rng.choice(KEEP_CHANCES)
        undone: set[str] = set()
        for change in self._name_changes:
            if undone.isdisjoint(change.names) and self.keeps(change.names, chance):
                self._apply(change)
            else:
                undone.update(change.names)
        self._name_changes.clear()
        for inode in self._inodes():
            if inode.dirty:
                chance = rng.choice(KEEP_CHANCES)
                kept = {s for s in sorted(inode.dirty) if rng.random() < chance}
                garbled = {s for s in sorted(inode.dirty) if rng.random() < 0.03}
                inode.persist(kept)
                for sector in garbled:
                    start = sector * SECTOR_BYTES
                    if start + SECTOR_BYTES <= len(inode.durable):
                        inode.durable[start : start + SECTOR_BYTES] = rng.randbytes(SECTOR_BYTES)
                inode.dirty.clear()
            inode.live = bytearray(inode.durable)
        self.names = dict(self._durable_names)
        self._restart()

    def keeps(self, names: Collection[str], chance: float) -> bool:
        """Whether a power failure leaves an operation on these names, which was not synced, as it was done."""
        return bool(names) and self.rng.random() < chance

    def process_crash(self) -> None:
        """The process is gone; the kernel and its cache live on."""
        self._restart()

    def _restart(self) -> None:
        self._files.clear()
        self.crash_in = None
        self.crashed = self.torn = False
        self.fail_sync_chance = self.fail_write_chance = self.short_write_chance = 0.0
        self.fail_front_chance = 0.0
        self.space = None

    def _apply(self, change: _NameChange) -> None:
        for path, inode in change.names.items():
            if inode is None:
                self._durable_names.pop(path, None)
            else:
                self._durable_names[path] = inode

    def _used(self) -> int:
        return sum(len(inode.live) for inode in set(self.names.values()))

    # -- Storage -----------------------------------------------------------------------------

    def create(self, path: str) -> int:
        self._step()
        if path in self.names:
            raise FileExistsError(errno.EEXIST, "exists", path)
        if self.space is not None and self._used() >= self.space:
            raise OSError(errno.ENOSPC, "No space left on device", path)
        inode = _Inode()
        self.names[path] = inode
        self._name_changes.append(_NameChange({path: inode}))
        return self._handle(inode)

    def open(self, path: str, *, writable: bool = False) -> int:
        if path not in self.names:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        return self._handle(self.names[path])

    def _handle(self, inode: _Inode) -> int:
        self._next_file += 1
        self._files[self._next_file] = inode
        return self._next_file

    def close(self, file: int) -> None:
        self._files.pop(file, None)

    def pwrite(self, file: int, data: Bytes, offset: int) -> int:
        inode = self._files[file]
        size = len(data)
        self.writes += 1
        try:
            self._step()
        except Crash:
            self.torn = True
            part = self.rng.randint(0, size)
            self._store(inode, data[:part], offset)
            raise
        chance = self.fail_write_chance
        if self.fail_front_chance and offset == 0 and bytes(data[:SECTOR_BYTES]).strip(b"\0"):
            chance = max(chance, self.fail_front_chance)
        if chance and self.rng.random() < chance:
            self._store(inode, data[: self.rng.randint(0, size)], offset)
            if self.fail_front_chance and self.rng.random() < 0.5:
                self._write_back(inode)  # the disk has it, and says that it does not
            raise OSError(errno.EIO, "Input/output error")
        growth = offset + size - len(inode.live)
        if growth > 0 and self.space is not None and self._used() + growth > self.space:
            raise OSError(errno.ENOSPC, "No space left on device")
        if self.short_write_chance and self.rng.random() < self.short_write_chance:
            size = self.rng.randint(1, size)
            data = data[:size]
        self._store(inode, data, offset)
        return size

    def _store(self, inode: _Inode, data: Bytes, offset: int) -> None:
        live = inode.live
        if offset > len(live):
            live.extend(bytes(offset - len(live)))
        live[offset : offset + len(data)] = data
        inode.touch(offset, len(data))

    def pwritev(self, file: int, parts: Sequence[Bytes], offset: int) -> int:
        return self.pwrite(file, b"".join(parts), offset)

    def pread(self, file: int, size: int, offset: int) -> bytes:
        return bytes(self._files[file].live[offset : offset + size])

    def fdatasync(self, file: int) -> None:
        inode = self._files[file]
        self._step()
        if self.fail_sync_chance and self.rng.random() < self.fail_sync_chance:
            # The kernel reports the error once and marks every page clean.
            chance = self.rng.choice(KEEP_CHANCES)
            inode.persist({s for s in sorted(inode.dirty) if self.rng.random() < chance})
            inode.dirty.clear()
            self.sync_fails += 1
            raise OSError(errno.EIO, "Input/output error")
        inode.persist(inode.dirty)
        inode.dirty.clear()

    fsync = fdatasync

    def fsync_directory(self, path: str) -> None:
        self._step()
        waiting: list[_NameChange] = []
        missed: set[str] = set()  # names with a change of another directory that is not durable yet
        for change in self._name_changes:
            if change.concerns(path) and missed.isdisjoint(change.names):
                self._apply(change)
            else:
                waiting.append(change)
                missed.update(change.names)
        self._name_changes = waiting

    def rename(self, source: str, target: str) -> None:
        self._step()
        if source not in self.names:
            raise FileNotFoundError(errno.ENOENT, "no such file", source)
        inode = self.names.pop(source)
        self.names[target] = inode
        self._name_changes.append(_NameChange({source: None, target: inode}))

    def unlink(self, path: str) -> None:
        self._step()
        if path not in self.names:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        del self.names[path]
        self._name_changes.append(_NameChange({path: None}))
        if self.crash_after_unlink_chance and self.rng.random() < self.crash_after_unlink_chance:
            self.crash_in = 0

    def list(self, directory: str) -> list[str]:
        prefix = f"{directory}/"
        if directory not in self.directories:
            raise FileNotFoundError(errno.ENOENT, "no such directory", directory)
        return [path[len(prefix) :] for path in self.names if path.startswith(prefix)]

    def truncate(self, file: int, size: int) -> None:
        self._step()
        inode = self._files[file]
        if size < len(inode.live):
            del inode.live[size:]
        else:
            start = len(inode.live)
            inode.live.extend(bytes(size - start))
            inode.touch(start, size - start)
        del inode.durable[size:]

    def make_directory(self, path: str) -> None:
        self.directories.add(path)

    def forget_cached(self, file: int) -> None:
        """There is no cache."""

    def size(self, file: int) -> int:
        return len(self._files[file].live)

    def exists(self, path: str) -> bool:
        return path in self.names

    # -- for tests at rest -------------------------------------------------------------------

    def content(self, path: str) -> bytearray:
        """The bytes of a file, to be looked at or damaged in place; call `settle` after."""
        return self.names[path].live

    def durable_content(self, path: str) -> bytes:
        """What a file would hold if the power failed now and nothing more reached the disk."""
        return bytes(self.names[path].durable)

    def lose_directory(self, path: str) -> None:
        """A directory and all that is in it are gone."""
        self.directories.discard(path)
        for name in [name for name in self.names if name.startswith(f"{path}/")]:
            del self.names[name]

    def replace(self, path: str, content: bytes) -> None:
        """Other bytes stand in a file's place."""
        inode = _Inode()
        inode.live[:] = content
        self.names[path] = inode

    def rot(self, path: str, offset: int) -> None:
        """One bit of a file changes, on the disk and in what is read of it from now on."""
        inode, bit = self.names[path], 1 << self.rng.randrange(8)
        for content in (inode.live, inode.durable):
            if offset < len(content):
                content[offset] ^= bit

    def settle_files(self) -> None:
        """Make the bytes of all files durable; names stay as they are."""
        for inode in {*self.names.values(), *self._durable_names.values()}:
            inode.durable = bytearray(inode.live)
            inode.dirty.clear()

    def settle(self) -> None:
        """Make what is there durable, as after a long idle time."""
        for inode in self.names.values():
            inode.durable = bytearray(inode.live)
            inode.dirty.clear()
        self._durable_names = dict(self.names)
        self._name_changes.clear()
