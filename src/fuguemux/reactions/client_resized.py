"""A viewer attached, detached, changed its size or session, or was used: windows get the size that their viewers allow.

The option `window-size` says whose terminal counts, `aggressive-resize` whether only viewers that show the window do.
"""

from collections.abc import Collection

from fuguemux.model.client_sizes import counting, room_for
from fuguemux.model.decision import Decision
from fuguemux.model.events import AnyEvent, LayoutChanged
from fuguemux.model.ids import WindowId
from fuguemux.model.layout import resize
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.pane_places import border_edge
from fuguemux.model.state import ServerState, Session, Window, link_of
from fuguemux.model.window_size import SizedViewer, WindowSize, bounded, window_size
from fuguemux.options import options
from fuguemux.options.derived import status_rows


def decide(
    state: ServerState, live: LiveView, windows: Collection[WindowId] | None = None
) -> Decision:
    """Return new layouts for those of `windows` (None: all) whose size is not what their viewers allow. A window without
    viewers keeps its size.
    """
    viewers = counting(live.clients())
    if not viewers:
        return Decision()
    events: list[AnyEvent] = []
    for _, window in sorted(state.windows.items()):
        if windows is not None and window.id not in windows:
            continue
        size = wanted_size(state, live.option_defaults(), window, viewers)
        if size is None or size == (window.layout.columns, window.layout.rows):
            continue
        layout = resize(window.layout, *size, border_edge(state, window))
        if layout != window.layout:
            events.append(LayoutChanged(window.id, layout))
    return Decision(tuple(events))


def wanted_size(
    state: ServerState,
    defaults: options.Defaults,
    window: Window,
    viewers: Collection[ClientFacts],
) -> WindowSize | None:
    """The size of `window` for those of the `viewers` that see it. None: the size stays.

    No window becomes larger than a size that a control client has set for just this window.
    """
    only_current = options.get_flag(state, defaults, "aggressive-resize", window=window)
    seeing: list[SizedViewer] = []
    limits: list[tuple[int, int]] = []
    for client in sorted(viewers, key=lambda client: client.used):
        session = state.sessions.get(client.session)
        if session is None or not _sees(session, window.id, only_current=only_current):
            continue
        room = room_for(client, window.id, status_rows(state, defaults, session))
        seeing.append(SizedViewer(room, client.used))
        if window.id in client.window_sizes:
            limits.append(client.window_sizes[window.id])
    size = window_size(options.get(state, defaults, "window-size", window=window), seeing)
    if size is None or not limits:
        return size
    return bounded(
        min(size.columns, *(x for x, _ in limits)), min(size.rows, *(y for _, y in limits))
    )


def _sees(session: Session, window: WindowId, *, only_current: bool) -> bool:
    if only_current:
        link = link_of(session, session.active)
        return link is not None and link.window == window
    return any(link.window == window for link in session.links)
