"""select-window, and what it shares with next-window, previous-window and last-window: make another window current."""

from collections.abc import Callable
from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import WindowSelected
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Session, link_of
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    if flags.has("n"):
        return stepped(target.session, 1)
    if flags.has("p"):
        return stepped(target.session, -1)
    if flags.has("l"):
        return to_last(target.session)
    if flags.has("T") and target.link.index == target.session.active:
        return to_last(target.session)
    return Decision((WindowSelected(target.session.id, target.link.index),))


def stepped(session: Session, step: int) -> Decision:
    """Select the next window (`step` 1) or the previous one (-1), wrapping around at the ends. Raises Refused if
    there is no other."""
    indices = [link.index for link in session.links]
    if len(indices) < 2:
        raise Refused("no next window" if step > 0 else "no previous window")
    at = indices.index(session.active)
    return Decision((WindowSelected(session.id, indices[(at + step) % len(indices)]),))


def to_last(session: Session) -> Decision:
    """Select the previously current window. Raises Refused if there is none."""
    index = next((i for i in session.last if link_of(session, i) is not None), None)
    if index is None:
        raise Refused("no last window")
    return Decision((WindowSelected(session.id, index),))


def _next_marked(session: Session, marks: Callable[[int], str], step: int) -> int | None:
    """The index of the next link with a mark after the current one (`step` 1) or before it (-1), wrapping around; None
    if no link has one. `marks` returns the marks at an index."""
    indices = [link.index for link in session.links][::step]
    at = indices.index(session.active)
    return next((index for index in (*indices[at + 1 :], *indices[: at + 1]) if marks(index)), None)


def _to_alert(live: LiveView, session: Session, step: int) -> Decision:
    """Select the next window with an alert. Raises Refused if there is none."""

    def marks(index: int) -> str:
        link = link_of(session, index)
        return "" if link is None else live.alerts(session.id, link.window)

    index = _next_marked(session, marks, step)
    if index is None:
        raise Refused("no next window" if step > 0 else "no previous window")
    return Decision((WindowSelected(session.id, index),))


def decide_next(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    session = invocation.target.session
    return _to_alert(live, session, 1) if invocation.flags.has("a") else stepped(session, 1)


def decide_previous(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    session = invocation.target.session
    return _to_alert(live, session, -1) if invocation.flags.has("a") else stepped(session, -1)


def decide_last(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return to_last(invocation.target.session)


COMMAND: Final = Command(
    name="select-window",
    alias="selectw",
    flags="lnpTt:",
    usage="[-lnpT] [-t target-window]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.WINDOW),
    decide=decide,
    help="Make a window the current one.",
)
