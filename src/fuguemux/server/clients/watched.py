"""The work that the watchdog may interrupt: decisions of commands, and status lines."""

from fuguemux.commands import table
from fuguemux.formats.formats import TooExpensive
from fuguemux.model.decision import Decision, Request
from fuguemux.model.ids import ClientId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Session
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.observe.holding import TookTooLong, endable
from fuguemux.server.clients import status_line
from fuguemux.terminal.style import line

diagnostics = channel("formats")


def decide(state: ServerState, live: LiveView, request: Request) -> Decision:
    """As `table.decide`, but also raises TookTooLong. Then nothing was changed."""
    hook, name = request.variables.get("hook"), table.known_name(request.argv)
    with endable("hook", f"{hook}: {name}") if hook else endable("command", name):
        reach("command.deciding")
        return table.decide(state, live, request)


class WatchedStatus:
    """The status line of one client. If it takes too long, it is not composed again until an option or the session
    changes."""

    def __init__(self) -> None:
        self._ended: tuple[object, ...] | None = None
        """The options and the session with which composing was interrupted."""
        self._reason = ""

    def row(
        self,
        state: ServerState,
        live: LiveView,
        session: Session,
        columns: int,
        client: ClientId,
        alert: str,
    ) -> bytes:
        """As `status_line.status_line`. If composing was interrupted, a short text instead."""
        options = (state.server_options, state.session_options, state.window_options, session)
        if self._ended is None or any(
            old is not new for old, new in zip(self._ended, options, strict=True)
        ):
            self._ended = None
            try:
                with endable("format", f"status line of client {client}"):
                    reach("status_line.composing")
                    return status_line.status_line(state, live, session, columns, client, alert)
            except TookTooLong as ended:
                self._ended, self._reason = options, str(ended)
            except TooExpensive as stopped:
                self._ended, self._reason = options, str(stopped)
                diagnostics.warning("format_stopped", holder=f"status line of client {client}")
        return line(f"#[fg=black,bg=red]status line: {self._reason}#[default]", columns, "default")
