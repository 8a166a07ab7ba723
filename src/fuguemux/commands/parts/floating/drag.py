"""Moving and resizing floating panes with the mouse: what is held, and where the pane is afterwards."""

from msgspec.structs import replace

from fuguemux.commands.parts.floating.places import changed, inside
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import BeginDrag
from fuguemux.model.events import AnyEvent, PaneActivated
from fuguemux.model.floating import Floating, found, framed
from fuguemux.model.layout import Rectangle
from fuguemux.model.limits import PANE_COLUMNS_MIN
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Window
from fuguemux.model.window_panes import pane_rectangle, zoomed_pane
from fuguemux.targets.targets import pane_target

_Cell = tuple[int, int]


def held_pane(
    state: ServerState, live: LiveView, invocation: Invocation
) -> tuple[Window, Floating] | None:
    """The floating pane that the mouse holds: that of `-t` while a drag goes on, else the one under the mouse."""
    flags = invocation.flags
    try:
        target = pane_target(state, live, invocation.request, flags.value("t") or "=")
    except Refused:
        return None
    pane = found(target.window.floating, target.pane.id)
    if pane is None or pane.pane == zoomed_pane(target.window):
        return None
    return target.window, pane


def dragged(
    state: ServerState, live: LiveView, invocation: Invocation, *, moves: bool
) -> Decision | None:
    """The decision of `resize-pane -M`, or with `moves` of `move-pane -M`. None: the mouse holds no floating pane."""
    mouse, client = invocation.request.mouse, invocation.request.client
    if mouse is None or not any(each.id == client for each in live.clients()):
        return None
    held = held_pane(state, live, invocation)
    if held is None:
        return None
    window, pane = held
    before, now = mouse.in_window(before=True), mouse.in_window()
    place = pane_rectangle(window, pane.pane)
    shown = replace(pane, x=place.x, y=place.y, columns=place.columns, rows=place.rows)
    after = moved_by(shown, before, now) if moves else pulled(shown, before, now)
    events: tuple[AnyEvent, ...] = ()
    if window.active != pane.pane or window.floating[0] is not pane:
        events = (PaneActivated(window.id, pane.pane),)
        others = tuple(each for each in window.floating if each is not pane)
        window = replace(window, floating=(pane, *others))
    if after != shown:
        events = (*events, *changed(window, inside(window, after)))
    return Decision(events, (BeginDrag(client, f"{invocation.name} -M -t %{pane.pane}"),))


def moved_by(pane: Floating, before: _Cell, now: _Cell) -> Floating:
    return replace(pane, x=pane.x + now[0] - before[0], y=pane.y + now[1] - before[1])


def pulled(pane: Floating, before: _Cell, now: _Cell) -> Floating:
    """`pane` after the mouse went from the cell `before`, on its border, to `now`.

    The top border moves the pane, its corners and the other borders change its size. The cell beside a corner counts as
    the corner.
    """
    frame = framed(pane, Rectangle(pane.x, pane.y, pane.columns, pane.rows))
    right, bottom = frame.x + frame.columns - 1, frame.y + frame.rows - 1
    column, row = before
    if not (frame.x <= column <= right and frame.y <= row <= bottom):
        return pane
    at_end = row in (frame.y, bottom)
    left_side = column == frame.x or (at_end and column == frame.x + 1)
    right_side = column == right or (at_end and column == right - 1)
    if row == frame.y and not (left_side or right_side):
        return moved_by(pane, before, now)
    across, down = now[0] - before[0], now[1] - before[1]
    x, y, columns, rows = pane.x, pane.y, pane.columns, pane.rows
    if left_side:
        across = min(across, columns - PANE_COLUMNS_MIN)
        x, columns = x + across, columns - across
    elif right_side:
        columns = max(columns + across, PANE_COLUMNS_MIN)
    if row == frame.y:
        down = min(down, rows - PANE_COLUMNS_MIN)
        y, rows = y + down, rows - down
    elif row == bottom:
        rows = max(rows + down, PANE_COLUMNS_MIN)
    return replace(pane, x=x, y=y, columns=columns, rows=rows)
