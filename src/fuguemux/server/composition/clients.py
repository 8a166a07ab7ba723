"""Builds the parts for attached clients: what they see, and what they are told."""

from collections.abc import Sequence
from typing import NamedTuple

from fuguemux.model.ids import PaneId, SessionId
from fuguemux.model.live import ClientFacts
from fuguemux.model.state import ServerState
from fuguemux.observe.clock import Clock
from fuguemux.options.derived import status_rows
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.server.clients.alerted_clients import AlertedViewers
from fuguemux.server.clients.alerts import Alerts
from fuguemux.server.clients.notices import Notices
from fuguemux.server.clients.surface import ServerSurface
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.clients.watched import WatchedStatus
from fuguemux.server.clients.window_sizes import WindowSizes
from fuguemux.server.composition.base import Base
from fuguemux.server.composition.log import LogParts
from fuguemux.server.composition.panes import PaneParts, StateParts
from fuguemux.server.control.clients import ControlClients
from fuguemux.server.control.hook_notices import Notice
from fuguemux.server.control.notifications import Happening
from fuguemux.server.copy.copy_mode import ModeFacts
from fuguemux.server.copy.copy_mouse import Dragging
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.modes.entering import ModeEntry
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.output_events import OutputEvents
from fuguemux.server.recovery import recovery_notice


class ClientParts(NamedTuple):
    """The parts for attached clients."""

    notices: Notices
    surface: ServerSurface
    sizes: WindowSizes
    viewers: Viewers
    alerts: Alerts
    modes: PaneModes
    entry: ModeEntry
    dragging: Dragging
    control: ControlClients

    def in_mode(self, pane: PaneId) -> ModeFacts:
        """The values for formats about a pane's modes."""
        facts, mode = self.surface.scroll.in_mode(pane), self.modes.get(pane)
        return facts if mode is None else facts._replace(in_mode=True, name=mode.name)

    def published(self) -> None:
        """The state has changed."""
        self.modes.changed()


def build_clients(
    base: Base, log: LogParts, state: StateParts, panes: PaneParts, events: OutputEvents
) -> ClientParts:
    """Build what clients see. From now on they are told of changes of durability."""
    notices, durability = Notices(), log.durability
    notices.tell_while(durability.warning)
    is_safe_mode = base.booted.safe is not None

    def alert() -> str:
        """The alert for the status line. Problems with the disk come before those of the recovery, because the
        recovery is over."""
        if durability.now != "ok":
            return durability.alert()
        if is_safe_mode:
            return "safe mode"
        return _recovery(base.report, base.clock, state.view.started_ns)

    notices.alert_while(alert)
    scroll = ScrollViews(base.spawn)
    modes = PaneModes(scroll.mode, base.loop.call_later)
    surface = ServerSurface(state.panes, scroll, modes, state.state, state.view, notices.alert)
    sizes = WindowSizes(base.loop, state.engine, events.not_logged)

    def came(session: SessionId) -> None:
        state.view.attached(session)
        alerts.attached(session)

    control = ControlClients(base.loop, state.state, state.view, base.clock)
    panes.hooks.listener = lambda notice: control.changed(_change(state.state(), notice))
    viewers = Viewers(
        base.loop,
        surface,
        base.clock,
        lambda: base.in_force.configuration.server.frame_rate_hz,
        sizes.changed,
        came,
        panes.hooks.client_did,
        panes.last_screens,
        notices.greeting,
        control,
    )
    alerts = Alerts(
        base.loop, state.state, state.view, AlertedViewers(viewers), panes.hooks.window_did
    )
    durability.connect(viewers.announce)

    def status(client: ClientFacts) -> Sequence[bytes]:
        """The rows of a client's status line, as a list of clients shows them."""
        now = state.state()
        session = now.sessions[client.session]
        count = status_rows(now, state.view.option_defaults(), session)
        line = WatchedStatus()
        rows = line.rows(now, state.view, session, client.columns, client.id, count, "")
        return [row.content for row in rows]

    entry = ModeEntry(modes, state.state, state.view, state.panes, status)
    dragging = Dragging(
        state.state, state.panes, scroll, lambda terminal: viewers.pane_changed(terminal, ())
    )
    return ClientParts(notices, surface, sizes, viewers, alerts, modes, entry, dragging, control)


def _change(state: ServerState, notice: Notice) -> Happening:
    """The notice of a hook, for control clients."""
    window = None if notice.window is None else state.windows.get(notice.window)
    session = None if notice.session is None else state.sessions.get(notice.session)
    name = window.name if window is not None else "" if session is None else session.name
    return Happening(notice.name, notice.session, notice.window, notice.pane, name)


def _recovery(report: RecoveryReport, clock: Clock, started_ns: int) -> str:
    return recovery_notice.segment(report, clock.monotonic_ns() - started_ns)
