"""Facts that several rooms derive from options: the rows of the status line, and the numbering of windows."""

from fuguemux.model.closing import Renumbering
from fuguemux.model.state import ServerState, Session
from fuguemux.options import options
from fuguemux.options.options import Defaults


def status_rows(state: ServerState, defaults: Defaults, session: Session | None) -> int:
    """How many rows of a viewer's terminal the status line takes."""
    value = options.get(state, defaults, "status", session=session)
    return {"off": 0, "on": 1}[value] if value in ("off", "on") else int(value)


def base_index(state: ServerState, defaults: Defaults, session: Session | None) -> int:
    """The index of a session's first window."""
    return options.get_number(state, defaults, "base-index", session=session)


def renumbering(state: ServerState, defaults: Defaults) -> Renumbering:
    """The rule of `renumber-windows` for each session: the index from which windows are renumbered, or None."""

    def of(session: Session) -> int | None:
        if not options.get_flag(state, defaults, "renumber-windows", session=session):
            return None
        return base_index(state, defaults, session)

    return of
