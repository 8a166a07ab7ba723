"""The running configuration: what a change does to the parts of the server, and whom it is told to."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from fuguemux.config.changes import Change
from fuguemux.config.load import Problem
from fuguemux.config.schema import Configuration
from fuguemux.model.decision import Refused
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.server.admin.config_reload import ConfigReload, Reload
from fuguemux.server.recovery.configured import configure_logging, option_defaults, withhold
from fuguemux.server.work.waits import ServerEnds

if TYPE_CHECKING:
    from fuguemux.server.main import Server

MIB = 1 << 20
KIB = 1 << 10
DEPTHS = frozenset({"scrollback_persistence", "scrollback_persistence_lines"})
"""Options that say how much of the scrollback a checkpoint keeps."""
GONE = "is gone; for the defaults run: fugue config reload"
"""The file, said in the status; a reload by itself could fall into the middle of its being replaced."""
ANNOUNCED_MS = 10_000
"""An announcement may come when nobody looks at the screen just then."""

diagnostics = channel("config")


class RunningConfiguration:
    """Owns the reload and applies what came of it. Belongs to the loop."""

    def __init__(self, server: Server) -> None:
        booted = server.booted
        self._server = server
        self._reload = ConfigReload(
            booted.loaded,
            required=booted.config_required,
            environment=booted.environment,
            apply=self._apply,
            tell=self._tell,
        )
        self._reload.problems = booted.config_problems
        server.viewers.warning = self.warning
        server.surface.alerts = self.alerts
        self._apply_limits()
        self._apply_clients()

    async def watch(self) -> None:
        """Follow the file until cancelled."""
        for problem in self._reload.problems:
            diagnostics.error("config.refused", problem=str(problem))
            self._server.viewers.messages.add(str(problem))
        await self._reload.watch()

    async def reload_now(self) -> Reload:
        """Read the file again because somebody asked. Applies and tells; raises nothing for what it holds, but ServerEnds."""
        ends = "config reload: the server ended before the file was read"
        return await self._server.waits.until_end(self._reload.reload_now(), ends)

    async def hung_up(self) -> None:
        """SIGHUP: as `reload_now`, and nobody hears what came of it but who looks on."""
        with contextlib.suppress(ServerEnds):
            await self.reload_now()

    # What people see

    def warning(self) -> str:
        """What a client that attaches is told as long as it holds; empty: nothing."""
        said = [self._server.output_events.warning()]
        problems = self._reload.problems
        if problems:
            held = "the last good values" if self._reload.file.exists else "defaults"
            said.append(_short(problems, f"using {held}"))
        return "; ".join(filter(None, said))

    def alerts(self) -> str:
        """What the status line says as long as it holds."""
        said = [self._server.output_events.alert()]
        if self._reload.problems:
            said.append("configuration has errors")
        if not self._server.configuration.persistence.enabled:
            said.append("nothing is saved")
        return ", ".join(filter(None, said))

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
        self._server.viewers.announce(text, ANNOUNCED_MS)
        self._server.viewers.touch_all()

    # What a change does

    def _apply(self, running: Configuration, found: tuple[Change, ...]) -> None:
        """Give the parts their new values. What is read each time it is needed follows by itself."""
        server = self._server
        server.configuration = running
        server.origins = self._reload.file.origins
        changed = {change.option.section for change in found}
        if "persistence" in changed:
            self._apply_limits()
        if any(change.option.name in DEPTHS for change in found):
            for terminal in server.panes:
                terminal.cut_anew()
            server.spawn(self._checkpoint())
        if changed & {"server", "client"}:
            self._apply_clients()
        if changed & {"server", "keys", "persistence"}:
            self._apply_options()
        if "logging" in changed:
            self._apply_logging()

    async def _checkpoint(self) -> None:
        """Bring what is on disk in line with the new depth; if that fails, the checkpointer has told and tries again."""
        with contextlib.suppress(OSError, PackDamaged):
            await self._server.checkpointer.take("configuration")

    def _apply_limits(self) -> None:
        server = self._server
        persistence = server.configuration.persistence
        server.flusher.set_interval(persistence.wal_flush_interval_ms)
        server.flusher.mode = persistence.sync
        if persistence.enabled:
            server.writer.segments.space.segment_bytes = persistence.wal_segment_mb * MIB
        store = server.booted.recovered.store
        store.level = persistence.compression_level
        store.hot_lines = persistence.scrollback_hot_lines
        store.cool()
        server.series.withhold = withhold(persistence.environment_deny)

    def _apply_clients(self) -> None:
        listener, configuration = self._server.listener, self._server.configuration
        listener.viewer_outbox_bytes_max = configuration.server.outbox_max_kb * KIB
        listener.reconnect_seconds = configuration.client.reconnect_timeout_secs

    def _apply_options(self) -> None:
        server = self._server
        try:
            server.view.configured(option_defaults(server.configuration, server.booted.environment))
        except Refused as refused:
            diagnostics.error("config.option_refused", reason=str(refused))
            server.viewers.announce(f"configuration: {refused}")
        server.panes.limit_history(server.engine.state)

    def _apply_logging(self) -> None:
        booted = self._server.booted
        if self._server.flusher.elsewhere:
            return  # what is at the path is not ours to write to; applied when the directory is back
        with contextlib.suppress(OSError):  # the file that is open goes on
            configure_logging(booted.log_path, self._server.configuration, self._server.clock)


def _short(problems: tuple[Problem, ...], holds: str) -> str:
    """The first problem, for one line of a terminal: its place and what holds come first, since the rest may be cut."""
    first = problems[0]
    place = os.path.basename(first.source) + (f":{first.line}" if first.line is not None else "")
    what = f"{first.key}: {first.message}" if first.key else first.message
    more = f" and {len(problems) - 1} more (fugue status)" if len(problems) > 1 else ""
    return f"{place}{more}: {holds}: {what}"
