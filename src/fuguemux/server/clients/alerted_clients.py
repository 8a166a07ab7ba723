"""What alerts do to attached clients: ring their terminals, show messages, draw their status lines."""

from fuguemux.model.ids import SessionId
from fuguemux.server.clients.viewers import Viewers


class AlertedViewers:
    """Implements alerts.AlertedClients. Belongs to the loop."""

    def __init__(self, viewers: Viewers) -> None:
        self._viewers = viewers

    def shows_session(self, session: SessionId) -> bool:
        """Whether a client shows the session."""
        return bool(self._viewers.of_session(session))

    def alert(self, session: SessionId, text: str, *, rings: bool) -> None:
        """Ring the clients of the session, and show them `text` unless it is empty."""
        for viewer in self._viewers.of_session(session):
            if rings and not viewer.connection.congested:  # a late bell would be meaningless
                viewer.connection.output(b"\a")
            if text:
                self._viewers.message(viewer, text)

    def status_changed(self, session: SessionId) -> None:
        """Draw the status lines of the session's clients."""
        for viewer in self._viewers.of_session(session):
            viewer.dirty = True
            self._viewers.schedule(viewer)
