"""Handles what the user of an attached client types: keys for fugue, keys for overlays, and input for the program in
the pane.

The order is kept: what is typed after `C-b c` belongs to the new window. So later input waits while a key's command
runs.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from fuguemux.engine.engine import Engine
from fuguemux.model.effects import SendMouse
from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import Session, Window
from fuguemux.model.window_panes import panes_in
from fuguemux.observe.clock import Clock
from fuguemux.options import options
from fuguemux.server.clients.connection import Connection
from fuguemux.server.clients.overlays import PanesOverlay
from fuguemux.server.clients.requesters import ViewerRequester
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.copy.copy_mouse import Dragging
from fuguemux.server.copy.scroll_views import ScrollViews
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.panes.pane_terminal import InputRefused, PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.restore_policy import awakened
from fuguemux.server.requests.executor import Executor
from fuguemux.server.requests.keys.key_tables import KeyTables
from fuguemux.server.requests.keys.mode_keys import ModeKeys
from fuguemux.server.requests.keys.mouse_input import MouseInput, MouseKey
from fuguemux.server.requests.keys.terminal_answers import patience, take
from fuguemux.terminal.key_reader import Answer, Focus, Input, KeyPress, Mouse, Paste

INPUT_ITEMS_MAX = 100_000
AT_ONCE_BYTES = 1_024
"""How many typed bytes, or bytes pasted without brackets, are handled in one turn of the loop: at most about 10 ms."""


class KeyCommand(NamedTuple):
    """The commands of a mouse key or of a menu, and the event and the target that they are about."""

    text: str
    mouse: Pointing | None = None
    session: SessionId | None = None
    pane: PaneId | None = None


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
        send_mouse: Callable[[SendMouse], None],
        dragging: Dragging,
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
        self._send_mouse = send_mouse
        self._mouse = MouseInput(loop, dragging, self._mouse_pressed)
        self._waiting: dict[ClientId, list[Input | MouseKey]] = {}
        self._behind: dict[ClientId, bytearray] = {}
        """Input that arrived in one large read and is handled in parts. Nothing is read from its clients meanwhile."""
        self._tables = KeyTables(loop, engine, viewers, modes)
        self._again = False
        """Whether the key that ended a prompt has its usual effect too."""

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
        viewer.stop_escape_timer()
        if viewer.reader.waiting:
            delay = patience(viewer, self._loop.time(), int(self._option("escape-time")) / 1000)
            viewer.escape_timer = self._loop.call_later(delay, self._escape, viewer)

    def _escape(self, viewer: Viewer) -> None:
        viewer.escape_timer = None
        self._take(viewer, viewer.reader.flush())

    def _take(self, viewer: Viewer, items: Sequence[Input | MouseKey]) -> None:
        waiting = self._waiting.get(viewer.client)
        if waiting is not None:
            if _interrupts(items) and self._scroll.stop_search(viewer.active_pane()):
                waiting.clear()  # C-c discards what was typed before it, as in a terminal
                viewer.dirty = True
                self._viewers.schedule(viewer)
                return
            if len(waiting) < INPUT_ITEMS_MAX:
                _put_behind(waiting, items, drags=viewer.drag is not None)
            return
        for index, item in enumerate(items):
            self._again = False
            command = self._one(viewer, item)
            if self._again and not command:
                command = self._one(viewer, item)
            if command:
                self._waiting[viewer.client] = list(items[index + (not self._again) :])
                run = command if isinstance(command, KeyCommand) else KeyCommand(command)
                self._spawn(self._run(viewer, run))
                return
        self._viewers.schedule(viewer)

    async def _run(self, viewer: Viewer, command: KeyCommand) -> None:
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
            await self._run_command(viewer, command, go_on)
        finally:
            go_on()

    async def run_text(self, viewer: Viewer, command: str) -> None:
        """Run text in tmux's language for a viewer. Errors become a message."""
        await self._run_command(viewer, KeyCommand(command), lambda: None)

    async def _run_command(
        self, viewer: Viewer, command: KeyCommand, waits: Callable[[], None]
    ) -> None:
        """Run it for a viewer. Errors become a message. `waits` is called if it takes long."""

        def tell(text: str) -> None:
            self._viewers.message(viewer, text)
            waits()

        shown: list[tuple[bytes, bool]] = []
        mouse, pane = command.mouse, command.pane
        if pane is None:
            pane = None if mouse is None else mouse.pane
        requester = ViewerRequester(
            viewer.connection,
            viewer.command,
            viewer.session if command.session is None else command.session,
            viewer.active_pane() if pane is None else pane,
            lambda data, error: shown.append((data, error)),
            tell,
            mouse,
            waits,
        )
        await self._executor.run_text(command.text, requester)
        self._show(viewer, shown)

    def _show(self, viewer: Viewer, shown: Sequence[tuple[bytes, bool]]) -> None:
        text = b"".join(data for data, error in shown if not error).decode("utf-8", "replace")
        for data, error in shown:
            if error:
                self._viewers.message(viewer, data.decode("utf-8", "replace").rstrip("\n"))
        if text:
            self._mode_keys.show_text(viewer, text)

    def _one(self, viewer: Viewer, item: Input | MouseKey) -> str | KeyCommand:
        """Handle one item. Returns the command to run for it, or an empty string if nothing is left to do."""
        if isinstance(item, MouseKey):
            return self._mouse_key(viewer, item)
        if isinstance(item, Answer):
            take(item, viewer, self._viewers)
            return ""
        if viewer.overlay is not None:
            viewer.overlay = None  # any key ends a message, and has its usual effect
            viewer.dirty = True
        if (command := self._covered(viewer, item)) is not None:
            return command
        if isinstance(item, KeyPress):
            return self._key(viewer, item)
        if isinstance(item, Mouse):
            key = self._mouse.reported(viewer, item.event)
            return "" if key is None else self._mouse_key(viewer, key)
        self._pass_on(viewer, item)
        return ""

    def _covered(self, viewer: Viewer, item: Input) -> str | KeyCommand | None:
        """Give an item to what lies over the panes, the question or the page that the client shows. None: it shows none."""
        over, prompt, page = viewer.over_panes, viewer.prompt, viewer.page
        if over is not None:
            return self._over_panes(viewer, over, item)
        if prompt is None and page is None:
            return None
        viewer.dirty = True
        outcome = (prompt or page).key(item)  # type: ignore[union-attr] # one of them is not None
        if outcome.closed and prompt is not None and viewer.prompt is prompt:
            viewer.prompt = None
        elif outcome.closed and prompt is None:
            viewer.page = None
        self._again = outcome.again
        return outcome.command

    def _over_panes(
        self, viewer: Viewer, over: PanesOverlay, item: Input
    ) -> str | KeyCommand | None:
        if isinstance(item, Answer | Focus):
            return None
        outcome = over.key(item)
        viewer.dirty = True
        if outcome.closed and viewer.over_panes is over:
            viewer.uncover()
        self._again = outcome.again
        about = outcome.about
        if about is None or not outcome.command:
            return outcome.command
        return KeyCommand(outcome.command, about.mouse, about.session, about.pane)

    def _key(self, viewer: Viewer, item: KeyPress) -> str:
        found = self._tables.find(viewer, item.name, viewer.active_pane())
        if found.binding is not None:
            return found.binding.command
        if not found.passed_on:
            return ""
        pane = viewer.active_pane()
        if pane is not None and self._modes.get(pane) is not None:
            return self._mode_keys.typed(viewer, pane, item.name)
        if item.name == "Enter" and not viewer.read_only:
            command = awakened(self._engine.state, viewer.active_pane())
            if command:
                return command
        self._pass_on(viewer, item)
        return ""

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
        targets = panes_in(window) if synchronized else (window.active,)
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

    def _mouse_key(self, viewer: Viewer, key: MouseKey) -> str | KeyCommand:
        """The command of a mouse key. What no key is bound to is passed on to the program under the mouse."""
        mouse = key.mouse
        if key.command:
            return KeyCommand(key.command, mouse)
        pane = mouse.pane
        if self._option("mouse", viewer.current_session()) == "on":
            found = self._tables.find(viewer, mouse.key, pane or viewer.active_pane())
            if found.binding is not None:
                return KeyCommand(found.binding.command, mouse)
            if not found.passed_on:
                return ""
        if pane is not None and self._modes.get(pane) is not None:
            return self._mode_keys.pointed(viewer, pane, mouse)
        if pane is not None and mouse.key.endswith("Pane") and not self._scroll.in_mode(pane)[0]:
            with suppress(InputRefused):
                self._send_mouse(SendMouse(pane, mouse))
        return ""

    def _mouse_pressed(self, viewer: Viewer, key: MouseKey) -> None:
        """A mouse key that comes from the clock."""
        if self._viewers.get(viewer.client) is viewer:
            self._take(viewer, [key])


def _put_behind(
    waiting: list[Input | MouseKey], items: Sequence[Input | MouseKey], *, drags: bool
) -> None:
    """Let items wait. While fugue itself drags something, only the last of several movements counts."""
    for item in items:
        if drags and waiting and _moves(item) and _moves(waiting[-1]):
            waiting[-1] = item
        else:
            waiting.append(item)


def _moves(item: Input | MouseKey) -> bool:
    return isinstance(item, Mouse) and item.event.action == "motion"


def _interrupts(items: Sequence[Input | MouseKey]) -> bool:
    return any(isinstance(item, KeyPress) and item.name == "C-c" for item in items)
