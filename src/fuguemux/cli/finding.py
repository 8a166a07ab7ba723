"""The input and the result of a check of `fugue doctor`."""

import os
from collections.abc import Mapping
from typing import Literal

import msgspec

from fuguemux.config import paths
from fuguemux.config.load import ConfigError, Loaded, load


class DoctorFinding(msgspec.Struct, frozen=True):
    """The result of one check."""

    name: str
    status: Literal["good", "note", "wrong"]
    """`note`: worth knowing, or not known on this machine. `wrong`: sessions may be lost, or fugue may not run."""
    told: str
    fix: str = ""
    """What to do. Every `wrong` must have one, or ValueError is raised."""

    def __post_init__(self) -> None:
        if self.status == "wrong" and not self.fix:
            raise ValueError(f"{self.name} is wrong, and there is no fix")


class Host(msgspec.Struct, frozen=True):
    """The machine as checks see it. Tests pass another `root`."""

    environment: Mapping[str, str]
    uid: int
    root: str = "/"
    """Prefix of /proc, /sys, /etc and /var."""
    platform: str = ""
    """Empty for the present one (`sys.platform`)."""
    name: str = paths.NAME_DEFAULT
    """The selected server, by `-L` or `-S`."""
    socket: str = ""
    """Where it listens. Empty for the place that belongs to its name."""
    config: str | None = None
    """The file given by `--config`."""

    def read(self, path: str) -> str | None:
        """The text of a small system file. None if it does not exist or may not be read."""
        try:
            with open(self.root.rstrip("/") + path, encoding="utf-8", errors="replace") as file:
                return file.read(1 << 20)
        except OSError:
            return None

    def loaded(self) -> Loaded | None:
        """The configuration. None if it has mistakes."""
        path, required = paths.config_file(self.environment, self.uid, self.config)
        try:
            return load(path, self.environment, required=required)
        except ConfigError:
            return None

    def state_directory(self) -> str:
        """Where the server keeps its state. Raises PathRefused if there is no such place."""
        loaded = self.loaded()
        configured = loaded.configuration.persistence.state_dir if loaded else ""
        return paths.state_directory(self.environment, self.uid, self.name, configured)


def nearest_existing(path: str) -> str:
    """`path`, or the nearest directory above it that exists."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path
