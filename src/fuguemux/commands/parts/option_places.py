"""The place that set-option and show-options work on, by their flags and the scope of the option."""

from fuguemux.formats.formats import FormatContext
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Refused
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options.options import Name, OptionPlace

WINDOW_COMMANDS = ("set-window-option", "show-window-options")


def _existing(invocation: Invocation, target: Target | None, kind: str) -> Target:
    if target is not None:
        return target
    given = invocation.flags.value("t")
    if given:
        raise Refused(f"no such {kind}: {given}")
    raise Refused(f"no current {kind}")


def place_by_flags(invocation: Invocation, target: Target | None) -> OptionPlace:
    """The place that `-s`, `-w`, `-p` and `-g` name. Raises Refused if there is no such session, window or pane."""
    flags = invocation.flags
    if flags.has("s"):
        return OptionPlace("server")
    if flags.has("p"):
        return OptionPlace("pane", _existing(invocation, target, "pane").pane.id)
    if flags.has("w") or invocation.name in WINDOW_COMMANDS:
        if flags.has("g"):
            return OptionPlace("global-window")
        return OptionPlace("window", _existing(invocation, target, "window").window.id)
    if flags.has("g"):
        return OptionPlace("global-session")
    return OptionPlace("session", _existing(invocation, target, "session").session.id)


def place_of(invocation: Invocation, target: Target | None, name: Name) -> OptionPlace:
    """The place of a named option: its scope says of which kind, and the flags say which one. Raises Refused as above."""
    option = name.option
    if option is None:
        return place_by_flags(invocation, target)
    if option.scope == "server":
        return OptionPlace("server")
    if option.scope == "session":
        if invocation.flags.has("g"):
            return OptionPlace("global-session")
        return OptionPlace("session", _existing(invocation, target, "session").session.id)
    if option.pane and invocation.flags.has("p"):
        return OptionPlace("pane", _existing(invocation, target, "pane").pane.id)
    if invocation.flags.has("g"):
        return OptionPlace("global-window")
    return OptionPlace("window", _existing(invocation, target, "window").window.id)


def context_of(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target | None
) -> FormatContext:
    """The context of formats in the arguments of the command."""
    client = invocation.request.client
    if target is None:
        return FormatContext(
            state,
            live,
            client=client,
            asker=invocation.request,
            extra=invocation.request.variables,
        )
    return FormatContext(
        state,
        live,
        session=target.session.id,
        window=target.window.id,
        index=target.link.index,
        pane=target.pane.id,
        client=client,
        asker=invocation.request,
        extra=invocation.request.variables,
    )
