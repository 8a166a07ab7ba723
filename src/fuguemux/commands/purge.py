"""purge: delete what panes have shown from their screens, their history and the disk."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import Purge
from fuguemux.model.events import HistoryCleared
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.targets import pane_target

_USAGE: Final = "usage: purge -t target-pane | --all"


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    panes = _panes(state, live, invocation)
    cleared = tuple(HistoryCleared(pane) for pane in panes)
    return Decision(cleared, effects=(Purge(panes, everything=invocation.arguments == ("--all",)),))


def _panes(state: ServerState, live: LiveView, invocation: Invocation) -> tuple[PaneId, ...]:
    match invocation.arguments:
        case ("--all",):
            return tuple(state.panes)
        case ("-t", target):
            # A direct call: this command parses its own words, because of --all.
            return (pane_target(state, live, invocation.request, target).pane.id,)
        case _:
            raise Refused(_USAGE)


COMMAND: Final = Command(
    name="purge",
    alias="",
    flags="",
    usage="-t target-pane | --all",
    arguments=(0, None),
    decide=decide,
    help="Delete what panes have shown from the screen, the history and the disk.",
    plain_words=True,
)
