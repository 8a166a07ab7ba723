"""select-layout, and what it shares with next-layout and previous-layout: arrange the panes of a window in another
layout."""

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.commands.parts.named_layouts import NAMES, name_meant, named_layout, spread_round
from fuguemux.commands.parts.zooming import unzoomed
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import LayoutChanged, OptionSet, PanesPlaced
from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId
from fuguemux.model.layout import Layout, Rectangle, panes_of, remove, resize
from fuguemux.model.layout_strings import (
    BadLayout,
    layout_string,
    parse_layout_string,
    split_floating,
)
from fuguemux.model.limits import PANES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.pane_places import border_edge
from fuguemux.model.state import ServerState, Window, sessions_with
from fuguemux.model.window_panes import is_floating
from fuguemux.targets.declaration import TargetFlag, TargetKind

_OLD_LAYOUT: Final = "@old-layout"
"""The window's option that stores the layout to which `-o` returns."""
_LEAF: Final = re.compile(r"\d{1,5}x\d{1,5},\d{1,5},\d{1,5}(?![\[{\d])")


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    if flags.has("n"):
        return stepped(state, live, target, 1)
    if flags.has("p"):
        return stepped(state, live, target, -1)
    layout = target.window.layout
    if flags.has("E"):
        if is_floating(target.window, target.pane.id):
            return Decision()
        return arranged(
            target.window, spread_round(layout, target.pane.id, border_edge(state, target.window))
        )
    if invocation.arguments:
        text = invocation.arguments[0]
    else:
        text = target.window.options.get(_OLD_LAYOUT, "") if flags.has("o") else ""
    if not text:
        return Decision(unzoomed(target.window))
    name = None if flags.has("o") else name_meant(text)
    if name is not None:
        return arranged(target.window, _named(state, live, target.window, name))
    text, above = split_floating(text)
    floating = _floating(target.window, text, above)
    fitted = _fitted(state, live, target.window, _parsed(text, layout))
    return arranged(target.window, fitted, floating)


def _floating(window: Window, text: str, above: Sequence[Rectangle]) -> tuple[Floating, ...]:
    """The floating panes at the places that the layout names; where they are if it names none. Raises Refused."""
    if not above:
        return window.floating
    if len(above) != len(window.floating):
        raise Refused(f"have {len(window.floating)} floating panes but need {len(above)}: {text}")
    return tuple(
        replace(each, x=cell.x, y=cell.y, columns=cell.columns, rows=cell.rows)
        for each, cell in zip(window.floating, above, strict=True)
    )


def arranged(
    window: Window, layout: Layout, floating: tuple[Floating, ...] | None = None
) -> Decision:
    """Unzoom `window` and give it `layout`. The layout before that is stored for `-o`. `floating` None: they stay."""
    events = unzoomed(window)
    if floating is not None and floating != window.floating:
        events += (PanesPlaced(window.id, window.layout, floating),)
    if layout != window.layout:
        before = layout_string(window.layout)
        events += (
            LayoutChanged(window.id, layout),
            OptionSet("window", window.id, _OLD_LAYOUT, before),
        )
    return Decision(events)


def stepped(state: ServerState, live: LiveView, target: Target, step: int) -> Decision:
    """The next named layout (`step` 1) or the previous one (-1). The present layout is recognised by comparing it
    with each named one."""
    window = target.window
    looks = [_named(state, live, window, name) for name in NAMES]
    unknown = -1 if step > 0 else 0
    at = looks.index(window.layout) if window.layout in looks else unknown
    return arranged(window, looks[(at + step) % len(NAMES)])


def _named(state: ServerState, live: LiveView, window: Window, name: str) -> Layout:
    return named_layout(
        name,
        window.layout,
        lambda option: settings.text(state, live, option, window=window),
        border_edge(state, window),
    )


def _parsed(text: str, layout: Layout) -> Layout:
    """The panes of `layout` in the cells that `text` describes. Cells without a pane are closed. Raises Refused."""
    panes = panes_of(layout)
    count = len(_LEAF.findall(text))
    extra = [PaneId(-1 - number) for number in range(min(count - len(panes), PANES_MAX))]
    try:
        parsed = parse_layout_string(text, (*panes, *extra))
    except BadLayout as bad:
        raise Refused(f"{bad}: {text}") from None
    for pane in reversed(extra):
        smaller = remove(parsed, pane)
        assert smaller is not None, "there are as many cells as panes"
        parsed = smaller
    return parsed


def _fitted(state: ServerState, live: LiveView, window: Window, layout: Layout) -> Layout:
    """`layout` in the window's present size if any client shows the window; else in the layout's own size."""
    shown_in = {session.id for session in sessions_with(state, window.id)}
    if any(client.session in shown_in for client in live.clients()):
        return resize(layout, window.layout.columns, window.layout.rows, border_edge(state, window))
    return layout


def decide_next(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return stepped(state, live, invocation.target, 1)


def decide_previous(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return stepped(state, live, invocation.target, -1)


COMMAND: Final = Command(
    name="select-layout",
    alias="selectl",
    flags="Enopt:",
    usage="[-Enop] [-t target-pane] [layout-name]",
    arguments=(0, 1),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Arrange a window's panes in a layout.",
)
