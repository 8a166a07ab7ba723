"""select-pane: make another pane active, or give a pane a title or a style."""

from typing import Final

import msgspec

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.commands.parts.selecting import last_pane_selected
from fuguemux.commands.parts.zooming import unzoomed_unless
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision, Reply
from fuguemux.model.effects import MarkPane, SwitchInput, Tell
from fuguemux.model.events import AnyEvent, OptionSet, PaneActivated, PaneTitled
from fuguemux.model.ids import PaneId
from fuguemux.model.limits import TITLE_BYTES_MAX
from fuguemux.model.live import LiveView, MarkedPane
from fuguemux.model.state import ServerState
from fuguemux.model.window_names import bounded_title
from fuguemux.model.window_panes import is_floating, is_visible
from fuguemux.options.without_effect import said
from fuguemux.targets.declaration import TargetFlag, TargetKind
from fuguemux.targets.places import neighbour

_SIDES: Final = {"L": "left", "R": "right", "U": "up", "D": "down"}


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    decision = _decide(state, live, invocation)
    if invocation.flags.has("P") and (line := said("window-style")):
        return msgspec.structs.replace(decision, effects=(*decision.effects, Tell(line)))
    return decision


def _decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    if flags.has("l"):
        return last_pane_selected(target.window, keep_zoom=flags.has("Z"))
    if flags.has("m") or flags.has("M"):
        return Decision(effects=(MarkPane(_mark(live, target, unmark=flags.has("M"))),))
    events = _styled(invocation, target)
    if flags.has("g"):
        style = settings.text(state, live, "window-style", window=target.window, pane=target.pane)
        return Decision(events, reply=Reply((style,)))
    pane: PaneId | None = target.pane.id
    for letter, side in _SIDES.items():
        if flags.has(letter):
            pane = neighbour(state, target.window, target.pane.id, side)
            break
    if pane is None:
        return Decision(events)
    if flags.has("e") or flags.has("d"):
        return Decision(events, (SwitchInput(pane, off=not flags.has("e")),))
    if flags.has("T"):
        title = settings.expanded(state, live, invocation, flags.value("T") or "", target)
        return Decision((*events, PaneTitled(pane, bounded_title(title, TITLE_BYTES_MAX))))
    window = target.window
    behind = is_floating(window, pane) and window.floating[0].pane != pane
    if pane != window.active or behind:
        events += unzoomed_unless(window, keep=flags.has("Z") or is_visible(window, pane))
        events += (PaneActivated(window.id, pane),)
    return Decision(events)


def _mark(live: LiveView, target: Target, *, unmark: bool) -> MarkedPane | None:
    """The mark afterwards: the target, or none if it is marked already."""
    mark = MarkedPane(target.session.id, target.link.index, target.window.id, target.pane.id)
    return None if unmark or live.mark() == mark else mark


def _styled(invocation: Invocation, target: Target) -> tuple[AnyEvent, ...]:
    """`-P`: set the pane's style, both while it is active and while it is not."""
    style = invocation.flags.value("P")
    if style is None:
        return ()
    return tuple(
        OptionSet("pane", target.pane.id, name, style)
        for name in ("window-style", "window-active-style")
    )


COMMAND: Final = Command(
    name="select-pane",
    alias="selectp",
    flags="DdegLlMmP:RT:t:UZ",
    usage="[-DdeLlMmRUZ] [-T title] [-t target-pane]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Make a pane the active one.",
)
