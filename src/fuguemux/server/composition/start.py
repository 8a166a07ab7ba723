"""Builds the start of a server, which brings panes and processes together."""

from fuguemux.server.composition.admin import AdminParts
from fuguemux.server.composition.base import Base
from fuguemux.server.composition.clients import ClientParts
from fuguemux.server.composition.panes import PaneParts, StateParts
from fuguemux.server.composition.saved import SavedParts
from fuguemux.server.recovery.recovered_panes import PanesOfStart, RecoveredPanes, RecoveredState
from fuguemux.server.recovery.restoration import Restoration
from fuguemux.server.requests.pipes import Pipes
from fuguemux.server.restart.standby import StandingBy
from fuguemux.server.start import Start, StartedParts


def build_recovered_panes(
    base: Base,
    state: StateParts,
    panes: PaneParts,
    clients: ClientParts,
    pipes: Pipes,
    admin: AdminParts,
) -> RecoveredPanes:
    """Build what gives every recovered pane its terminal."""
    booted = base.booted
    found = RecoveredState(
        booted.recovered,
        booted.salvage,
        booted.storage,
        booted.state_directory,
        booted.landing_path,
        booted.environment,
        booted.safe is not None,
        booted.starts is not None and booted.starts.screens_first,
    )
    parts = PanesOfStart(
        state.committer,
        state.panes,
        state.view,
        panes.rebuilding,
        panes.output,
        admin.address.zone,
        pipes,
        clients.surface.scroll,
        panes.last_screens,
    )
    return RecoveredPanes(
        found, parts, admin.privacy.recovered, clients.viewers.announce, base.spawn
    )


def build_start(
    base: Base,
    state: StateParts,
    panes: PaneParts,
    clients: ClientParts,
    saved: SavedParts,
    pipes: Pipes,
    recovered_panes: RecoveredPanes,
    returned: StandingBy | None,
) -> Start:
    """Build the start itself."""

    def restoration() -> Restoration:
        return Restoration(
            state.engine,
            state.panes,
            panes.output,
            panes.processes,
            base.clock,
            base.store,
            base.report,
            base.in_force.persistence.restore_commands,
            base.spawn,
            recovered_panes.open_orphan,
            panes.last_screens,
        )

    parts = StartedParts(
        state.engine,
        state.view,
        panes.keepers,
        recovered_panes,
        restoration,
        panes.pane_watcher,
        pipes,
        panes.rebuilding,
        saved.report,
        clients.notices,
    )
    return Start(
        base.booted,
        parts,
        returned,
        lambda: base.in_force.persistence.wal_flush_interval_ms,
        base.spawn,
        base.loop.call_later,
    )
