"""The settings of checkpoints, from the configuration and the deepest history of a pane."""

from fuguemux.config.schema import Persistence
from fuguemux.server.storage.checkpoint_settings import settings_of

PLAIN = Persistence(scrollback_persistence_lines=100)


def depth(persistence: Persistence, *, is_set: bool, deepest: int) -> int | None:
    settings = settings_of(persistence, depth_is_set=is_set, deepest_history=deepest)
    return settings.scrollback_persistence_lines


def test_a_deep_history_deepens_what_is_stored_unless_a_depth_is_configured() -> None:
    assert depth(PLAIN, is_set=False, deepest=0) == 100
    assert depth(PLAIN, is_set=False, deepest=5_000) == 5_000
    assert depth(PLAIN, is_set=True, deepest=5_000) == 100


def test_nothing_is_stored_where_scrollback_is_not_persistent() -> None:
    for persistence in (Persistence(enabled=False), Persistence(scrollback_persistence=False)):
        assert depth(persistence, is_set=False, deepest=5_000) == 0
        assert depth(persistence, is_set=True, deepest=0) == 0
