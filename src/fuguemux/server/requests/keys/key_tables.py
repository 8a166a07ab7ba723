"""The key tables of attached clients: looks up the keys that they press, and remembers which table is next."""

import asyncio

from fuguemux.engine.engine import Engine
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.state import Session, Window
from fuguemux.options import key_bindings, options
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.requests.keys.key_lookup import Found, Tables, find_key


class KeyTables:
    """Belongs to the loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, engine: Engine, viewers: Viewers, modes: PaneModes
    ) -> None:
        self._loop = loop
        self._engine = engine
        self._viewers = viewers
        self._modes = modes
        self._repeat_until: dict[ClientId, float] = {}

    def find(self, viewer: Viewer, key: str, pane: PaneId | None) -> Found:
        """Look a key up in the client's key table, and note the table of the next key. `pane`: its mode may have keys."""
        state, session = self._engine.state, viewer.current_session()
        repeating = self._loop.time() < self._repeat_until.pop(viewer.client, 0.0)
        if viewer.repeats and not repeating:
            viewer.key_table, viewer.repeats = "", False
        tables = Tables(
            self._option("key-table", session), viewer.key_table, self._mode_table(pane), repeating
        )
        prefixes = (self._option("prefix", session), self._option("prefix2", session))
        found = find_key(
            lambda table, name: key_bindings.lookup(state, table, name), key, prefixes, tables
        )
        if viewer.key_table != found.chosen:
            viewer.dirty = True
        viewer.key_table, viewer.repeats = found.chosen, False
        if found.repeating:
            self._repeat(viewer, int(self._option("repeat-time", session)))
        return found

    def _repeat(self, viewer: Viewer, milliseconds: int) -> None:
        """Keep the table for the time in which keys repeat."""
        if not milliseconds:
            viewer.key_table = ""
            return
        viewer.repeats = True
        until = self._loop.time() + milliseconds / 1000
        self._repeat_until[viewer.client] = until
        self._loop.call_at(until, self._repeat_over, viewer, until)

    def _repeat_over(self, viewer: Viewer, until: float) -> None:
        """The time for another key that repeats is over, unless one was pressed meanwhile."""
        if self._repeat_until.get(viewer.client) == until:
            del self._repeat_until[viewer.client]
            viewer.key_table, viewer.repeats, viewer.dirty = "", False, True
            if self._viewers.get(viewer.client) is viewer:
                self._viewers.schedule(viewer)

    def _mode_table(self, pane: PaneId | None) -> str:
        """The key table of the pane's mode. Empty: it is in none, or in one that reads its keys itself."""
        scroll = self._viewers.scroll
        if pane is None or self._modes.get(pane) is not None or scroll.mode(pane) is None:
            return ""
        state = self._engine.state
        window = state.windows[state.panes[pane].window]
        return "copy-mode-vi" if self._option("mode-keys", window=window) == "vi" else "copy-mode"

    def _option(
        self, name: str, session: Session | None = None, *, window: Window | None = None
    ) -> str:
        state, defaults = self._engine.state, self._engine.live.option_defaults()
        return options.get(state, defaults, name, session=session, window=window)
