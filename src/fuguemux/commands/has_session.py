"""has-session: report by the exit code whether a session exists."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return Decision()


COMMAND: Final = Command(
    name="has-session",
    alias="has",
    flags="t:",
    usage="[-t target-session]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.SESSION),
    decide=decide,
    help="Exit with 0 if the session exists, else with 1.",
    read_only=True,
)
