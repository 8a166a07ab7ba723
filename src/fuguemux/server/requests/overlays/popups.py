"""Runs the programs of popups, and shows what they write."""

import asyncio
from collections.abc import Callable

from fuguemux.engine.engine import Engine
from fuguemux.formats.formats import FormatContext, TooExpensive
from fuguemux.model.overlay_effects import OpenPopup
from fuguemux.options import options
from fuguemux.options.environment import SpawnEnvironment
from fuguemux.server.clients.status import status_line
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.clients.viewers import Viewers
from fuguemux.server.overlays.popup import PopupLook, PopupOverlay
from fuguemux.server.ports import EffectFailed
from fuguemux.server.processes.popup_program import PopupProgram
from fuguemux.server.processes.spawn_environment import usable_directory
from fuguemux.server.requests.shells import Shells
from fuguemux.server.work.file_threads import beside
from fuguemux.server.work.jobs import JobRefused, Jobs
from fuguemux.terminal.emulator import Emulator, EmulatorFactory, TerminalReply
from fuguemux.terminal.style import DEFAULT, Style


class Popups:
    """Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        engine: Engine,
        viewers: Viewers,
        shells: Shells,
        surroundings: SpawnEnvironment,
        emulators: EmulatorFactory,
    ) -> None:
        self._loop = loop
        self._engine = engine
        self._viewers = viewers
        self._shells = shells
        self._surroundings = surroundings
        self._emulators = emulators
        self._jobs = Jobs(loop)

    def made(
        self, viewer: Viewer, popup: OpenPopup, ended: Callable[[int], None]
    ) -> tuple[PopupOverlay, PopupProgram]:
        """A popup whose program has not begun. Raises EffectFailed if it cannot have a terminal."""
        edge = 0 if popup.lines == "none" else 2
        size = popup.columns - edge, popup.rows - edge
        emulator = self._emulators(*size)
        emulator.keep_lines = 0
        replies: list[PopupProgram] = []

        def printed(data: bytes) -> None:
            _fed(emulator, data, replies[0])
            if viewer.over_panes is overlay:
                viewer.dirty = True
                self._viewers.schedule(viewer)

        try:
            program = PopupProgram(self._loop, *size, printed)
        except OSError as error:
            emulator.close()
            raise EffectFailed(f"create popup failed: {error.strerror or error}") from error
        replies.append(program)
        window = viewer.current_window()
        chosen = options.get(
            self._engine.state, self._engine.live.option_defaults(), "mode-style", window=window
        )
        look = PopupLook(
            self._style(viewer, popup.style)._replace(attributes=frozenset()),
            self._style(viewer, popup.border_style)._replace(attributes=frozenset()),
            self._style(viewer, chosen),
        )
        overlay = PopupOverlay(popup, look, (viewer.columns, viewer.rows), emulator, program, ended)
        return overlay, program

    async def run(
        self, viewer: Viewer, popup: OpenPopup, overlay: PopupOverlay, program: PopupProgram
    ) -> None:
        """Run the program, and close the popup after it if it is to be closed. Raises EffectFailed."""
        environment = self._environment(popup)
        try:
            cwd = await beside("popup", usable_directory, popup.cwd, self._surroundings)
            environment[b"PWD"] = cwd
            words = [word.decode("utf-8", "surrogateescape") for word in popup.argv]
            code = await program.run(self._jobs, words, cwd, environment)
        except (JobRefused, OSError) as refused:
            self._close(viewer, overlay)
            raise EffectFailed(f"create popup failed: {refused}") from refused
        if overlay.program_ended(code):
            self._close(viewer, overlay)

    def _close(self, viewer: Viewer, overlay: PopupOverlay) -> None:
        if viewer.over_panes is overlay:
            viewer.uncover()
            self._viewers.schedule(viewer)

    def _environment(self, popup: OpenPopup) -> dict[bytes, bytes]:
        state, defaults = self._engine.state, self._engine.live.option_defaults()
        found = self._shells.environment(popup.pane)
        terminal = options.get(state, defaults, "default-terminal")
        found[b"TERM"] = terminal.encode("utf-8", "surrogateescape")
        found[b"COLORTERM"] = b"truecolor"
        return found | dict(popup.environment)

    def _style(self, viewer: Viewer, text: str) -> Style:
        state, live = self._engine.state, self._engine.live
        context = FormatContext(state, live, session=viewer.session, client=viewer.client)
        try:
            return status_line.expanded_style(text, context)
        except TooExpensive:
            return DEFAULT


def _fed(emulator: Emulator, data: bytes, program: PopupProgram) -> None:
    """Show what the program wrote, and answer its questions. Nothing else of it leaves the popup, and it has no history."""
    for event in emulator.feed(data):
        if isinstance(event, TerminalReply):
            program.write(event.data)
    emulator.archive()
