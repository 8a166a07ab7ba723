"""Options as reactions see them: what somebody set, with inheritance, else the default.

The table of options belongs to the commands, which reactions may not import; these few defaults are held equal to the
table's by a test.
"""

from typing import Final

from fuguemux.model.state import Pane, ServerState, Session, Window

DEFAULTS: Final = {
    "aggressive-resize": "off",
    "automatic-rename": "on",
    "base-index": "0",
    "exit-empty": "on",
    "remain-on-exit": "off",
    "renumber-windows": "off",
    "status": "on",
    "window-size": "latest",
}


def server_option(state: ServerState, name: str) -> str:
    """A server option's value."""
    return state.server_options.get(name, DEFAULTS[name])


def session_option(state: ServerState, name: str, session: Session) -> str:
    """A session option's value for `session`."""
    for options in (session.options, state.session_options):
        if name in options:
            return options[name]
    return DEFAULTS[name]


def window_option(state: ServerState, name: str, window: Window, pane: Pane | None = None) -> str:
    """A window option's value for `window`, or for one of its panes."""
    for options in (pane.options if pane else {}, window.options, state.window_options):
        if name in options:
            return options[name]
    return DEFAULTS[name]


def renumbering(state: ServerState, session: Session) -> int | None:
    """The index from which a session's windows are numbered again when one closes; None: they are not."""
    if session_option(state, "renumber-windows", session) != "on":
        return None
    return int(session_option(state, "base-index", session))


def status_rows(state: ServerState, session: Session) -> int:
    """How many rows the status line takes from the session's viewers."""
    value = session_option(state, "status", session)
    return {"off": 0, "on": 1}[value] if value in ("off", "on") else int(value)
