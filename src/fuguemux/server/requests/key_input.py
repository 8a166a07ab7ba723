"""Handles what the user of an attached client types: keys for fugue, keys for overlays, and input for the program in
the pane.

The order is kept: what is typed after `C-b c` belongs to the new window. So later input waits while a key's command
runs.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fuguemux.engine.engine import Engine
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.layout import rectangles
from fuguemux.model.state import Session, Window
from fuguemux.observe.clock import Clock
from fuguemux.options import key_bindings, options
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.overlays import MessageOverlay, OverlayOutcome, Page
from fuguemux.server.clients.requesters import ViewerRequester
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.panes.pane_terminal import InputRefused, PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.restore_policy import awakened
from fuguemux.server.requests.executor import Executor
from fuguemux.server.requests.mode_keys import ModeKeys
from fuguemux.terminal.key_reader import Answer, Focus, Input, KeyPress, Mouse, Paste

WHEEL_UP, WHEEL_DOWN = 4, 5
WHEEL_ROWS = 5
INPUT_ITEMS_MAX = 100_000
AT_ONCE_BYTES = 1_024
"""How many typed bytes, or bytes pasted without brackets, are handled in one turn of the loop: at most about 10 ms."""


class KeyInput:
    """Turns the bytes from attached clients into commands and pane input. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        viewers: Viewers,
        panes: Panes,
        scroll: ScrollViews,
        executor: Executor,
        clock: Clock,
        engine: Engine,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        hurry: Callable[[], None],
        modes: PaneModes,
        mode_keys: ModeKeys,
    ) -> None:
        self._loop = loop
        self._viewers = viewers
        self._panes = panes
        self._scroll = scroll
        self._executor = executor
        self._clock = clock
        self._engine = engine
        self._spawn = spawn
        self._hurry = hurry
        self._modes = modes
        self._mode_keys = mode_keys
        self._waiting: dict[ClientId, list[Input]] = {}
        self._behind: dict[ClientId, bytearray] = {}
        """Input that arrived in one large read and is handled in parts. Nothing is read from its clients meanwhile."""
        self._repeat_until: dict[ClientId, float] = {}

    def bytes_typed(self, connection: Connection, data: bytes) -> None:
        """Raw bytes from the client's terminal."""
        viewer = self._viewers.get(connection.client)
        if viewer is None:
            return
        self._hurry()
        self._viewers.typed(viewer)
        behind = self._behind.get(viewer.client)
        if behind is not None:
            behind += data
        elif len(data) <= AT_ONCE_BYTES:
            self._feed(viewer, data)
        else:
            self._behind[viewer.client] = bytearray(data)
            connection.pause_reading()
            self._next_piece(viewer)

    def _next_piece(self, viewer: Viewer) -> None:
        """Handle one part of a large read now, and the next part after other work of the loop."""
        behind = self._behind[viewer.client]
        piece = bytes(behind[:AT_ONCE_BYTES])
        del behind[:AT_ONCE_BYTES]
        if self._viewers.get(viewer.client) is not viewer:
            behind.clear()
        elif behind:
            self._take(viewer, viewer.reader.feed(piece))
            self._loop.call_soon(self._next_piece, viewer)
            return
        else:
            self._feed(viewer, piece)
        del self._behind[viewer.client]
        viewer.connection.resume_reading()

    def _feed(self, viewer: Viewer, data: bytes) -> None:
        self._take(viewer, viewer.reader.feed(data))
        if viewer.reader.waiting and viewer.escape_timer is None:
            delay = int(self._option("escape-time")) / 1000
            viewer.escape_timer = self._loop.call_later(delay, self._escape, viewer)

    def _escape(self, viewer: Viewer) -> None:
        viewer.escape_timer = None
        self._take(viewer, viewer.reader.flush())

    def _take(self, viewer: Viewer, items: Sequence[Input]) -> None:
        waiting = self._waiting.get(viewer.client)
        if waiting is not None:
            if _interrupts(items) and self._scroll.stop_search(viewer.active_pane()):
                waiting.clear()  # C-c discards what was typed before it, as in a terminal
                viewer.dirty = True
                self._viewers.schedule(viewer)
                return
            if len(waiting) < INPUT_ITEMS_MAX:
                waiting.extend(items)
            return
        for index, item in enumerate(items):
            command = self._one(viewer, item)
            if command:
                self._waiting[viewer.client] = list(items[index + 1 :])
                self._spawn(self._run(viewer, command))
                return
        self._viewers.schedule(viewer)

    async def _run(self, viewer: Viewer, command: str) -> None:
        """Run the command of a key, then handle what was typed meanwhile. A command that waits long does not delay
        later keys."""
        mine = self._waiting[viewer.client]

        def go_on() -> None:
            if self._waiting.get(viewer.client) is not mine:
                return
            del self._waiting[viewer.client]
            if self._viewers.get(viewer.client) is viewer:
                viewer.dirty = True
                self._take(viewer, mine)

        try:
            await self.run_text(viewer, command, go_on)
        finally:
            go_on()

    async def run_text(
        self, viewer: Viewer, command: str, waits: Callable[[], None] = lambda: None
    ) -> None:
        """Run text in tmux's language for a viewer. Errors become a message. `waits` is called if it takes long."""

        def tell(text: str) -> None:
            self._viewers.message(viewer, text)
            waits()

        shown: list[tuple[bytes, bool]] = []
        requester = ViewerRequester(
            viewer.connection,
            viewer.command,
            viewer.session,
            viewer.active_pane(),
            lambda data, error: shown.append((data, error)),
            tell,
        )
        await self._executor.run_text(command, requester)
        self._show(viewer, shown)

    def _show(self, viewer: Viewer, shown: Sequence[tuple[bytes, bool]]) -> None:
        text = b"".join(data for data, error in shown if not error).decode("utf-8", "replace")
        for data, error in shown:
            if error:
                self._viewers.message(viewer, data.decode("utf-8", "replace").rstrip("\n"))
        if text:
            self._mode_keys.show_text(viewer, text)

    def _one(self, viewer: Viewer, item: Input) -> str:
        """Handle one item. Returns the command to run for it, or an empty string if nothing is left to do."""
        if viewer.overlay is not None:
            eaten = not isinstance(viewer.overlay, MessageOverlay)
            outcome = viewer.overlay.key(item)
            if outcome.closed:
                viewer.overlay = None
            viewer.dirty = True
            if eaten:
                return outcome.command
        if viewer.page is not None:
            return self._page_key(viewer, viewer.page, item)
        if isinstance(item, KeyPress):
            return self._key(viewer, item)
        if isinstance(item, Mouse):
            return self._mouse(viewer, item)
        if not isinstance(item, Answer):
            self._pass_on(viewer, item)
        return ""

    def _page_key(self, viewer: Viewer, page: Page, item: Input) -> str:
        outcome: OverlayOutcome = page.key(item)
        viewer.dirty = True
        if outcome.closed:
            viewer.page = None
        return outcome.command

    def _key(self, viewer: Viewer, item: KeyPress) -> str:
        state, session = self._engine.state, viewer.current_session()
        prefixes = (
            self._option("prefix", session),
            self._option("prefix2", session),
        )
        if viewer.prefix:
            viewer.prefix = False
            viewer.dirty = True
            self._repeat_until.pop(viewer.client, None)
            return self._bound(viewer, "prefix", item.name)
        if self._loop.time() < self._repeat_until.get(viewer.client, 0.0):
            binding = key_bindings.lookup(state, "prefix", item.name)
            if binding is not None and binding.repeat:
                return self._bound(viewer, "prefix", item.name)
            self._repeat_until.pop(viewer.client, None)
        if item.name in prefixes:
            viewer.prefix = True
            viewer.dirty = True
            return ""
        terminal = self._active(viewer)
        in_mode = terminal is not None and self._modes.get(terminal.id) is not None
        if terminal is not None and not in_mode and self._scroll.in_mode(terminal.id)[0]:
            vi = self._option("mode-keys", window=viewer.current_window()) == "vi"
            found = key_bindings.lookup(state, "copy-mode-vi" if vi else "copy-mode", item.name)
            return found.command if found is not None else ""
        binding = key_bindings.lookup(state, "root", item.name)
        if binding is not None:
            return binding.command
        if in_mode and terminal is not None:
            return self._mode_keys.typed(viewer, terminal.id, item.name)
        if item.name == "Enter" and not viewer.read_only:
            command = awakened(state, viewer.active_pane())
            if command:
                return command
        self._pass_on(viewer, item)
        return ""

    def _bound(self, viewer: Viewer, table: str, key: str) -> str:
        state = self._engine.state
        binding = key_bindings.lookup(state, table, key)
        if binding is None:
            return ""
        if binding.repeat:
            milliseconds = int(self._option("repeat-time", viewer.current_session()))
            self._repeat_until[viewer.client] = self._loop.time() + milliseconds / 1000
        return binding.command

    def _option(
        self, name: str, session: Session | None = None, *, window: Window | None = None
    ) -> str:
        state, defaults = self._engine.state, self._engine.live.option_defaults()
        return options.get(state, defaults, name, session=session, window=window)

    def _active(self, viewer: Viewer) -> PaneTerminal | None:
        pane = viewer.active_pane()
        return None if pane is None else self._panes.get(pane)

    def _pass_on(self, viewer: Viewer, item: Input) -> None:
        """Send typed input to the program in the active pane, or with synchronize-panes to the programs in all panes."""
        if viewer.read_only:
            return
        window = viewer.current_window()
        if window is None:
            return
        synchronized = self._option("synchronize-panes", window=window) == "on"
        targets = (
            [pane for pane, _ in rectangles(window.layout)] if synchronized else [window.active]
        )
        for pane in targets:
            terminal = self._panes.get(pane)
            if terminal is not None and terminal.master is not None:
                self._write(viewer, terminal, self._encoded(terminal, item))

    def _encoded(self, terminal: PaneTerminal, item: Input) -> bytes:
        if isinstance(item, Paste):
            return terminal.emulator.encode_paste(item.data)
        if isinstance(item, Focus):
            return terminal.emulator.encode_focus(item.gained)
        return item.raw

    def _write(self, viewer: Viewer, terminal: PaneTerminal, data: bytes) -> None:
        try:
            terminal.typed(data)
            self._panes.typed(terminal)
        except InputRefused as refused:
            self._viewers.message(viewer, f"the program in the pane does not read: {refused}")

    def _mouse(self, viewer: Viewer, item: Mouse) -> str:
        found = self._pane_at(viewer, item.event.column, item.event.row)
        if found is None:
            return ""
        terminal, column, row = found
        wanted = terminal.emulator.modes.mouse != "off"
        ours = self._option("mouse", viewer.current_session()) == "on"
        in_mode = self._scroll.in_mode(terminal.id)[0]
        if wanted and not in_mode and terminal.id == viewer.active_pane():
            event = item.event._replace(column=column, row=row)
            self._write(viewer, terminal, terminal.emulator.encode_mouse(event))
            return ""
        if not ours or item.event.action != "press":
            return ""
        if item.event.button == WHEEL_UP:
            self._scroll.enter(terminal, page_up=False)
            self._scroll.scroll(terminal, WHEEL_ROWS)
        elif item.event.button == WHEEL_DOWN and in_mode:
            self._scroll.scroll(terminal, -WHEEL_ROWS)
            if self._scroll.in_mode(terminal.id)[1] == 0:
                self._scroll.leave(terminal.id)
        elif item.event.button == 1:
            return f"select-pane -t %{terminal.id}"
        self._viewers.pane_changed(terminal, ())
        return ""

    def _pane_at(
        self, viewer: Viewer, column: int, row: int
    ) -> tuple[PaneTerminal, int, int] | None:
        window = viewer.current_window()
        if window is None:
            return None
        found: list[tuple[PaneId, int, int]] = []
        for pane, (x, y, columns, rows) in rectangles(window.layout):
            if window.zoomed:
                if pane == window.active:
                    found.append((pane, column, row))
            elif x <= column < x + columns and y <= row < y + rows:
                found.append((pane, column - x, row - y))
        for pane, inner_column, inner_row in found:
            terminal = self._panes.get(pane)
            if terminal is not None:
                return terminal, inner_column, inner_row
        return None


def _interrupts(items: Sequence[Input]) -> bool:
    return any(isinstance(item, KeyPress) and item.name == "C-c" for item in items)
