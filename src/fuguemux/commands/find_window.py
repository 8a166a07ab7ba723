"""find-window: show the windows in which a text is found, in a tree to choose from."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.mode_lists import shown
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, text = invocation.flags, invocation.arguments[0]
    how = ("r" if flags.has("r") else "") + ("i" if flags.has("i") else "")
    how = f"/{how}" if how else ""
    star = "" if flags.has("r") else "*"
    looks = {
        "C": f"#{{C{how}:{text}}}",
        "N": f"#{{m{how}:{star}{text}{star},#{{window_name}}}}",
        "T": f"#{{m{how}:{star}{text}{star},#{{pane_title}}}}",
    }
    chosen = [look for flag, look in looks.items() if flags.has(flag)] or list(looks.values())
    wanted = chosen.pop()
    for look in reversed(chosen):
        wanted = f"#{{||:{look},{wanted}}}"
    return shown(invocation, "tree-mode", search=wanted)


COMMAND: Final = Command(
    name="find-window",
    alias="findw",
    flags="CiNrt:TZ",
    usage="[-CiNrTZ] [-t target-pane] match-string",
    arguments=(1, 1),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Search windows for a text, and choose one from a tree.",
)
