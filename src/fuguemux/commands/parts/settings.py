"""Options as commands use them: typed, for one session, window or pane, with inheritance. And formats about a target."""

from fuguemux.formats.formats import FormatContext, expand
from fuguemux.language.invocation import Invocation
from fuguemux.model.closing import Renumbering
from fuguemux.model.live import LiveView
from fuguemux.model.state import Pane, ServerState, Session, Window
from fuguemux.options import options
from fuguemux.targets.targets import Target


def text(
    state: ServerState,
    name: str,
    *,
    session: Session | None = None,
    window: Window | None = None,
    pane: Pane | None = None,
) -> str:
    """The option's value in its text form."""
    return options.get(state, name, session=session, window=window, pane=pane)


def flag(state: ServerState, name: str, *, session: Session | None = None) -> bool:
    """Whether the option is on."""
    return text(state, name, session=session) == "on"


def number(
    state: ServerState, name: str, *, session: Session | None = None, window: Window | None = None
) -> int:
    """The option's value as a number."""
    return int(text(state, name, session=session, window=window))


def status_rows(state: ServerState, session: Session | None) -> int:
    """How many rows the status line takes from the terminals of the session's viewers."""
    value = text(state, "status", session=session)
    return {"off": 0, "on": 1}[value] if value in ("off", "on") else int(value)


def base_index(state: ServerState, session: Session | None) -> int:
    """The index of a session's first window."""
    return number(state, "base-index", session=session)


def renumbering(state: ServerState) -> Renumbering:
    """Whether and from where a session's windows are numbered again when one closes."""

    def of(session: Session) -> int | None:
        if not flag(state, "renumber-windows", session=session):
            return None
        return base_index(state, session)

    return of


def expanded(
    state: ServerState,
    live: LiveView,
    invocation: Invocation,
    template: str,
    target: Target | None,
    *,
    time: bool = False,
) -> str:
    """`template` as a format about `target`, asked by the invocation's client; `time`: with strftime's conversions."""
    context = FormatContext(
        state,
        live,
        session=target.session.id if target else None,
        window=target.window.id if target else None,
        index=target.link.index if target else None,
        pane=target.pane.id if target else None,
        client=invocation.request.client,
        extra=invocation.request.variables,
    )
    return expand(template, context, time=time)
