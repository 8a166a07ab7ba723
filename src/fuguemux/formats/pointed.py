"""The format variables of the mouse event that runs a command."""

from collections.abc import Callable
from typing import Final

from fuguemux.formats.context import View
from fuguemux.formats.words import word_at
from fuguemux.model.live import TextAt
from fuguemux.model.pane_places import every_rectangle
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import Pane, current_link
from fuguemux.options import options

_NO_TEXT: Final = TextAt()


def _pane(view: View, mouse: Pointing) -> Pane | None:
    """The pane that the event is about."""
    session = view.state.sessions.get(mouse.session)
    if session is None:
        return None
    window = view.state.windows.get(mouse.window or current_link(session).window)
    if window is None:
        return None
    found = None if mouse.pane is None else view.state.panes.get(mouse.pane)
    return found if found is not None and found.window == window.id else None


def _in_pane(view: View, mouse: Pointing) -> tuple[Pane, int, int] | None:
    """The pane, and the column and row of the event in it; None: it was outside of the pane."""
    pane = _pane(view, mouse)
    if pane is None:
        return None
    window = view.state.windows[pane.window]
    x, y, columns, rows = every_rectangle(view.state, window)[pane.id]
    column, row = mouse.column + mouse.offset_column, mouse.row + mouse.offset_row
    if mouse.status_row == 0 and row >= mouse.status_rows:
        row -= mouse.status_rows
    if x <= column < x + columns and y <= row < y + rows:
        return pane, column - x, row - y
    return None


def _in_status(mouse: Pointing) -> bool:
    if mouse.status_row == 0:
        return mouse.row < mouse.status_rows
    return mouse.row >= mouse.status_row > 0


def _column(view: View, mouse: Pointing) -> str:
    found = _in_pane(view, mouse)
    if found is not None:
        return str(found[1])
    return str(mouse.column) if _in_status(mouse) else ""


def _row(view: View, mouse: Pointing) -> str:
    found = _in_pane(view, mouse)
    if found is not None:
        return str(found[2])
    return str(mouse.row - mouse.status_row) if _in_status(mouse) else ""


def _text(view: View, mouse: Pointing) -> TextAt:
    found = _in_pane(view, mouse)
    return _NO_TEXT if found is None else view.live.text_at(found[0].id, *found[1:])


def _line(view: View, mouse: Pointing) -> str:
    return _text(view, mouse).row


def _word(view: View, mouse: Pointing) -> str:
    separators = options.get(view.state, view.live.option_defaults(), "word-separators")
    return word_at(_text(view, mouse), separators)


MOUSE: Final[dict[str, Callable[[View, Pointing], str]]] = {
    "mouse_line": _line,
    "mouse_word": _word,
    "mouse_x": _column,
    "mouse_y": _row,
}
