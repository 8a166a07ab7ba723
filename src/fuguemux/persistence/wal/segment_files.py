"""The open files of segments that are not written any more: full ones that wait for their sync, and abandoned ones."""

from fuguemux.persistence.storage.files import Storage


class SegmentFiles:
    """Closes each file when it is not needed any more."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._full: list[tuple[int, int]] = []  # (file, last LSN), oldest first
        self._abandoned: list[int] = []
        self.problem: OSError | None = None
        """The last close that failed. It is only reported, because the bytes were durable or abandoned."""

    @property
    def full(self) -> list[int]:
        """The files of full segments that are not synced, oldest first."""
        return [file for file, _last in self._full]

    def filled(self, file: int, last_lsn: int) -> None:
        """The segment in `file` is full. `last_lsn` is its last record."""
        self._full.append((file, last_lsn))

    def synced(self, lsn: int) -> None:
        """Close the files that contain only records up to `lsn`. A segment that filled up during the sync contains
        more, and stays."""
        while self._full and self._full[0][1] <= lsn:
            self._close(self._full.pop(0)[0])

    def abandon(self, file: int) -> None:
        """Abandon the file: its records are in another segment, or will be soon."""
        self._abandoned.append(file)

    def abandon_full(self) -> None:
        """Abandon every file that is not synced, because none of them can be trusted any more."""
        self._abandoned += self.full
        self._full = []

    def let_go(self) -> None:
        """Close the abandoned files."""
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
