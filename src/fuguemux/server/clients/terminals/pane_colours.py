"""Gives the colours of the clients' terminals to the panes, whose programs may ask for them."""

from collections.abc import Iterable
from typing import Protocol

from fuguemux.model.ids import SessionId
from fuguemux.model.state import ServerState
from fuguemux.options.environment import session_of
from fuguemux.server.clients.terminals.client_terminal import ClientTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.terminal.emulator import Colours


class ColouredViewer(Protocol):
    """What is needed of an attached client."""

    session: SessionId
    used: int
    terminal: ClientTerminal


def update(viewers: Iterable[ColouredViewer], panes: Panes, state: ServerState) -> None:
    """Give each pane the colours of the client that shows its session and was used last, or else of another client. A pane
    has none while no client's are known, and then answers no question about them.
    """
    known = sorted(
        (viewer for viewer in viewers if viewer.terminal.colours != Colours()),
        key=lambda viewer: viewer.used,
    )
    of_session = {viewer.session: viewer.terminal.colours for viewer in known}
    otherwise = known[-1].terminal.colours if known else Colours()
    for terminal in panes:
        pane = state.panes.get(terminal.id)
        session = None if pane is None else session_of(state, pane)
        found = otherwise if session is None else of_session.get(session.id, otherwise)
        terminal.use_colours(found)
