"""Reads packs: entries by their place, whole packs by their digest. Keeps a few files open."""

import contextlib
import errno
import threading
from collections import OrderedDict
from hashlib import blake2b
from typing import Final

from fuguemux.persistence.scrollback.packs import (
    DIGEST_BYTES,
    EntryKind,
    PackDamaged,
    PackPlace,
    PackUnreadable,
    decode_entry,
    file_digest,
    pack_name,
)
from fuguemux.persistence.storage.files import Storage

OPEN_PACKS_MAX: Final = 16
LASTING: Final = frozenset({errno.EIO, errno.ENOENT})
"""The errors of a read whose bytes are gone for good. Others (permissions, too few file descriptors) may pass."""


class PackReader:
    """Reads entries of packs, and keeps a few files open. Several threads may use it."""

    def __init__(self, storage: Storage, directory: str) -> None:
        self._storage = storage
        self.directory = directory
        self.paths: dict[bytes, str] = {}
        """For each pack outside the directory, its path by its digest."""
        self._files: OrderedDict[bytes, int] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, place: PackPlace) -> bytes:
        """Return the bytes of an entry with its header, unchecked. Raises PackDamaged if they are missing."""
        data = self.found(place)
        if len(data) != place.length:
            raise PackDamaged(f"{pack_name(place.digest)} ends before byte {place.offset}")
        return data

    def found(self, place: PackPlace) -> bytes:
        """Return the existing bytes of an entry, fewer if the file is too short. Raises PackDamaged."""
        try:
            with self._lock:
                return self._storage.pread(self._opened(place.digest), place.length, place.offset)
        except OSError as error:
            raise self._refused(place.digest, error) from error

    def _refused(self, digest: bytes, error: OSError) -> PackDamaged:
        """Return the error for a failed read. A missing pack is lost if other packs exist; if none exist, the directory
        is away.
        """
        text = f"{pack_name(digest)} cannot be read: {error.strerror or error}"
        away = False
        if error.errno == errno.ENOENT:
            try:
                away = not self._storage.list(self.directory)
            except OSError:
                away = True
        lasting = error.errno in LASTING and not away
        return PackDamaged(text) if lasting else PackUnreadable(text)

    def payload(self, place: PackPlace, kind: EntryKind, pane: int) -> bytes:
        """Return the checked and decompressed payload of an entry. Raises PackDamaged, or PackUnreadable."""
        data = self.read(place)
        try:
            return decode_entry(data, kind, pane)
        except PackDamaged as error:
            raise PackDamaged(
                f"{pack_name(place.digest)} at byte {place.offset}: {error}"
            ) from error

    def verify(self, digest: bytes, size: int) -> None:
        """Read the whole pack and compare it with its name. Raises PackDamaged."""
        try:
            with self._lock:
                found = file_digest(self._storage, self._opened(digest), size)
        except OSError as error:
            raise self._refused(digest, error) from error
        if found != digest:
            raise PackDamaged(f"{pack_name(digest)} is not what was written")

    def size_of(self, digest: bytes) -> int:
        """The size of a pack's file. Raises PackDamaged if there is none."""
        try:
            with self._lock:
                return self._storage.size(self._opened(digest))
        except OSError as error:
            raise self._refused(digest, error) from error

    def whole(self, digest: bytes, size: int) -> bytes:
        """Return every byte of a pack, compared with its name, to copy it. Raises PackDamaged."""
        try:
            with self._lock:
                data = self._storage.pread(self._opened(digest), size, 0)
        except OSError as error:
            raise self._refused(digest, error) from error
        if blake2b(data, digest_size=DIGEST_BYTES).digest() != digest:
            raise PackDamaged(f"{pack_name(digest)} is not what was written")
        return data

    def read_anew(self, digest: bytes) -> None:
        """Make the next reads of a pack come from the disk instead of the page cache, if the system supports that."""
        with contextlib.suppress(OSError), self._lock:
            self._storage.forget_cached(self._opened(digest))

    def forget(self, digest: bytes) -> None:
        """Close the file of a pack that is about to be removed."""
        with self._lock:
            file = self._files.pop(digest, -1)
        if file >= 0:
            self._storage.close(file)

    def close(self) -> None:
        """Close all files. The reader may be used again."""
        for digest in list(self._files):
            self.forget(digest)

    def _opened(self, digest: bytes) -> int:
        file = self._files.get(digest)
        if file is None:
            file = self._storage.open(
                self.paths.get(digest) or f"{self.directory}/{pack_name(digest)}"
            )
            self._files[digest] = file
            while len(self._files) > OPEN_PACKS_MAX:
                _, oldest = self._files.popitem(last=False)
                self._storage.close(oldest)
        else:
            self._files.move_to_end(digest)
        return file
