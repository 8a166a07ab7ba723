"""Real files, but one directory behaves as if it were on another file system."""

import errno
import os

from fuguemux.persistence.storage.files import RealStorage


class TwoFileSystems(RealStorage):
    """Nothing can be renamed into or out of `directory`."""

    def __init__(self, directory: str) -> None:
        self._directory = f"{directory}/"

    def rename(self, source: str, target: str) -> None:
        """As RealStorage, within one of the two file systems."""
        if source.startswith(self._directory) != target.startswith(self._directory):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)
        super().rename(source, target)
