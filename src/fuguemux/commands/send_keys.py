"""send-keys: send keys, text or bytes to a pane, as if they were typed there."""

import re
import sys
from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import number
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import (
    AnyEffect,
    CopyModeCommand,
    ResetTerminal,
    SendBytes,
    SendKeys,
    SendMouse,
)
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import panes_in
from fuguemux.targets.declaration import TargetFlag, TargetKind

_CODE: Final = re.compile("0x[0-9a-fA-F]{1,6}")
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
        given = None if repeat is None else times
        return _mode_command(live, invocation, words, given)
    if flags.has("M"):
        mouse = invocation.request.mouse
        if mouse is None or mouse.pane is None or mouse.pane not in state.panes:
            raise Refused("no mouse target")
        return Decision(effects=(SendMouse(mouse.pane, mouse),))
    if repeat is not None and not words and live.pane(target.pane.id).in_mode:
        return Decision(effects=(CopyModeCommand(target.pane.id, "", times=times),))
    effects: list[AnyEffect] = []
    if flags.has("R"):
        effects.append(ResetTerminal(target.pane.id))
    if not words:
        return Decision(effects=tuple(effects))
    if flags.has("H"):
        data = bytes(code for word in words if (code := _hexadecimal(word)) is not None)
        if len(data) * times > KEYS_BYTES_MAX:
            raise Refused(f"{len(data) * times} bytes are too many to be sent at once")
        effects += [SendBytes(pane, data * times) for pane in _receivers(state, live, target)]
    else:
        literal = flags.has("l")
        keys = words if literal else tuple(map(_by_code, words))
        for pane in _receivers(state, live, target):
            effects.append(SendKeys(pane, keys, literal=literal, times=times))
    return Decision(effects=tuple(effects))


def _receivers(state: ServerState, live: LiveView, target: Target) -> list[PaneId]:
    """The target, and the panes of its window that get its input by `synchronize-panes`: those that show, in no mode."""

    def synchronized(pane: PaneId) -> bool:
        option = settings.text(state, live, "synchronize-panes", pane=state.panes[pane])
        return option == "on" and not live.pane(pane).in_mode

    first, window = target.pane.id, target.window
    if window.zoomed or not synchronized(first):
        return [first]
    others = [pane for pane in panes_in(window) if pane != first and synchronized(pane)]
    return [first, *others]


def _by_code(word: str) -> str:
    """The character whose code the word gives, as `0x41`. Any other word is a key or text, and stays."""
    code = int(word, 16) if _CODE.fullmatch(word) else -1
    if 0 <= code <= sys.maxunicode and not 0xD800 <= code <= 0xDFFF:
        return chr(code)
    return word


def _hexadecimal(word: str) -> int | None:
    """A byte given by its hexadecimal number. None for anything else, which is skipped as in tmux."""
    try:
        code = int(word, 16)
    except ValueError:
        return None
    return code if 0 <= code <= 0xFF else None


def _mode_command(
    live: LiveView, invocation: Invocation, words: tuple[str, ...], times: int | None
) -> Decision:
    """A command of copy mode. Unknown commands do nothing, as in tmux."""
    pane, request = invocation.target.pane.id, invocation.request
    if not live.pane(pane).in_mode:
        raise Refused("not in a mode")
    if not words:
        return Decision()
    client = None if request.mouse is None else request.client
    effect = CopyModeCommand(pane, words[0], words[1:], times, client, request.mouse)
    return Decision(effects=(effect,))


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
