"""attach-session: show a session on the client's terminal."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.attaching import (
    attached,
    given_flags,
    shown,
)
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import AnyEvent
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind
from fuguemux.targets.targets import pane_target, session_target


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    if not state.sessions:
        raise Refused("no sessions")
    flags, text = invocation.flags, invocation.flags.value("t")
    if flags.has("c"):
        raise Refused("a session's working directory cannot be changed: give it to new-session -c")
    events: tuple[AnyEvent, ...] = ()
    # Direct calls, as in tmux: the form of the text decides whether a pane or a session is meant.
    if text is not None and any(separator in text for separator in ":."):
        target = pane_target(state, live, invocation.request, text)
        session, events = target.session, shown(target)
    else:
        session = session_target(state, live, invocation.request, text, prefer_unattached=True)
    return attached(
        state,
        live,
        invocation,
        session,
        detach_others=flags.has("d") or flags.has("x"),
        client_flags=given_flags(invocation),
        events=events,
    )


COMMAND: Final = Command(
    name="attach-session",
    alias="attach",
    flags="c:dEf:rt:x",
    usage="[-dErx] [-c working-directory] [-f flags] [-t target-session]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.NONE),
    decide=decide,
    help="Show a session on this terminal.",
    starts_server=True,
    read_only=True,
)
