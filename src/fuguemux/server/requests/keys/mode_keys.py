"""Keys for panes in a mode other than copy mode: typed by a client, or sent by send-keys."""

import os
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from fuguemux.model import effects as ef
from fuguemux.model.effects import SendMouse
from fuguemux.model.ids import PaneId
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import ServerState
from fuguemux.options.environment import session_of
from fuguemux.server.clients.requesters import InternalRequester
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.copy.copy_mouse import cell_in_pane
from fuguemux.server.modes.pane_mode import ModeOutcome, MouseAt
from fuguemux.server.modes.pane_modes import PaneModes
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import Requester
from fuguemux.server.requests.keys.prompts import Prompts
from fuguemux.terminal import keys as key_names


class TextRunner(Protocol):
    """The executor."""

    async def run_text(self, text: str, requester: Requester) -> int: ...


class ModeKeys:
    """Belongs to the loop."""

    _executor: TextRunner
    _run_for: Callable[[Viewer, str], Coroutine[Any, Any, None]]

    def __init__(
        self,
        modes: PaneModes,
        viewers: Viewers,
        panes: Panes,
        prompts: Prompts,
        state: Callable[[], ServerState],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._modes = modes
        self._viewers = viewers
        self._panes = panes
        self._prompts = prompts
        self._state = state
        self._spawn = spawn

    def connect(
        self,
        executor: TextRunner,
        run_for: Callable[[Viewer, str], Coroutine[Any, Any, None]],
        mode_changed: Callable[[PaneId], None],
    ) -> None:
        """Give what is built after this object: the executor, and what runs a command for a client.

        `mode_changed` is called when a pane enters or leaves a mode.
        """
        self._executor = executor
        self._run_for = run_for
        self._modes.connect(self.redraw, self.run, mode_changed)
        self._viewers.scroll.when_mode_changes(mode_changed)

    def typed(self, viewer: Viewer, pane: PaneId, key: str) -> str:
        """A client's user typed a key. Returns the command to run for it, or nothing."""
        return self.outcome(viewer, self._modes.key(pane, key))

    def pointed(self, viewer: Viewer, pane: PaneId, mouse: Pointing) -> str:
        """A client's mouse did something in the pane. Returns the command to run for it, or nothing."""
        at = cell_in_pane(self._state(), pane, mouse)
        if at is None:
            return ""
        name = mouse.key.removesuffix("Pane")
        return self.outcome(viewer, self._modes.mouse(pane, MouseAt(name, *at)))

    def outcome(self, viewer: Viewer, outcome: ModeOutcome) -> str:
        """Ask the client's user what the mode asks. Returns the command to run, or nothing."""
        if outcome.ask is not None:
            ask = outcome.ask
            question = ef.Prompt(
                viewer.client,
                (ask.prompt,),
                (ask.initial,),
                "",
                kind=ask.kind,
                single=ask.single_key,
            )
            self._prompts.ask(
                viewer,
                question,
                lambda answers: self.outcome(viewer, ask.answered(answers[0])),
            )
        return outcome.command

    def sent(self, pane: PaneId, keys: Sequence[str], *, literal: bool, times: int) -> bool:
        """Give the keys of send-keys to the pane's mode. Returns whether it is in one."""
        if self._modes.get(pane) is None:
            return False
        names = [
            name
            for text in keys
            for name in ([text] if not literal and key_names.parse(text) is not None else text)
        ]
        for name in names * min(times, 1_000):
            if self._modes.get(pane) is None:
                break
            viewer = self._viewer(pane)
            outcome = self._modes.key(pane, "Space" if name == " " else name)
            command = outcome.command if viewer is None else self.outcome(viewer, outcome)
            if command:
                self.run(pane, command)
        return True

    def sent_mouse(self, effect: SendMouse) -> bool:
        """Give the mouse event of `send-keys -M` to the pane's mode. Returns whether it is in one."""
        if self._modes.get(effect.pane) is None:
            return False
        viewer = self._viewer(effect.pane)
        if viewer is not None:
            command = self.pointed(viewer, effect.pane, effect.mouse)
            if command:
                self.run(effect.pane, command)
        return True

    def run(self, pane: PaneId, command: str) -> None:
        """Run a command of a mode for the client that shows the pane, or for none."""
        viewer = self._viewer(pane)
        if viewer is not None:
            self._spawn(self._run_for(viewer, command))
            return
        state = self._state()
        stored = state.panes.get(pane)
        session = None if stored is None else session_of(state, stored)
        requester = InternalRequester(
            dict(os.environb),
            os.getcwdb(),
            None if session is None else session.id,
            None if stored is None else pane,
        )

        async def run() -> None:
            await self._executor.run_text(command, requester)

        self._spawn(run())

    def show_text(self, viewer: Viewer, text: str) -> None:
        """Show what a command printed in view mode of the pane that gets the client's keys, as tmux does."""
        pane = viewer.active_pane()
        terminal = None if pane is None else self._panes.get(pane)
        if terminal is not None:
            lines = text.removesuffix("\n").split("\n")
            self._viewers.scroll.show_text(terminal, [_plain(line) for line in lines])
            self.redraw(terminal.id)

    def redraw(self, pane: PaneId) -> None:
        """Draw a pane again."""
        terminal = self._panes.get(pane)
        if terminal is not None:
            self._viewers.pane_changed(terminal, ())

    def _viewer(self, pane: PaneId) -> Viewer | None:
        """The client that shows the pane; of several, the one used last."""
        shown = [viewer for viewer in self._viewers.all() if viewer.shows(pane)]
        return max(shown, key=lambda viewer: viewer.used, default=None)


def _plain(text: str) -> str:
    """A line of output without tabs and control characters."""
    return "".join(c for c in text.expandtabs() if c.isprintable())
