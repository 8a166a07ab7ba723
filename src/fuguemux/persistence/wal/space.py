"""Disk space for the log: the spare, which is the next segment made ahead of time, the ballast, and the dead segments.

The next segment exists before it is needed, so a full disk is noticed one segment early: the writer then stops logging
output and keeps the space that is left for structure.
"""

import contextlib
import errno
import os
from collections.abc import Callable
from typing import Final, assert_never

from fuguemux.persistence.storage.files import NO_SPACE, Storage, room_words
from fuguemux.persistence.storage.set_aside import quarantine_beside, set_aside
from fuguemux.persistence.wal.findings import ScanReport
from fuguemux.persistence.wal.jobs import (
    BallastJob,
    DeleteJob,
    OpenSegment,
    SpareJob,
    make_segment,
    next_block,
    write_void,
)
from fuguemux.persistence.wal.segment import (
    RECORDS_OFFSET,
    SEGMENT_ID_STRIDE,
    discard,
    segment_id_of,
    segment_name,
    store_of,
)

BALLAST_NAME: Final = "ballast"
RETRY_MS_MIN: Final = 1_000
RETRY_MS_MAX: Final = 30_000
VOID_TRIES_MAX: Final = 3

Chore = SpareJob | BallastJob | DeleteJob


class Space:
    """Where segments come from and go to. The flusher's thread runs the chores, one at a time."""

    def __init__(
        self,
        storage: Storage,
        directory: str,
        *,
        segment_bytes: int,
        hasty_segment_bytes: int,
        ballast_bytes: int,
        found: ScanReport,
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._storage = storage
        self._directory = directory
        self.segment_bytes = segment_bytes  # of the next spare that is made
        self._hasty_segment_bytes = hasty_segment_bytes
        self._ballast_bytes = ballast_bytes
        self._monotonic_ms = monotonic_ms
        ids = [segment.segment_id for segment in found.segments]
        unneeded = [*found.spare_segments, *found.void_segments]
        highest_id = max([*ids, *found.unusable_segments, *unneeded], default=0)
        self._recent_id = (highest_id // SEGMENT_ID_STRIDE + 1) * SEGMENT_ID_STRIDE - 1
        self._spare: OpenSegment | None = None
        self._dead: list[str] = []
        self._left: list[str] = []  # segments from before the log began anew
        self._chore: Chore | None = None
        self._has_ballast = storage.exists(self._ballast_path)
        self._retry_at_ms = 0
        self._retry_ms = RETRY_MS_MIN
        self.problem = ""  # why there is no spare; empty while all is well
        self.full = False  # the problem is a full disk
        self.room = ""  # then: what was free when that began, and what is needed
        self.hasty_segments = 0
        # Void segments that the disk refuses to invalidate. A power failure may bring them back until this life has a durable
        # record.
        self.returning = [number for number in found.void_segments if not self._void(number)]
        self.bury([segment_name(number) for number in unneeded])

    def _void(self, number: int) -> bool:
        """Invalidate a segment once more, durably: perhaps only the page cache knows that it is void. False: the disk refuses.

        A sync alone is not enough: after a failed one the kernel takes the pages for clean and reports success.
        """
        for _ in range(VOID_TRIES_MAX):
            with contextlib.suppress(OSError):  # the removal does it again
                file = self._storage.open(
                    f"{self._directory}/{segment_name(number)}", writable=True
                )
                try:
                    write_void(self._storage, file, number)
                    self._storage.fdatasync(file)
                finally:
                    self._storage.close(file)
                return True
        return False

    @property
    def _ballast_path(self) -> str:
        return f"{self._directory}/{BALLAST_NAME}"

    def next_id(self) -> int:
        """An identifier above every segment in use and below the next spare's."""
        return self._recent_id + 1

    def used(self, segment_id: int) -> None:
        """Note that the segment is the newest one: identifiers given from now on are higher."""
        self._recent_id = segment_id

    def take_spare(self, room: int) -> OpenSegment | None:
        """Take the spare, if there is one with `room` bytes for records."""
        spare = self._spare
        if spare is None or spare.segment_bytes - RECORDS_OFFSET < room:
            return None
        assert spare.segment_id > self._recent_id, "identifiers rise with the log"
        self._spare = None
        self.used(spare.segment_id)  # even if it is given up, later identifiers are higher
        return spare

    def hasty_bytes(self, room: int) -> int:
        """The size of a segment made at once for `room` bytes of records."""
        return max(self._hasty_segment_bytes, next_block(RECORDS_OFFSET + room))

    def make_now(self, room: int) -> OpenSegment:
        """Make a segment while the caller waits, because no spare is ready. Blocks. Raises OSError.

        The first one of a life, and those on a full disk, are small and filled with zeros; the ballast is given up if that
        is necessary. If output comes faster than spares are made, the segment is full-sized and sparse instead.
        """
        self.hasty_segments += 1
        size = self.hasty_bytes(room)
        if self.hasty_segments > 1 and not self.problem:
            size = max(size, self.segment_bytes)
            with contextlib.suppress(OSError):
                return make_segment(
                    self._storage, self._directory, self.next_id(), size, filled=False
                )
            size = self.hasty_bytes(room)
        try:
            return make_segment(self._storage, self._directory, self.next_id(), size)
        except OSError as error:
            if error.errno not in NO_SPACE or not self._has_ballast:
                raise
        self.release_ballast()
        return make_segment(self._storage, self._directory, self.next_id(), size)

    def release_ballast(self) -> None:
        """Give the reserved bytes back to the file system. A chore takes them again when there is room."""
        if self._has_ballast:
            self._has_ballast = False
            with contextlib.suppress(OSError):
                self._storage.unlink(self._ballast_path)

    def refused(self, error: OSError) -> None:
        """Note why a segment could not be made. A full disk gets the ballast back."""
        self._note(error)
        if self.full:
            self.release_ballast()

    def _note(self, error: OSError | None) -> None:
        """Note what the disk said. The free space of a full one is measured once, so that not every byte makes a message."""
        self.problem = "" if error is None else os.strerror(error.errno or errno.EIO)
        self.full = error is not None and error.errno in NO_SPACE
        if not self.full:
            self.room = ""
        elif not self.room:
            self.room = room_words(self._storage, self._directory, self.segment_bytes)
        if self.room:
            self.problem += f" ({self.room})"

    def accepted(self) -> None:
        """Note that the disk took a segment again. A full disk counts as full until it takes a spare as well."""
        if not self.full:
            self.problem = ""

    def bury(self, names: list[str]) -> None:
        """Have a later chore remove dead segments."""
        names, self._left = [*names, *self._left], []
        self._dead += names
        if names:
            self._retry_at_ms = 0  # removing them may make room

    def give_up(self, home: OpenSegment) -> bool:
        """Invalidate a segment that did not become part of the log, since its header may be on the disk. A chore removes it.

        False: it could not be invalidated. Then a start may take it for a part of the log, and void the records that are
        elsewhere.
        """
        written = True
        try:
            write_void(self._storage, home.file, home.segment_id)
        except OSError:
            written = False
        with contextlib.suppress(OSError):
            self._storage.close(home.file)
        self.used(home.segment_id)  # the name is not given again while it is being removed
        self._dead.append(segment_name(home.segment_id))
        return written

    def relocate(self, store_id: bytes) -> None:
        """Use the directory as it is now: it is another one, or was made again.

        Segments of the store that are in it are removed together with the next that are buried. Other files are set aside.
        """
        if self._spare is not None:
            with contextlib.suppress(OSError):
                self._storage.close(self._spare.file)
            self._spare = None
        self._dead = []
        names = [n for n in self._storage.list(self._directory) if segment_id_of(n) is not None]
        self._left = [
            n for n in names if store_of(self._storage, f"{self._directory}/{n}") == store_id
        ]
        for name in set(names) - set(self._left):
            with contextlib.suppress(OSError):  # then the file stays where it is
                place = quarantine_beside(self._directory)
                set_aside(self._storage, f"{self._directory}/{name}", place)
        self._has_ballast = self._storage.exists(self._ballast_path)
        self._note(None)
        self._retry_at_ms = 0

    def chore(self, *, spare_wanted: bool) -> Chore | None:
        """The next work, to be run on any thread and handed back to `chore_done`; None while a chore is under way."""
        if self._chore is not None or self._monotonic_ms() < self._retry_at_ms:
            return None
        if self._dead:
            self._chore = DeleteJob(self._storage, self._directory, tuple(self._dead))
        elif self._spare is None and (spare_wanted or self.problem):
            identifier = (self.next_id() // SEGMENT_ID_STRIDE + 1) * SEGMENT_ID_STRIDE
            self._chore = SpareJob(self._storage, self._directory, identifier, self.segment_bytes)
        elif not self._has_ballast and self._ballast_bytes and spare_wanted:
            self._chore = BallastJob(self._storage, self._ballast_path, self._ballast_bytes)
        return self._chore

    def chore_done(self, chore: Chore, error: OSError | None) -> None:
        """Take note of how a chore went."""
        self._chore = None
        if error is None:
            self._retry_ms = RETRY_MS_MIN
        else:
            self._retry_at_ms = self._monotonic_ms() + self._retry_ms
            self._retry_ms = min(self._retry_ms * 2, RETRY_MS_MAX)
        match chore:
            case SpareJob():
                self._spare = chore.spare
                self._note(error)
            case BallastJob():
                self._has_ballast = error is None or isinstance(error, FileExistsError)
            case DeleteJob():
                self._dead = [name for name in self._dead if name not in chore.removed]
            case _:
                assert_never(chore)

    def close(self) -> None:
        """Remove the spare: the next start makes its own."""
        if self._spare is not None:
            path = f"{self._directory}/{segment_name(self._spare.segment_id)}"
            discard(self._storage, path, self._spare.file)
            self._spare = None
