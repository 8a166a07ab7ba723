"""The options and formats that commands need, with the live view as the source of defaults."""

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
    """The value in force of an option, as canonical text."""
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
    """`template` expanded as a format about `target` for the requester. `time`: conversions of strftime too."""
    context = FormatContext(
        state,
        live,
        session=target.session.id if target else None,
        window=target.window.id if target else None,
        index=target.link.index if target else None,
        pane=target.pane.id if target else None,
        client=invocation.request.client,
        asker=invocation.request,
        extra=invocation.request.variables,
    )
    return expand(template, context, time=time)
