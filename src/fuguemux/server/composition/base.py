"""The values from which every part of a server may be built."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from fuguemux.observe.clock import Clock
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.server.admin.in_force import ConfigurationInForce
from fuguemux.server.recovery.boot import Booted


class Base(NamedTuple):
    """A start and its loop."""

    booted: Booted
    clock: Clock
    loop: asyncio.AbstractEventLoop
    spawn: Callable[[Coroutine[Any, Any, None]], object]
    """Runs a coroutine in the background until it is done or the server ends."""
    in_force: ConfigurationInForce

    @property
    def report(self) -> RecoveryReport:
        """What the recovery found, and what happened since."""
        return self.booted.recovered.report

    @property
    def store(self) -> str:
        """The id of the store, in hexadecimal digits."""
        return self.booted.recovered.store_id.hex()

    @property
    def is_kept(self) -> bool:
        """Whether facts about this start are stored on disk with the real state, which safe mode does not use."""
        return self.booted.safe is None and self.booted.log_path is not None
