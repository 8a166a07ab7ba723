"""The panes that a client shows, with their numbers and colours for `display-panes`."""

from fuguemux.engine.engine import Engine
from fuguemux.model.pane_places import every_rectangle
from fuguemux.model.window_panes import is_visible, panes_in
from fuguemux.options import options
from fuguemux.options.derived import status_rows
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.overlays.pane_numbers import NumberedPane
from fuguemux.terminal.borders import CellRectangle
from fuguemux.terminal.style import parse


def numbered_panes(engine: Engine, viewer: Viewer) -> list[NumberedPane]:
    """The panes in the client's window, as of now."""
    state, defaults = engine.state, engine.live.option_defaults()
    session, window = viewer.current_session(), viewer.current_window()
    if session is None or window is None:
        return []
    top = 0
    if options.get(state, defaults, "status-position", session=session) == "top":
        top = status_rows(state, defaults, session)

    def colour(name: str) -> str:
        text = options.get(state, defaults, name, session=session)
        try:
            return parse(f"bg={text}").background
        except ValueError:
            return ""

    colours = {
        True: colour("display-panes-active-colour"),
        False: colour("display-panes-colour"),
    }
    first = options.get_number(state, defaults, "pane-base-index", window=window)
    found: list[NumberedPane] = []
    places = every_rectangle(state, window)
    for number, pane in enumerate(panes_in(window), first):
        if not is_visible(window, pane):
            continue
        place = places[pane]
        shown = CellRectangle(place.x, place.y + top, place.columns, place.rows)
        found.append(NumberedPane(pane, number, shown, colours[pane == window.active]))
    return found
