"""The panes in a mode other than copy mode. Shared by all clients, as in tmux."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from fuguemux.model.ids import PaneId
from fuguemux.server.modes.pane_mode import STAYS, ModeOutcome, MouseAt, PaneMode
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.terminal.compose import ScrolledRows

MODES_OF_A_PANE_MAX = 8


class _Layer(Protocol):
    """A copy mode, which may lie below or above these modes."""

    @property
    def name(self) -> str: ...


class PaneModes:
    """The modes of each pane, one above the other. Belongs to the loop."""

    def __init__(
        self,
        copy_mode: Callable[[PaneId], _Layer | None],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        """`copy_mode` returns the copy mode or view mode that a pane is in. `later` calls a function after some
        seconds."""
        self._copy_mode = copy_mode
        self._later = later
        self._modes: dict[PaneId, list[tuple[PaneMode, _Layer | None]]] = {}
        """Each mode with the copy mode that it lies above."""
        self._redraw: Callable[[PaneId], None] = lambda _pane: None
        self._run: Callable[[PaneId, str], None] = lambda _pane, _command: None
        self._told: Callable[[PaneId], None] = lambda _pane: None

    def connect(
        self,
        redraw: Callable[[PaneId], None],
        run: Callable[[PaneId, str], None],
        told: Callable[[PaneId], None],
    ) -> None:
        """Give what is built after this object: `redraw` draws a pane, `run` runs a command for a pane without a client,
        and `told` is called when a pane enters or leaves a mode."""
        self._redraw = redraw
        self._run = run
        self._told = told

    def enter(self, pane: PaneId, mode: PaneMode) -> None:
        """Put the pane into a mode, unless it is in one of that name."""
        stack = self._modes.setdefault(pane, [])
        top = self.get(pane)
        if (top is not None and top.name == mode.name) or len(stack) >= MODES_OF_A_PANE_MAX:
            self._redraw(pane)
            return
        stack[:] = [layer for layer in stack if layer[0].name != mode.name]
        stack.append((mode, self._copy_mode(pane)))
        self._tick(pane, mode)
        self._told(pane)
        self._redraw(pane)

    def get(self, pane: PaneId | None) -> PaneMode | None:
        """The mode that the pane shows. None: it shows its screen or a copy mode."""
        stack = self._modes.get(pane) if pane is not None else None
        if not stack or pane is None:
            return None
        mode, below = stack[-1]
        above = self._copy_mode(pane)
        return mode if above is None or above is below else None

    def count(self, pane: PaneId) -> int:
        """How many modes the pane is in, without copy mode."""
        return len(self._modes.get(pane, ()))

    def leave(self, pane: PaneId, mode: PaneMode) -> str:
        """End a mode. Returns a command to run afterwards, or nothing."""
        stack = self._modes.get(pane, [])
        left = [layer for layer in stack if layer[0] is not mode]
        if len(left) == len(stack):
            return ""
        if left:
            self._modes[pane] = left
        else:
            del self._modes[pane]
        command = mode.end()
        self._told(pane)
        self._redraw(pane)
        return command

    def leave_all(self, pane: PaneId) -> None:
        """End all modes of the pane."""
        for mode, _ in reversed(self._modes.get(pane, [])):
            if command := self.leave(pane, mode):
                self._run(pane, command)

    def view(self, terminal: PaneTerminal) -> ScrolledRows | None:
        """What the pane shows if it is in a mode."""
        if not self._modes:
            return None
        mode = self.get(terminal.id)
        return None if mode is None else mode.view(*terminal.emulator.size)

    def key(self, pane: PaneId, name: str) -> ModeOutcome:
        """Give a key to the pane's mode."""
        mode = self.get(pane)
        return STAYS if mode is None else self.applied(pane, mode, mode.key(name))

    def mouse(self, pane: PaneId, event: MouseAt) -> ModeOutcome:
        """Give a mouse event to the pane's mode."""
        mode = self.get(pane)
        return STAYS if mode is None else self.applied(pane, mode, mode.mouse(event))

    def applied(self, pane: PaneId, mode: PaneMode, outcome: ModeOutcome) -> ModeOutcome:
        """End the mode if it says so, and draw it. The result has all commands that are to run."""
        if outcome.closed:
            after = self.leave(pane, mode)
            parts = [part for part in (after, outcome.command) if part]
            outcome = outcome._replace(command=" ; ".join(parts))
        self._redraw(pane)
        if outcome.ask is None:
            return outcome
        ask = outcome.ask
        return outcome._replace(
            ask=ask._replace(
                answered=lambda text: self.applied(pane, mode, ask.answered(text)),
            )
        )

    def changed(self) -> None:
        """The state has changed: the modes may show something else."""
        for stack in self._modes.values():
            for mode, _ in stack:
                mode.changed()

    def forget(self, terminal: PaneTerminal) -> None:
        """The pane is gone."""
        self._modes.pop(terminal.id, None)

    def _tick(self, pane: PaneId, mode: PaneMode) -> None:
        if mode.redraw_seconds:
            self._later(mode.redraw_seconds, partial(self._ticked, pane, mode))

    def _ticked(self, pane: PaneId, mode: PaneMode) -> None:
        if any(layer[0] is mode for layer in self._modes.get(pane, ())):
            self._redraw(pane)
            self._tick(pane, mode)
