"""The settings of checkpoints, from the configuration and the options."""

from fuguemux import __version__
from fuguemux.config.schema import Persistence
from fuguemux.persistence.checkpoint.checkpoint_port import CheckpointSettings
from fuguemux.persistence.checkpoint.retention import GENERATIONS_MIN


def settings_of(
    persistence: Persistence, *, depth_is_set: bool, deepest_history: int
) -> CheckpointSettings:
    """Return the settings under the configuration `persistence`.

    A `history-limit` above the default depth increases what is stored, unless the configuration sets a depth, because a
    crash must not lose what a user asked to keep. `deepest_history` is the highest number of lines that any pane keeps.
    """
    depth = persistence.scrollback_persistence_lines
    if not depth_is_set:
        depth = max(depth, deepest_history)
    if not (persistence.enabled and persistence.scrollback_persistence):
        depth = 0
    return CheckpointSettings(
        extra_generations=max(0, persistence.keep_checkpoints - GENERATIONS_MIN),
        scrollback_persistence_lines=depth,
        compression_level=persistence.compression_level,
        program=f"fugue {__version__}",
    )
