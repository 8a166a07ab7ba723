"""Gives every recovered pane its terminal, and logs the output that a dead server had read but not logged."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple

from fuguemux.engine.commit import Committer
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.recovery.helper_files import same_boot
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.recovery.recovery import Recovered
from fuguemux.persistence.storage.files import Storage
from fuguemux.server.copy.copy_document import viewed
from fuguemux.server.copy.kept_modes import KeptModes, put_back
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.landing.zone import RecoveredZone
from fuguemux.server.landing.zone_format import NOT_KNOWN
from fuguemux.server.output import salvage, zone_place
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.output.zone_place import ZoneKept
from fuguemux.server.panes.last_screens import LastScreens, NoScreen
from fuguemux.server.panes.panes import Panes, kept_on_disk
from fuguemux.server.recovery.rebuilding import Rebuilding
from fuguemux.server.requests.pipes import Pipes


class RecoveredState(NamedTuple):
    """What the start has read."""

    recovered: Recovered
    salvage: RecoveredZone
    storage: Storage
    directory: str
    """The state directory."""
    landing_path: str
    """The file of the landing zone. Empty: there is none."""
    environment: Mapping[str, str]
    is_safe_mode: bool
    screens_first: bool
    """Whether each screen is built before the next pane is handled."""


class PanesOfStart(NamedTuple):
    """The parts that receive recovered panes."""

    committer: Committer
    panes: Panes
    live: LiveView
    rebuilding: Rebuilding
    output: PaneOutput
    zone: ZoneKept
    pipes: Pipes
    scroll: ScrollViews
    last_screens: LastScreens


class RecoveredPanes:
    """Belongs to the loop, and is used at the start only."""

    def __init__(
        self,
        found: RecoveredState,
        parts: PanesOfStart,
        persist: Callable[[ServerState, Mapping[PaneId, RecoveredPane]], None],
        announce: Callable[[str], None],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`persist` is called when every pane has its terminal. It keeps output off the disk that must not be stored."""
        self._found = found
        self._parts = parts
        self._persist = persist
        self._announce = announce
        self._spawn = spawn

    async def open(self) -> dict[PaneId, bytes]:
        """Open a terminal for every pane of the state, and log what the landing zone has of its output. Returns the
        replies to queries that the panes' processes have not got yet."""
        found, parts = self._found, self._parts
        recovered, report, zone = found.recovered, found.recovered.report, found.salvage
        unanswered = salvage.unanswered(zone)
        report.remark(*zone.damage)
        report.miss(*zone.unknown)
        if self._zone_gone():
            report.miss(f"{NOT_KNOWN}: it was removed")
        answers: dict[PaneId, bytes] = {}
        for pane, each in recovered.panes.items():
            parts.pipes.recovered(pane, each)
            parts.rebuilding.add(
                each,
                recovered.store.pane(pane),
                unanswered_from=unanswered.get(pane),
                now=found.screens_first,
                persist=kept_on_disk(recovered.state, parts.live.option_defaults(), pane),
            )
            if found.screens_first:
                await asyncio.sleep(0)  # lets the loop answer clients and signals between two panes
        self._persist(recovered.state, recovered.panes)
        salvaging = salvage.ZoneSalvage(
            parts.committer, parts.panes, parts.output, report, parts.pipes.salvaged
        )
        salvaging.take_changes(zone, recovered.next_lsn - 1)
        salvaging.take_output(zone, answers, recovered.orphans)
        for terminal in parts.panes:
            parts.pipes.opened(terminal)
        reach("recovery.salvaged")
        self._empty_zone()
        reach("recovery.zone_emptied")
        parts.panes.limit_history(parts.committer.state)
        return answers

    def _empty_zone(self) -> None:
        """Empty the zone, because everything in it is logged."""
        found, zone, report = self._found, self._parts.zone, self._found.recovered.report
        problem = zone.open(
            found.landing_path,
            found.environment,
            self._parts.output.missing.entries,
            label=f"{report.started_ms}-",
        )
        report.remark(*zone.aside, *([problem] if problem else []))
        zone.settle()

    def _zone_gone(self) -> bool:
        """Whether the landing zone of a killed server is missing although the machine was not restarted since."""
        found = self._found
        if found.recovered.report.clean or not found.landing_path or found.is_safe_mode:
            return False
        if not zone_place.gone(found.directory, found.landing_path):
            return False
        return same_boot(found.storage, found.directory)

    def open_orphan(self, pane: PaneId) -> None:
        """Open a terminal for a pane that only the log knows, if the log has output of it."""
        recovered = self._found.recovered
        orphan = recovered.orphans.pop(pane, None)
        if orphan is not None:
            self._parts.rebuilding.add(orphan, recovered.store.pane(pane))

    def modes_again(self) -> None:
        """Put panes back into copy mode at their position if their processes still run; otherwise note that the mode
        was left.

        Panes that showed the last screen of a program show it again, whatever runs in them.
        """
        kept = KeptModes(self._found.storage, self._found.directory, self._spawn)
        parts, scroll = self._parts, self._parts.scroll
        for place in kept.load():
            terminal = parts.panes.get(place.pane)
            if terminal is None:
                continue
            if place.last_screen_ms is not None:
                with contextlib.suppress(NoScreen):
                    screen = parts.last_screens.find(place.pane, place.last_screen_ms)
                    scroll.show(terminal, *viewed(screen), screen.recovery_ms)
            elif terminal.status in ("live", "partial"):
                scroll.enter_at_start(terminal)
            mode = scroll.mode(place.pane)
            if mode is not None and put_back(mode, place):
                mode.document.hold_from(min(mode.top.line, mode.cursor.line))
                continue
            scroll.leave(place.pane)
            self._announce(f"%{place.pane}: copy mode was left when the last server ended")
        scroll.keep_by(kept.save)
