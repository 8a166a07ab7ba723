"""Without persistence there is no state directory to watch, and nothing can be saved in one."""

from typing import Any, cast

import pytest

from fuguemux.persistence.storage.memory_files import MemoryStorage
from fuguemux.server.admin.state_watch import NO_DIRECTORY, StateWatch, WatchedState
from fuguemux.server.ports import EffectFailed
from tests.support.fake_clock import FakeClock


async def test_without_a_directory_nothing_is_watched_and_a_save_is_refused() -> None:
    nothing = cast("Any", None)
    watched = WatchedState(
        None, MemoryStorage(), "state", nothing, nothing, nothing, nothing, nothing
    )
    told: list[str] = []
    watch = StateWatch(watched, FakeClock(), nothing, told.append, told.append, ())
    await watch.run()
    with pytest.raises(EffectFailed, match=NO_DIRECTORY):
        await watch.here()
    assert told == []
