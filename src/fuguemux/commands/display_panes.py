"""display-panes: show the numbers of the panes over them, so that the user of a client can choose one."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import number
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.overlay_effects import NumberPanes
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind

_TEMPLATE: Final = 'select-pane -t "%%%"'
_DELAY_MAX: Final = 2**32 - 1


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    client, flags = invocation.client, invocation.flags
    session = state.sessions[client.session]
    given = flags.value("d")
    if given is None:
        delay = int(settings.text(state, live, "display-panes-time", session=session))
    else:
        delay = number("delay", given, 0, _DELAY_MAX)
    effect = NumberPanes(
        client.id,
        invocation.arguments[0] if invocation.arguments else _TEMPLATE,
        delay,
        reads_keys=not flags.has("N"),
        wait=not flags.has("b"),
    )
    return Decision(effects=(effect,))


COMMAND: Final = Command(
    name="display-panes",
    alias="displayp",
    flags="bd:Nt:",
    usage="[-bN] [-d duration] [-t target-client] [template]",
    arguments=(0, 1),
    client=TargetFlag("t", TargetKind.CLIENT),
    decide=decide,
    help="Show the numbers of the panes, to choose one.",
)
