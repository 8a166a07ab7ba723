"""The running configuration: applies changes to the parts of the server, and tells users about them."""

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
"""Options that set how much of the scrollback a checkpoint contains."""
GONE = "is gone; for the defaults run: fugue config reload"
"""What the status says of the file. A reload does not follow by itself, because the file may be about to be replaced."""
ANNOUNCED_MS = 10_000
"""How long an announcement is shown, because its readers may not look at the screen at that moment."""

diagnostics = channel("config")


class ClientLimits(Protocol):
    """The limits that the configuration sets for clients."""

    viewer_outbox_bytes_max: int
    reconnect_seconds: int | None


class StartedWith(NamedTuple):
    """What the start was given and has read."""

    loaded: Loaded
    required: bool
    """Whether the file must exist."""
    environment: dict[str, str]
    problems: tuple[Problem, ...]
    log_path: str | None
    """The file of diagnostics. None: there are no diagnostics."""


class ConfiguredParts(NamedTuple):
    """The parts that receive new values when the configuration changes."""

    engine: Engine
    view: ServerView
    panes: Panes
    log: Log
    flusher: Flusher
    store: ScrollbackStore
    series: CheckpointSeries
    checkpointer: Checkpointer


class RunningConfiguration:
    """Owns the reload and applies its results. Belongs to the loop."""

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
        """Give clients the limits in effect, now and after each change."""
        self._limits = limits
        self._apply_clients()

    async def watch(self) -> None:
        """Follow the file until cancelled."""
        for problem in self._reload.problems:
            diagnostics.error("config.refused", problem=str(problem))
            self._viewers.messages.add(str(problem))
        await self._reload.watch()

    async def reload_now(self) -> Reload:
        """Read the file again because a user requested it. Applies and reports. No content of the file makes it
        raise. Raises ServerEnds."""
        ends = "config reload: the server ended before the file was read"
        return await self._waits.until_end(self._reload.reload_now(), ends)

    async def hung_up(self) -> None:
        """Handle SIGHUP: as `reload_now`, but only attached clients see the result."""
        with contextlib.suppress(ServerEnds):
            await self.reload_now()

    # What users see

    def warning(self) -> str:
        """The warning for clients that attach. Empty: there is none."""
        problems = self._reload.problems
        if not problems:
            return ""
        held = "the last good values" if self._reload.file.exists else "defaults"
        return _short(problems, f"using {held}")

    def alert(self) -> str:
        """The alert in the status line. Empty: there is none."""
        said = []
        if self._reload.problems:
            said.append("configuration has errors")
        if not self.in_force.persistence.enabled:
            said.append("nothing is saved")
        return ", ".join(said)

    def is_gone(self) -> bool:
        """Whether the file existed when it was last read and is missing now. Reads the disk; call it on any thread."""
        return self._reload.gone

    def document(self, *, gone: bool) -> dict[str, Any]:
        """The configuration for `fugue status`. `gone`: the result of `is_gone`."""
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

    # How a change is applied

    def _apply(self, running: Configuration, found: tuple[Change, ...]) -> None:
        """Give the parts their new values. Parts that read a value each time they need it get no call."""
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
        """Take a checkpoint, so that the stored scrollback has the new depth. If it fails, the checkpointer reports
        it and tries again."""
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
            # Otherwise another program's files are at the path. The option is applied when the directory is back.
            self.log_again()

    def log_again(self) -> None:
        """Open the file of diagnostics anew, as the configuration says."""
        with contextlib.suppress(OSError):  # the file that is open stays in use
            configure_logging(self._log_path, self.in_force.configuration, self._clock)


def _short(problems: tuple[Problem, ...], holds: str) -> str:
    """The first problem as one line for a terminal. Its place and the consequence come first, since the rest may be
    cut off."""
    first = problems[0]
    place = os.path.basename(first.source) + (f":{first.line}" if first.line is not None else "")
    what = f"{first.key}: {first.message}" if first.key else first.message
    more = f" and {len(problems) - 1} more (fugue status)" if len(problems) > 1 else ""
    return f"{place}{more}: {holds}: {what}"
