"""What is true of every state between two transactions. Tests and recovery check it; docs/invariants.md lists it."""

from collections.abc import Iterator

from fuguemux.model.layout_strings import adds_up
from fuguemux.model.state import ServerState, Session, Window, group_of, link_of
from fuguemux.model.window_panes import panes_in


def violations(state: ServerState) -> Iterator[str]:
    """Yield one line for each fault of `state`; nothing if it is consistent."""
    yield from _counters(state)
    names = [session.name for session in state.sessions.values()]
    if len(names) != len(set(names)):
        yield "two sessions have the same name"
    yield from _groups(state)
    linked = set()
    for session in state.sessions.values():
        yield from _session(state, session)
        linked |= {link.window for link in session.links}
    for window in state.windows.values():
        if window.id not in linked:
            yield f"@{window.id} is in no session"
        yield from _window(state, window)
    for pane in state.panes.values():
        window_of = state.windows.get(pane.window)
        if window_of is None or pane.id not in panes_in(window_of):
            yield f"%{pane.id} is not in the layout of @{pane.window}"


def _counters(state: ServerState) -> Iterator[str]:
    for what, ids, counter in (
        ("session", state.sessions, state.next_session),
        ("window", state.windows, state.next_window),
        ("pane", state.panes, state.next_pane),
    ):
        if ids and max(ids) >= counter:
            yield f"the next {what} number {counter} is already taken"


def _session(state: ServerState, session: Session) -> Iterator[str]:
    if not session.links:
        yield f"${session.id} has no windows"
        return
    indices = [link.index for link in session.links]
    if indices != sorted(set(indices)):
        yield f"the windows of ${session.id} are not in index order"
    if link_of(session, session.active) is None:
        yield f"the current window of ${session.id} does not exist"
    for index in session.last:
        if index not in indices or index == session.active:
            yield f"${session.id} remembers window {index}, which it has not or which is current"
    for link in session.links:
        if link.window not in state.windows:
            yield f"${session.id} links @{link.window}, which does not exist"


def _groups(state: ServerState) -> Iterator[str]:
    for session in state.sessions.values():
        first = group_of(state, session)[0]
        if session.links != first.links:
            yield f"${session.id} and ${first.id} are in a group and have other links"


def _window(state: ServerState, window: Window) -> Iterator[str]:
    panes = panes_in(window)
    if len(panes) != len(set(panes)):
        yield f"a pane is twice in the layout of @{window.id}"
    for pane in panes:
        if pane not in state.panes or state.panes[pane].window != window.id:
            yield f"the layout of @{window.id} holds %{pane}, which is not its pane"
    if window.active not in panes:
        yield f"the active pane of @{window.id} is not in its layout"
    for pane in window.last:
        if pane not in panes or pane == window.active:
            yield f"@{window.id} remembers %{pane}, which it has not or which is active"
    for each in window.floating:
        if each.columns < 1 or each.rows < 1:
            yield f"the floating pane %{each.pane} of @{window.id} has no cells"
    if not adds_up(window.layout):
        yield f"the cells of @{window.id} do not add up"
