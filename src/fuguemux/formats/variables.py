"""The variables of formats, in one table for each thing: the server, a session, a window, a pane, a client.

A name is looked up as an option, in these tables, among the additional variables of the context, among the variables
that only the server knows, and in the environment, in this order. An unknown name gives None.
"""

from collections.abc import Callable
from typing import Final

from fuguemux import TMUX_VERSION
from fuguemux.formats.buffers import variables_of
from fuguemux.formats.context import View
from fuguemux.formats.groups import GROUP
from fuguemux.formats.panes import CLIENT, PANE
from fuguemux.formats.pointed import MOUSE
from fuguemux.formats.text import flag
from fuguemux.model.decision import Refused
from fuguemux.model.layout_strings import window_layout_string
from fuguemux.model.live import ACTIVITY, BELL, SILENCE, MarkedPane
from fuguemux.model.state import (
    Link,
    Options,
    Session,
    Window,
    is_linked_elsewhere,
    link_of,
    sessions_with,
)
from fuguemux.model.window_panes import panes_in
from fuguemux.options import options
from fuguemux.options.options import OptionPlace
from fuguemux.options.table import BY_NAME

Server = Callable[[View], str]


def _host_short(view: View) -> str:
    return view.server.host.partition(".")[0]


def _mark(view: View) -> MarkedPane | None:
    mark = view.live.mark()
    return mark if mark is not None and mark.holds(view.state) else None


SERVER: Final[dict[str, Server]] = {
    "config_files": lambda view: view.server.config_files,
    "fugue_version": lambda view: view.server.version,
    "host": lambda view: view.server.host,
    "host_short": _host_short,
    "next_session_id": lambda view: f"${view.state.next_session}",
    "pane_marked_set": lambda view: flag(_mark(view) is not None),
    "pid": lambda view: str(view.server.pid),
    "recovery_summary": lambda view: view.server.recovery_summary,
    "server_sessions": lambda view: str(len(view.state.sessions)),
    "socket_path": lambda view: view.server.socket_path,
    "start_time": lambda view: str(view.server.started_s),
    "uid": lambda view: str(view.server.uid),
    "user": lambda view: view.server.user,
    "version": lambda view: TMUX_VERSION,
}


# Sessions.


def _attached(view: View, session: Session) -> int:
    return sum(client.session == session.id for client in view.clients)


def _attached_list(view: View, session: Session) -> str:
    return ",".join(client.name for client in view.clients if client.session == session.id)


def _session_activity(view: View, session: Session) -> str:
    seconds = view.live.activity_s(session.id, "session")
    return str(seconds or session.created_ms // 1000)


def _session_stack(view: View, session: Session) -> str:
    there = {link.index for link in session.links}
    recent = [index for index in session.last if index in there]
    return ",".join(str(index) for index in (session.active, *recent))


def _last_attached(view: View, session: Session) -> str:
    seconds = view.live.last_attached_s(session.id)
    return str(seconds) if seconds else ""


def _neighbour_index(session: Session, *, last: bool) -> str:
    if last:
        return str(session.links[-1].index) if session.links else ""
    return str(session.active)


def _session_marked(view: View, session: Session) -> str:
    mark = _mark(view)
    return flag(mark is not None and mark.session == session.id)


def _marks(view: View, window: Window) -> str:
    return "" if view.session is None else view.live.alerts(view.session.id, window.id)


def _session_alerts(view: View, session: Session) -> str:
    marked = ((link.index, view.live.alerts(session.id, link.window)) for link in session.links)
    return ",".join(f"{index}{marks}" for index, marks in marked if marks)


SESSION: Final[dict[str, Callable[[View, Session], str]]] = {
    "active_window_index": lambda view, session: _neighbour_index(session, last=False),
    "last_window_index": lambda view, session: _neighbour_index(session, last=True),
    "session_activity": _session_activity,
    "session_alerts": _session_alerts,
    "session_attached": lambda view, session: str(_attached(view, session)),
    "session_attached_list": _attached_list,
    "session_created": lambda view, session: str(session.created_ms // 1000),
    "session_format": lambda view, session: flag(view.context.window is None),
    "session_id": lambda view, session: f"${session.id}",
    "session_last_attached": _last_attached,
    "session_many_attached": lambda view, session: flag(_attached(view, session) > 1),
    "session_marked": _session_marked,
    "session_name": lambda view, session: session.name,
    "session_path": lambda view, session: session.cwd.decode("utf-8", "surrogateescape"),
    "session_stack": _session_stack,
    "session_windows": lambda view, session: str(len(session.links)),
    **GROUP,
}


# Windows.


def _is_last(session: Session, link: Link) -> bool:
    return bool(session.last) and session.last[0] == link.index


def _raw_flags(view: View, window: Window) -> str:
    session, link = view.session, view.link
    flags = _marks(view, window)
    if session is not None and link is not None:
        if link.index == session.active:
            flags += "*"
        elif _is_last(session, link):
            flags += "-"
    return flags + ("M" if _is_marked(view) else "") + ("Z" if window.zoomed else "")


def _is_marked(view: View) -> bool:
    """Whether the marked pane is in this window of this session."""
    mark, session, link = _mark(view), view.session, view.link
    if mark is None or session is None or link is None:
        return False
    return (mark.session, mark.index) == (session.id, link.index)


def _stack_index(view: View) -> str:
    session, link = view.session, view.link
    if session is None or link is None or link.index not in session.last:
        return "0"
    return str(session.last.index(link.index) + 1)


def _visible_layout(view: View, window: Window) -> str:
    return window_layout_string(window, visible=True)


def _window_clients(view: View, window: Window) -> list[str]:
    watched = []
    for client in view.clients:
        session = view.state.sessions.get(client.session)
        link = None if session is None else link_of(session, session.active)
        if link is not None and link.window == window.id:
            watched.append(client.name)
    return watched


def _active_sessions(view: View, window: Window) -> list[str]:
    found = []
    for session in sessions_with(view.state, window.id):
        link = link_of(session, session.active)
        if link is not None and link.window == window.id:
            found.append(session.name)
    return found


def _window_activity(view: View, window: Window) -> str:
    seconds = view.live.activity_s(window.id, "window")
    return str(seconds or window.created_ms // 1000)


def _edge(view: View, *, first: bool) -> str:
    session, link = view.session, view.link
    if session is None or link is None:
        return "0"
    return flag(link == session.links[0 if first else -1])


def _window_active(view: View) -> str:
    return flag(
        view.session is not None
        and view.link is not None
        and view.link.index == view.session.active
    )


def _window_last(view: View) -> str:
    return flag(
        view.session is not None and view.link is not None and _is_last(view.session, view.link)
    )


def _sessions_of(view: View, window: Window) -> list[str]:
    return [session.name for session in sessions_with(view.state, window.id)]


WINDOW: Final[dict[str, Callable[[View, Window], str]]] = {
    "window_active": lambda view, window: _window_active(view),
    "window_active_clients": lambda view, window: str(len(_window_clients(view, window))),
    "window_active_clients_list": lambda view, window: ",".join(_window_clients(view, window)),
    "window_active_sessions": lambda view, window: str(len(_active_sessions(view, window))),
    "window_active_sessions_list": lambda view, window: ",".join(_active_sessions(view, window)),
    "window_activity": _window_activity,
    "window_activity_flag": lambda view, window: flag(ACTIVITY in _marks(view, window)),
    "window_bell_flag": lambda view, window: flag(BELL in _marks(view, window)),
    "window_cell_height": lambda view, window: "32",
    "window_cell_width": lambda view, window: "16",
    "window_end_flag": lambda view, window: _edge(view, first=False),
    "window_flags": lambda view, window: _raw_flags(view, window).replace("#", "##"),
    "window_format": lambda view, window: flag(
        view.context.window is not None and view.context.pane is None
    ),
    "window_height": lambda view, window: str(window.layout.rows),
    "window_id": lambda view, window: f"@{window.id}",
    "window_index": lambda view, window: "" if view.link is None else str(view.link.index),
    "window_last_flag": lambda view, window: _window_last(view),
    "window_layout": lambda view, window: window_layout_string(window),
    "window_linked": lambda view, window: flag(
        view.session is not None and is_linked_elsewhere(view.state, view.session, window)
    ),
    "window_linked_sessions": lambda view, window: str(len(_sessions_of(view, window))),
    "window_linked_sessions_list": lambda view, window: ",".join(_sessions_of(view, window)),
    "window_marked_flag": lambda view, window: flag(_is_marked(view)),
    "window_name": lambda view, window: window.name,
    "window_panes": lambda view, window: str(len(panes_in(window))),
    "window_raw_flags": _raw_flags,
    "window_silence_flag": lambda view, window: flag(SILENCE in _marks(view, window)),
    "window_stack_index": lambda view, window: _stack_index(view),
    "window_start_flag": lambda view, window: _edge(view, first=True),
    "window_visible_layout": _visible_layout,
    "window_width": lambda view, window: str(window.layout.columns),
    "window_zoomed_flag": lambda view, window: flag(window.zoomed),
}


# Everything.


def find(name: str, view: View) -> str | None:
    """The value of the variable, or None if there is no such variable."""
    value = _option(name, view)
    if value is None:
        value = _own(name, view)
    if value is None:
        value = view.context.extra.get(name)
    if value is None and name.startswith("buffer_") and view.pane is not None:
        newest = view.state.buffers[:1]
        value = variables_of(newest[0]).get(name) if newest else None
    if value is None:
        value = view.live.variable(name)
    return _environment(name, view) if value is None else value


def _own(name: str, view: View) -> str | None:
    if name in SERVER:
        return SERVER[name](view)
    if name in SESSION:
        return None if view.session is None else SESSION[name](view, view.session)
    if name in WINDOW:
        return None if view.window is None else WINDOW[name](view, view.window)
    if name in PANE:
        return None if view.pane is None else PANE[name](view, view.pane)
    if name in MOUSE:
        asker = view.context.asker
        mouse = None if asker is None else asker.mouse
        return None if mouse is None else MOUSE[name](view, mouse)
    if name in CLIENT:
        return None if view.client is None else CLIENT[name](view, view.client)
    return None


def _places(view: View) -> list[OptionPlace]:
    """The places in which a user option is looked up, in this order."""
    places = [OptionPlace("server")]
    if view.pane is not None:
        places.append(OptionPlace("pane", view.pane.id))
    if view.window is not None:
        places.append(OptionPlace("window", view.window.id))
    places.append(OptionPlace("global-window"))
    if view.session is not None:
        places.append(OptionPlace("session", view.session.id))
    return [*places, OptionPlace("global-session")]


def _option(name: str, view: View) -> str | None:
    if name.startswith("@"):
        for place in _places(view):
            own: Options = options.local(view.state, place)
            if name in own:
                return own[name]
        return None
    plain = name.partition("[")[0]
    option = BY_NAME.get(plain)
    if option is None:
        return None
    place = options.place_of(option, view.session, view.window, view.pane)
    if option.array is None:
        if plain != name:
            return None
        return option.in_format(
            options.inherited(view.state, view.live.option_defaults(), place, option)
        )
    try:
        index = options.match(name).at
    except Refused:
        return None
    values = options.inherited_array(view.state, place, option)
    return "" if index is None else values.get(index)


def _environment(name: str, view: View) -> str | None:
    key = name.encode("utf-8", "surrogateescape")
    layers = [view.state.environment, view.state.hidden]
    if view.session is not None:
        layers = [view.session.environment, view.session.hidden, *layers]
    for layer in layers:
        if key in layer:
            value = layer[key]
            return None if value is None else value.decode("utf-8", "surrogateescape")
    return None


def known_names() -> list[str]:
    """The names of all variables in the tables of this module, sorted."""
    return sorted((*SERVER, *SESSION, *WINDOW, *PANE, *CLIENT, *MOUSE))
