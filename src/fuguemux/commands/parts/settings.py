"""Options as commands use them: typed, for one session, window or pane, with inheritance. And formats about a target."""

from fuguemux.formats.formats import FormatContext, expand
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.live import LiveView
from fuguemux.model.state import Pane, ServerState, Session, Window
from fuguemux.options import options


def text(
    state: ServerState,
    live: LiveView,
    name: str,
    *,
    session: Session | None = None,
    window: Window | None = None,
    pane: Pane | None = None,
) -> str:
    """The option's value in its text form."""
    defaults = live.option_defaults()
    return options.get(state, defaults, name, session=session, window=window, pane=pane)


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
