"""The open files of segments that are not written any more: full ones that wait for their sync, and those given up."""

from fuguemux.persistence.storage.files import Storage


class SegmentFiles:
    """Closes each file once it is not needed any more."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._full: list[tuple[int, int]] = []  # (file, last LSN), oldest first
        self._abandoned: list[int] = []
        self.problem: OSError | None = None
        """The last close that failed. The bytes were durable or given up, so it is only reported."""

    @property
    def full(self) -> list[int]:
        """The files of full segments that are not synced, oldest first."""
        return [file for file, _last in self._full]

    def filled(self, file: int, last_lsn: int) -> None:
        """The segment of `file` is full; `last_lsn` is its last record."""
        self._full.append((file, last_lsn))

    def synced(self, lsn: int) -> None:
        """Close the files that hold only records up to `lsn`. A segment that filled up during the sync holds more and stays."""
        while self._full and self._full[0][1] <= lsn:
            self._close(self._full.pop(0)[0])

    def abandon(self, file: int) -> None:
        """Give the file up: its records are in another segment, or soon will be."""
        self._abandoned.append(file)

    def abandon_full(self) -> None:
        """Give up every file that is not synced: none of them can be trusted any more."""
        self._abandoned += self.full
        self._full = []

    def let_go(self) -> None:
        """Close the files that were given up."""
        while self._abandoned:
            self._close(self._abandoned.pop())

    def close(self) -> None:
        """Close all of them."""
        self.abandon_full()
        self.let_go()

    def _close(self, file: int) -> None:
        try:
            self._storage.close(file)
        except OSError as error:
            self.problem = error
