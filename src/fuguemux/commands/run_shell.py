"""run-shell: run a shell command outside of panes, or with `-C` commands of fugue."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings, spawning
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import RunCommands, RunShell
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, request = invocation.flags, invocation.request
    target = invocation.optional_target
    delay_ms = _delay_ms(flags.value("d"))
    background = flags.has("b")
    if not invocation.arguments:
        if not delay_ms:
            return Decision()
        return Decision(effects=(RunShell("", background, b"", None, None, delay_ms),))
    command = settings.expanded(state, live, invocation, invocation.arguments[0], target)
    if flags.has("C"):
        return Decision(effects=(RunCommands(command, background, delay_ms),))
    effect = RunShell(
        command,
        background,
        spawning.client_directory(invocation, target.session if target else None),
        request.client,
        target.pane.id if target else None,
        delay_ms,
    )
    return Decision(effects=(effect,))


def _delay_ms(text: str | None) -> int:
    if text is None:
        return 0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400 * 365:
        raise Refused(f"invalid delay time: {text}")
    return round(seconds * 1000)


COMMAND: Final = Command(
    name="run-shell",
    alias="run",
    flags="bd:Ct:",
    usage="[-bC] [-d delay] [-t target-pane] [shell-command]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.PANE, Absence.NO_CURRENT),
    decide=decide,
    help="Run a shell command and show its output.",
)
