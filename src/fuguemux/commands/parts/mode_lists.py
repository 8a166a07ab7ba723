"""What the commands that show a list in a pane have in common: their flags, and the zoom of the pane."""

from typing import Literal

from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import EnterMode, ModeName
from fuguemux.model.events import AnyEvent, PaneActivated, ZoomChanged
from fuguemux.model.window_panes import panes_in

Start = Literal["", "sessions", "windows"]


def shown(
    invocation: Invocation,
    mode: ModeName,
    *,
    template: str = "",
    search: str = "",
    start: Start = "",
    groups: bool = False,
) -> Decision:
    """Put the target pane into a mode with a list; -Z zooms it.

    `search`: a filter, for a command whose other flags say something else."""
    flags, target = invocation.flags, invocation.target
    pane, window = target.pane.id, target.window
    zooms = flags.has("Z") and not window.zoomed and len(panes_in(window)) > 1
    events: tuple[AnyEvent, ...] = ()
    if zooms:
        active = () if window.active == pane else (PaneActivated(window.id, pane),)
        events = (*active, ZoomChanged(window.id, True))
    if search:
        return Decision(events, (EnterMode(pane, mode, filter=search, unzoom=zooms),))
    effect = EnterMode(
        pane,
        mode,
        template=template,
        format=flags.value("F") or "",
        filter=flags.value("f") or "",
        key_format=flags.value("K") or "",
        sort=flags.value("O") or "",
        reverse=flags.has("r"),
        preview=not flags.has("N"),
        start=start,
        unzoom=zooms,
        groups=groups,
    )
    return Decision(events, (effect,))
