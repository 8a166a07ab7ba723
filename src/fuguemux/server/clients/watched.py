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
from fuguemux.options import options
from fuguemux.server.clients.status import status_line
from fuguemux.terminal.styled_row import DrawnRow, line, wrapped

diagnostics = channel("formats")


def decide(state: ServerState, live: LiveView, request: Request) -> Decision:
    """As `table.decide`, but also raises TookTooLong. Then nothing was changed."""
    hook, name = request.variables.get("hook"), table.known_name(request.argv)
    with endable("hook", f"{hook}: {name}") if hook else endable("command", name):
        reach("command.deciding")
        return table.decide(state, live, request)


class WatchedStatus:
    """The status line of one client, composed again only when something that it may show has changed.

    If it takes too long, it is not composed again until an option or the session changes.
    """

    def __init__(self) -> None:
        self._ended: tuple[object, ...] | None = None
        """The options and the session with which composing was interrupted."""
        self._reason = ""
        self._key: tuple[object, ...] | None = None
        self._state: ServerState | None = None
        self._defaults: options.Defaults | None = None
        self._rows: tuple[DrawnRow, ...] = ()

    def touch(self) -> None:
        """Compose it again for the next frame: it may show something else now."""
        self._key = None

    def rows(
        self,
        state: ServerState,
        live: LiveView,
        session: Session,
        columns: int,
        client: ClientId,
        count: int,
        alert: str,
        facts: tuple[object, ...] = (),
        *,
        apart: bool = False,
    ) -> tuple[DrawnRow, ...]:
        """As `status_line.status_rows`. If composing was interrupted, a short text instead.

        `facts`: values that change when something changes that formats may show and that is not in the state.
        """
        defaults = live.option_defaults()
        key = (columns, count, alert, apart, *facts)
        if key != self._key or self._state is not state or self._defaults is not defaults:
            self._key, self._state, self._defaults = key, state, defaults
            self._rows = self._composed(
                state, live, session, columns, client, count, alert, apart=apart
            )
        return self._rows

    def _composed(
        self,
        state: ServerState,
        live: LiveView,
        session: Session,
        columns: int,
        client: ClientId,
        count: int,
        alert: str,
        *,
        apart: bool,
    ) -> tuple[DrawnRow, ...]:
        given: tuple[object, ...] = (
            state.server_options,
            state.session_options,
            state.window_options,
            session,
            live.option_defaults(),
        )
        if self._ended is None or any(
            old is not new for old, new in zip(self._ended, given, strict=True)
        ):
            self._ended = None
            try:
                with endable("format", f"status line of client {client}"):
                    reach("status_line.composing")
                    return status_line.status_rows(
                        state, live, session, columns, client, count, alert, apart=apart
                    )
            except TookTooLong as ended:
                self._ended, self._reason = given, str(ended)
            except TooExpensive as stopped:
                self._ended, self._reason = given, str(stopped)
                diagnostics.warning("format_stopped", holder=f"status line of client {client}")
        said = line(f"#[fg=black,bg=red]status line: {self._reason}#[default]", columns)
        shown = (DrawnRow(said), *[DrawnRow(line("", columns))] * (count - 1))
        return (*wrapped(alert, columns, status_line.ALERT_STYLE), *shown)
