"""Keys, pastes and bytes for the programs in panes, encoded by the modes of the pane's terminal."""

from collections.abc import Callable, Sequence

from fuguemux.model.effects import SendMouse
from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.server.copy.copy_mouse import cell_in_pane
from fuguemux.server.output.screen_cost import RESET
from fuguemux.server.panes.pane_terminal import INPUT_BYTES_MAX, InputRefused, PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.terminal import keys as key_names
from fuguemux.terminal.emulator import MouseEvent

CLEAR = b"\x1b[m\x1b[r\x1b[H\x1b[J"
"""Written to the screen of a respawned pane before its new process starts."""


class PaneInput:
    """Writes to panes' PTYs. Raises InputRefused if a program does not read and too much input waits for it."""

    def __init__(
        self,
        panes: Panes,
        prefix_key: Callable[[PaneId, bool], str],
        inject: Callable[[PaneTerminal, bytes], None],
        state: Callable[[], ServerState],
        to_mode: Callable[..., bool] = lambda *_keys, **_how: False,
        mouse_to_mode: Callable[[SendMouse], bool] = lambda _effect: False,
    ) -> None:
        """`to_mode` gets the arguments of `send_keys`, and returns whether the pane is in a mode that took the keys."""
        self._state = state
        self._panes = panes
        self._prefix_key = prefix_key
        self._inject = inject
        self._to_mode = to_mode
        self._mouse_to_mode = mouse_to_mode

    def send_keys(
        self, pane: PaneId, keys: Sequence[str], *, literal: bool, times: int = 1
    ) -> None:
        """Send keys by tmux's names, and repeat the list `times` times. Text that names no key is typed as it is;
        with `literal` all text is."""
        terminal = self._panes.get(pane)
        if terminal is None or self._to_mode(pane, keys, literal=literal, times=times):
            return
        modes = terminal.emulator.modes
        known: dict[str, bytes] = {}
        data = bytearray()
        for key in keys:
            if key not in known:
                plain = literal or key_names.parse(key) is None
                known[key] = (
                    key.encode("utf-8", "surrogateescape")
                    if plain
                    else key_names.encode(key, modes)
                )
            data += known[key]
        if len(data) * times > INPUT_BYTES_MAX:
            raise InputRefused(f"{len(data) * times} bytes are too many at once")
        self._write(terminal, bytes(data) * times)

    def send_bytes(self, pane: PaneId, data: bytes, *, paste: bool) -> None:
        """Send bytes as they are, or as a paste."""
        terminal = self._panes.get(pane)
        if terminal is not None:
            self._write(terminal, terminal.emulator.encode_paste(data) if paste else data)

    def send_mouse(self, effect: SendMouse) -> None:
        """Pass a mouse event on to the program in the pane, in the form that it asked for, if it asked."""
        if self._mouse_to_mode(effect):
            return
        mouse, terminal = effect.mouse, self._panes.get(effect.pane)
        at = cell_in_pane(self._state(), effect.pane, mouse)
        if terminal is None or terminal.master is None or at is None or mouse.from_clock:
            return
        if terminal.emulator.modes.mouse != "off":
            event = MouseEvent(mouse.action, mouse.button, *at, mouse.modifiers)
            self._write(terminal, terminal.emulator.encode_mouse(event))

    def send_prefix(self, pane: PaneId, *, secondary: bool) -> None:
        """Send the prefix key itself."""
        self.send_keys(pane, (self._prefix_key(pane, secondary),), literal=False)

    def reset_terminal(self, pane: PaneId) -> None:
        """Reset the pane's screen, as if its program had sent RIS."""
        terminal = self._panes.get(pane)
        if terminal is not None:
            self._inject(terminal, RESET)

    def clear_screen(self, pane: PaneId) -> None:
        """Empty the visible screen; the history stays."""
        terminal = self._panes.get(pane)
        if terminal is not None:
            self._inject(terminal, CLEAR)

    def _write(self, terminal: PaneTerminal, data: bytes) -> None:
        terminal.typed(data)
        self._panes.typed(terminal)
