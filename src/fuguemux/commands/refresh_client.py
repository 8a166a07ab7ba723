"""refresh-client: draw a client's screen again, change its flags, or tell a control client's size and what it wants to hear."""

import re
from typing import Final, get_args

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import (
    AnyEffect,
    PaneFlow,
    Refresh,
    SetClientFlags,
    SetControlSize,
    SetPaneFlow,
    Subscribe,
)
from fuguemux.model.ids import ClientId, PaneId, WindowId
from fuguemux.model.limits import WINDOW_COLUMNS_MAX, WINDOW_ROWS_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind

_OF_WINDOW: Final = re.compile(r"@([0-9]{1,9}):(?:([0-9]{1,9})x([0-9]{1,9}))?")
_OF_CLIENT: Final = re.compile(r"([0-9]{1,9})[,x]([0-9]{1,9})")
_FLOWS: Final = {word: word for word in get_args(PaneFlow)}


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, client = invocation.flags, invocation.client
    effects: list[AnyEffect] = [
        SetClientFlags(client.id, text) for letter in "Ff" if (text := flags.value(letter))
    ]
    if any(map(flags.has, "ABC")):
        if not client.control:
            raise Refused("not a control client")
        for letter, value in flags.given:
            if letter == "A":
                effects += _flow(state, client.id, value or "")
            elif letter == "B":
                effects += _subscription(client.id, value or "")
        size = flags.value("C")
        effects += [] if size is None else _size(client.id, size)
    if not (effects or client.control):
        effects.append(Refresh(client.id))
    return Decision(effects=tuple(effects))


def _flow(state: ServerState, client: ClientId, text: str) -> list[AnyEffect]:
    """The change of `pane:state`. As in tmux, a pane or state that does not exist changes nothing."""
    pane, _, word = text.partition(":")
    number = pane[1:]
    if not pane.startswith("%") or not number.isdecimal() or word not in _FLOWS:
        return []
    if PaneId(int(number)) not in state.panes:
        return []
    return [SetPaneFlow(client, PaneId(int(number)), _FLOWS[word])]


def _subscription(client: ClientId, text: str) -> list[AnyEffect]:
    """`name:what:format` begins a subscription, and `name` alone ends it. As in tmux, `name:what` does nothing."""
    name, ends, rest = text.partition(":")
    what, colon, template = rest.partition(":")
    if ends and not colon:
        return []
    return [Subscribe(client, name, what, template if colon else None)]


def _size(client: ClientId, text: str) -> list[AnyEffect]:
    if found := _OF_WINDOW.match(text):
        columns, rows = int(found[2] or 0), int(found[3] or 0)
        if found[2] is not None:
            _check_size(columns, rows)
        return [SetControlSize(client, columns, rows, WindowId(int(found[1])))]
    if not (found := _OF_CLIENT.match(text)):
        raise Refused("bad size argument")
    _check_size(int(found[1]), int(found[2]))
    return [SetControlSize(client, int(found[1]), int(found[2]))]


def _check_size(columns: int, rows: int) -> None:
    if not (1 <= columns <= WINDOW_COLUMNS_MAX and 1 <= rows <= WINDOW_ROWS_MAX):
        raise Refused("size too small or too big")


COMMAND: Final = Command(
    name="refresh-client",
    alias="refresh",
    flags="A:B:cC:Df:F:lLRSt:U",
    usage="[-cDlLRSU] [-A pane:state] [-B name:what:format] [-C XxY] [-f flags] [-t target-client] [adjustment]",
    arguments=(0, 1),
    client=TargetFlag("t", TargetKind.CLIENT),
    decide=decide,
    help="Redraw a client's screen.",
    read_only=True,
)
