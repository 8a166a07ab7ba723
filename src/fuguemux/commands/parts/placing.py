"""Where a menu or a popup is placed on a client: what `-x` and `-y` mean. After tmux(1), `display-menu`."""

import re
from typing import Final

from fuguemux.formats.formats import FormatContext, expand
from fuguemux.language.invocation import Invocation
from fuguemux.model.live import LiveView
from fuguemux.model.pane_places import every_rectangle
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.options.derived import status_rows

_ACROSS: Final = {
    "C": "#{popup_centre_x}",
    "R": "#{popup_pane_right}",
    "P": "#{popup_pane_left}",
    "M": "#{popup_mouse_centre_x}",
    "W": "#{popup_window_status_line_x}",
}
_DOWN: Final = {
    "C": "#{popup_centre_y}",
    "P": "#{popup_pane_bottom}",
    "M": "#{popup_mouse_top}",
    "S": "#{popup_status_line_y}",
    "W": "#{popup_window_status_line_y}",
}
_NUMBER: Final = re.compile(r"\s*([-+]?[0-9]+)")


def placed(
    state: ServerState, live: LiveView, invocation: Invocation, columns: int, rows: int
) -> tuple[int, int] | None:
    """The column and row of a rectangle of this size by `-x` and `-y`. None: it is larger than the client's terminal."""
    client, target = invocation.client, invocation.target
    if columns > client.columns or rows > client.rows:
        return None
    context = FormatContext(
        state,
        live,
        session=target.session.id,
        window=target.window.id,
        index=target.link.index,
        pane=target.pane.id,
        client=invocation.request.client,
        asker=invocation.request,
        extra={
            **invocation.request.variables,
            **_places(state, live, invocation, columns, rows),
        },
    )
    across, down = invocation.flags.value("x") or "C", invocation.flags.value("y") or "C"
    column = _number(expand(_ACROSS.get(across, across), context))
    bottom = _number(expand(_DOWN.get(down, down), context))
    return (
        max(0, min(column, client.columns - columns)),
        max(0, min(bottom - rows, client.rows - rows)),
    )


def _places(
    state: ServerState, live: LiveView, invocation: Invocation, columns: int, rows: int
) -> dict[str, str]:
    """The variables for `-x` and `-y`. A row is the one below the rectangle."""
    client, target = invocation.client, invocation.target
    high, wide = client.rows, client.columns
    defaults = live.option_defaults()
    session = state.sessions[client.session]
    lines = status_rows(state, defaults, session)
    at_top = options.get(state, defaults, "status-position", session=session) == "top"
    found = {"popup_width": columns, "popup_height": rows}
    if lines:
        found["popup_status_line_y"] = lines + rows if at_top else high - lines
        window = client.window_place(target.link.index)
        if window is not None:
            found["popup_window_status_line_x"] = window[0]
            found["popup_window_status_line_y"] = (
                window[1] + 1 + rows if at_top else high - lines + window[1]
            )
    middle = (high - 1) // 2 + rows // 2
    found["popup_centre_x"] = (wide - 1) // 2 - columns // 2
    found["popup_centre_y"] = high - rows if middle >= high else middle
    mouse = invocation.request.mouse
    if mouse is not None:
        middle = mouse.row - rows // 2
        found |= {
            "popup_mouse_x": mouse.column,
            "popup_mouse_y": mouse.row,
            "popup_mouse_centre_x": max(0, mouse.column - columns // 2),
            "popup_mouse_centre_y": high - rows if middle + rows >= high else middle,
            "popup_mouse_top": min(mouse.row + rows, high - 1),
            "popup_mouse_bottom": max(0, mouse.row - rows),
        }
    place = every_rectangle(state, target.window)[target.pane.id]
    top = lines if at_top else 0
    below = top + place.y + rows
    found |= {
        "popup_pane_top": high - rows if below >= high else below,
        "popup_pane_bottom": top + place.y + place.rows,
        "popup_pane_left": place.x,
        "popup_pane_right": max(0, place.x + place.columns - columns),
    }
    return {name: str(value) for name, value in found.items()}


def _number(text: str) -> int:
    """The number at the beginning of the text; 0 if there is none."""
    found = _NUMBER.match(text)
    return int(found.group(1)[:10]) if found else 0
