"""The configuration in effect, for parts that read a value each time they need it."""

from fuguemux.config.load import Loaded
from fuguemux.config.schema import Persistence
from fuguemux.persistence.checkpoint.checkpoint_port import CheckpointSettings
from fuguemux.persistence.storage.files import MIB
from fuguemux.persistence.storage.withholding import Withhold
from fuguemux.server.recovery.configured import withhold
from fuguemux.server.storage.checkpoint_settings import settings_of

IN_MEMORY_LOG_MIB = 4


class ConfigurationInForce:
    """There is one per server, and only `RunningConfiguration` changes it. Belongs to the loop."""

    def __init__(self, loaded: Loaded) -> None:
        self.configuration = loaded.configuration
        self.origins = loaded.origins
        """Which options were set, and where."""

    @property
    def persistence(self) -> Persistence:
        """The part of it that is about the disk."""
        return self.configuration.persistence

    def withhold(self) -> Withhold | None:
        """Decides which variables are not stored. None: all are stored."""
        return withhold(self.persistence.environment_deny)

    def wal_bytes_max(self) -> int:
        """The size of the log above which a checkpoint is taken."""
        persistence = self.persistence
        return (persistence.max_wal_size_mb if persistence.enabled else IN_MEMORY_LOG_MIB) * MIB

    def checkpoint_settings(self, deepest_history: int) -> CheckpointSettings:
        """The settings of checkpoints. `deepest_history`: the most lines that any pane keeps."""
        return settings_of(
            self.persistence,
            depth_is_set="persistence.scrollback_persistence_lines" in self.origins,
            deepest_history=deepest_history,
        )
