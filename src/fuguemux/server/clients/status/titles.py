"""The title of a client's terminal, by the options `set-titles` and `set-titles-string`."""

from fuguemux.formats import formats
from fuguemux.formats.formats import FormatContext, TooExpensive
from fuguemux.model.ids import ClientId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Session
from fuguemux.observe.holding import TookTooLong, endable
from fuguemux.options import options

TITLE_CHARS_MAX = 1_000
"""A longer title is cut off: terminals show one line at most."""


class ClientTitle:
    """The title that one client's terminal has. Expanded only when something has changed that it may show."""

    def __init__(self) -> None:
        self._state: ServerState | None = None
        self._key: tuple[object, ...] = ()
        self._sent = ""

    def change(
        self,
        state: ServerState,
        live: LiveView,
        session: Session,
        client: ClientId,
        facts: tuple[object, ...],
    ) -> bytes:
        """What to send so that the terminal has the title (OSC 0); b"" if it has it. `facts`: as for the status line."""
        key = (id(live.option_defaults()), session.id, *facts)
        if self._state is state and self._key == key:
            return b""
        self._state, self._key = state, key
        defaults = live.option_defaults()
        if not options.get_flag(state, defaults, "set-titles", session=session):
            return b""
        text = options.get(state, defaults, "set-titles-string", session=session)
        context = FormatContext(state, live, session=session.id, client=client, status=True)
        try:
            with endable("format", f"title of client {client}"):
                title = formats.expand(text, context, time=True)
        except (TookTooLong, TooExpensive):
            return b""
        title = "".join(c for c in title if c.isprintable())[:TITLE_CHARS_MAX]
        if title == self._sent:
            return b""
        self._sent = title
        return b"\x1b]0;" + title.encode("utf-8", "replace") + b"\x07"

    def forget(self) -> None:
        """The terminal may have another title now: send it again."""
        self._state, self._sent = None, ""
