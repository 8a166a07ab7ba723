"""show-environment: print a session's or the global environment, as assignments or as commands for a shell."""

from fuguemux.commands.command import Command
from fuguemux.commands.parts.environments import environment_of
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _line(key: bytes, value: bytes | None, *, for_shell: bool) -> str:
    name = _text(key)
    if not for_shell:
        return f"-{name}" if value is None else f"{name}={_text(value)}"
    if value is None:
        return f"unset {name};"
    escaped = "".join("\\" + char if char in '$`"\\' else char for char in _text(value))
    return f'{name}="{escaped}"; export {name};'


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    _, environment, hidden = environment_of(state, live, invocation)
    shown = sorted((hidden if invocation.flags.has("h") else environment).items())
    if invocation.arguments:
        wanted = invocation.arguments[0]
        key = wanted.encode("utf-8", "surrogateescape")
        if key not in environment and key not in hidden:
            raise Refused(f"unknown variable: {wanted}")
        shown = [entry for entry in shown if entry[0] == key]
    for_shell = invocation.flags.has("s")
    lines = tuple(_line(key, value, for_shell=for_shell) for key, value in shown)
    return Decision(reply=Reply(lines=lines))


COMMAND = Command(
    name="show-environment",
    alias="showenv",
    flags="hgst:",
    usage="[-hgs] [-t target-session] [name]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.SESSION, Absence.NOTHING),
    decide=decide,
    help="Show the environment of new processes; with -h the variables that only formats see.",
    read_only=True,
)
