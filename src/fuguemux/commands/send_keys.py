"""send-keys: send keys, text or bytes to a pane, as if they were typed there."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import number
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import AnyEffect, CopyModeCommand, ResetTerminal, SendBytes, SendKeys
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind

REPEATS_MAX: Final = 100_000
"""tmux allows four thousand million repeats, which keep it busy for hours."""
KEYS_BYTES_MAX: Final = 16 << 20
"""The same limit as for input that waits for a program which does not read."""


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    repeat = flags.value("N")
    times = 1 if repeat is None else number("repeat count", repeat, 1, REPEATS_MAX)
    words = invocation.arguments
    if flags.has("F"):
        words = tuple(settings.expanded(state, live, invocation, word, target) for word in words)
    if flags.has("X"):
        return _mode_command(live, target.pane.id, words, times)
    effects: list[AnyEffect] = []
    if flags.has("R"):
        effects.append(ResetTerminal(target.pane.id))
    if not words:
        return Decision(effects=tuple(effects))
    if flags.has("H"):
        data = bytes(code for word in words if (code := _hexadecimal(word)) is not None)
        if len(data) * times > KEYS_BYTES_MAX:
            raise Refused(f"{len(data) * times} bytes are too many to be sent at once")
        effects.append(SendBytes(target.pane.id, data * times))
    else:
        effects.append(SendKeys(target.pane.id, words, literal=flags.has("l"), times=times))
    return Decision(effects=tuple(effects))


def _hexadecimal(word: str) -> int | None:
    """A byte given by its hexadecimal number. None for anything else, which is skipped as in tmux."""
    try:
        code = int(word, 16)
    except ValueError:
        return None
    return code if 0 <= code <= 0xFF else None


def _mode_command(live: LiveView, pane: PaneId, words: tuple[str, ...], times: int) -> Decision:
    """A command of copy mode. Unknown commands do nothing, as in tmux."""
    if not live.pane(pane).in_mode:
        raise Refused("not in a mode")
    if not words:
        return Decision()
    argument = words[1] if len(words) > 1 else ""
    return Decision(effects=(CopyModeCommand(pane, words[0], argument, times),))


COMMAND: Final = Command(
    name="send-keys",
    alias="send",
    flags="FHlMN:Rt:X",
    usage="[-FHlMRX] [-N repeat-count] [-t target-pane] key ...",
    arguments=(0, None),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Send keys or text to a pane.",
)
