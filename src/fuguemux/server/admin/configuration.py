"""The running configuration: what a change does to the parts of the server, and whom it is told to."""

import contextlib
import os
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol

from fuguemux.config.changes import Change
from fuguemux.config.load import Loaded, Problem
from fuguemux.config.schema import Configuration
from fuguemux.engine.engine import Engine
from fuguemux.model.decision import Refused
from fuguemux.observe.clock import Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import MIB
from fuguemux.server.admin.config_reload import ConfigReload, Reload
from fuguemux.server.admin.in_force import ConfigurationInForce
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.panes.panes import Panes
from fuguemux.server.recovery.configured import configure_logging, option_defaults
from fuguemux.server.requests.live_view import ServerView
from fuguemux.server.storage.checkpointer import Checkpointer, Log
from fuguemux.server.storage.flusher import Flusher
from fuguemux.server.work.waits import ServerEnds, Waits

KIB = 1 << 10
DEPTHS = frozenset({"scrollback_persistence", "scrollback_persistence_lines"})
"""Options that say how much of the scrollback a checkpoint keeps."""
GONE = "is gone; for the defaults run: fugue config reload"
"""The file, said in the status; a reload by itself could fall into the middle of its being replaced."""
ANNOUNCED_MS = 10_000
"""An announcement may come when nobody looks at the screen just then."""

diagnostics = channel("config")


class ClientLimits(Protocol):
    """What the configuration says of clients."""

    viewer_outbox_bytes_max: int
    reconnect_seconds: int | None


class StartedWith(NamedTuple):
    """What the start was given and read."""

    loaded: Loaded
    required: bool
    """Whether the file must be there."""
    environment: dict[str, str]
    problems: tuple[Problem, ...]
    log_path: str | None
    """Of diagnostics; None: they go nowhere."""


class ConfiguredParts(NamedTuple):
    """The parts that are given new values when the configuration changes."""

    engine: Engine
    view: ServerView
    panes: Panes
    log: Log
    flusher: Flusher
    store: ScrollbackStore
    series: CheckpointSeries
    checkpointer: Checkpointer


class RunningConfiguration:
    """Owns the reload and applies what came of it. Belongs to the loop."""

    def __init__(
        self,
        in_force: ConfigurationInForce,
        start: StartedWith,
        parts: ConfiguredParts,
        viewers: Viewers,
        waits: Waits,
        clock: Clock,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self.in_force = in_force
        self._parts = parts
        self._viewers = viewers
        self._waits = waits
        self._clock = clock
        self._spawn = spawn
        self._log_path = start.log_path
        self._environment = start.environment
        self._limits: ClientLimits | None = None
        self._reload = ConfigReload(
            start.loaded,
            required=start.required,
            environment=start.environment,
            apply=self._apply,
            tell=self._tell,
        )
        self._reload.problems = start.problems
        self._apply_limits()

    def connect(self, limits: ClientLimits) -> None:
        """Give clients the limits that hold, now and whenever they change."""
        self._limits = limits
        self._apply_clients()

    async def watch(self) -> None:
        """Follow the file until cancelled."""
        for problem in self._reload.problems:
            diagnostics.error("config.refused", problem=str(problem))
            self._viewers.messages.add(str(problem))
        await self._reload.watch()

    async def reload_now(self) -> Reload:
        """Read the file again because somebody asked. Applies and tells; raises nothing for what it holds, but ServerEnds."""
        ends = "config reload: the server ended before the file was read"
        return await self._waits.until_end(self._reload.reload_now(), ends)

    async def hung_up(self) -> None:
        """SIGHUP: as `reload_now`, and nobody hears what came of it but who looks on."""
        with contextlib.suppress(ServerEnds):
            await self.reload_now()

    # What people see

    def warning(self) -> str:
        """What a client that attaches is told as long as it holds; empty: nothing."""
        problems = self._reload.problems
        if not problems:
            return ""
        held = "the last good values" if self._reload.file.exists else "defaults"
        return _short(problems, f"using {held}")

    def alert(self) -> str:
        """What the status line says as long as it holds."""
        said = []
        if self._reload.problems:
            said.append("configuration has errors")
        if not self.in_force.persistence.enabled:
            said.append("nothing is saved")
        return ", ".join(said)

    def is_gone(self) -> bool:
        """Whether there was a file when it was last read, and now there is none. Looks for it, on any thread."""
        return self._reload.gone

    def document(self, *, gone: bool) -> dict[str, Any]:
        """For `fugue status`. `gone`: what `is_gone` says."""
        reload = self._reload
        problems = reload.problems
        if gone:
            problems = (Problem(reload.path, GONE),)
        return {
            "file": reload.path,
            "in_use": reload.file.exists and not problems,
            "errors": [str(problem) for problem in problems],
            "needs_restart": [change.option.key for change in reload.restart_needed],
        }

    def _tell(self, outcome: Reload) -> None:
        text = f"configuration: {outcome.lines()[0]}"
        if outcome.problems:
            text = _short(outcome.problems, "not changed")
        self._viewers.announce(text, ANNOUNCED_MS)
        self._viewers.touch_all()

    # What a change does

    def _apply(self, running: Configuration, found: tuple[Change, ...]) -> None:
        """Give the parts their new values. What is read each time it is needed follows by itself."""
        self.in_force.configuration = running
        self.in_force.origins = self._reload.file.origins
        changed = {change.option.section for change in found}
        if "persistence" in changed:
            self._apply_limits()
        if any(change.option.name in DEPTHS for change in found):
            for terminal in self._parts.panes:
                terminal.cut_anew()
            self._spawn(self._checkpoint())
        if changed & {"server", "client"}:
            self._apply_clients()
        if changed & {"server", "keys", "persistence"}:
            self._apply_options()
        if "logging" in changed:
            self._apply_logging()

    async def _checkpoint(self) -> None:
        """Bring what is on disk in line with the new depth; if that fails, the checkpointer has told and tries again."""
        with contextlib.suppress(OSError, PackDamaged):
            await self._parts.checkpointer.take("configuration")

    def _apply_limits(self) -> None:
        parts, persistence = self._parts, self.in_force.persistence
        parts.flusher.set_interval(persistence.wal_flush_interval_ms)
        parts.flusher.mode = persistence.sync
        if persistence.enabled:
            parts.log.segments.space.segment_bytes = persistence.wal_segment_mb * MIB
        store = parts.store
        store.level = persistence.compression_level
        store.hot_lines = persistence.scrollback_hot_lines
        store.cool()
        parts.series.withhold = self.in_force.withhold()

    def _apply_clients(self) -> None:
        limits, configuration = self._limits, self.in_force.configuration
        if limits is not None:
            limits.viewer_outbox_bytes_max = configuration.server.outbox_max_kb * KIB
            limits.reconnect_seconds = configuration.client.reconnect_timeout_secs

    def _apply_options(self) -> None:
        try:
            defaults = option_defaults(self.in_force.configuration, self._environment)
            self._parts.view.configured(defaults)
        except Refused as refused:
            diagnostics.error("config.option_refused", reason=str(refused))
            self._viewers.announce(f"configuration: {refused}")
        self._parts.panes.limit_history(self._parts.engine.state)

    def _apply_logging(self) -> None:
        if not self._parts.flusher.elsewhere:
            # Else what is at the path is not ours to write to; applied when the directory is back.
            self.log_again()

    def log_again(self) -> None:
        """Open the file of diagnostics as the configuration says."""
        with contextlib.suppress(OSError):  # the file that is open goes on
            configure_logging(self._log_path, self.in_force.configuration, self._clock)


def _short(problems: tuple[Problem, ...], holds: str) -> str:
    """The first problem, for one line of a terminal: its place and what holds come first, since the rest may be cut."""
    first = problems[0]
    place = os.path.basename(first.source) + (f":{first.line}" if first.line is not None else "")
    what = f"{first.key}: {first.message}" if first.key else first.message
    more = f" and {len(problems) - 1} more (fugue status)" if len(problems) > 1 else ""
    return f"{place}{more}: {holds}: {what}"
