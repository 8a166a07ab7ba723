"""Which content of a pane may be on disk: applies the option `persist`, and purges content that is stored already."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from fuguemux.model.events import AnyEvent, OptionSet
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.checkpoint.manifest import Manifest
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.set_aside import QUARANTINE
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.panes.last_screens import LastScreens
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes, kept_on_disk
from fuguemux.server.ports import EffectFailed
from fuguemux.server.recovery.rebuilding import Rebuilding
from fuguemux.server.state import safe_mode
from fuguemux.server.storage.checkpointer import Checkpointer

CLEAR_SCREEN = b"\x1b[H\x1b[2J\x1b[3J"
CLEAR_BOTH_SCREENS = b"\x1b7\x1b[?47l" + CLEAR_SCREEN + b"\x1b[?47h\x1b8" + CLEAR_SCREEN
"""Clears both screens. xterm's mode 47 shows the primary screen and returns without changing either."""

diagnostics = channel("privacy")


class SavedContent(NamedTuple):
    """Everything on disk that contains what panes have shown."""

    storage: Storage
    directory: str
    """The state directory in use."""
    home: str
    """The state directory that users know. In safe mode `directory` is inside it."""
    is_kept: bool
    """Whether anything is stored on disk."""
    is_safe_mode: bool
    store: ScrollbackStore
    series: CheckpointSeries
    checkpointer: Checkpointer
    last_screens: LastScreens
    rebuilding: Rebuilding

    @property
    def is_real(self) -> bool:
        """Whether the directory in use is the state directory that users know, on disk."""
        return self.is_kept and not self.is_safe_mode


class Privacy:
    """Keeps `PaneTerminal.persist` equal to the option. Belongs to the loop."""

    def __init__(
        self,
        panes: Panes,
        live: LiveView,
        saved: SavedContent,
        output: PaneOutput,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._panes = panes
        self._live = live
        self._saved = saved
        self._output = output
        self._spawn = spawn
        self._due = ""

    def persists(self, pane: int) -> bool:
        """Whether the pane's output may reach the disk."""
        terminal = self._panes.get(PaneId(pane))
        return terminal is None or terminal.persist

    def recovered(self, state: ServerState, found: Mapping[PaneId, RecoveredPane]) -> None:
        """Apply the option to recovered panes, before anything is logged.

        `found`: what was on disk of each pane.
        """
        for terminal in self._panes:
            terminal.persist = kept_on_disk(state, self._live.option_defaults(), terminal.id)
            pane = found.get(terminal.id)
            if not terminal.persist and pane is not None and (pane.screen or pane.output_bytes):
                # The last server ended before it removed this content from disk. The next checkpoint does so.
                self._withdraw(terminal)

    def published(
        self, before: ServerState, after: ServerState, events: Sequence[AnyEvent]
    ) -> None:
        """Follow one transaction. Must run before anything more is logged."""
        said = any(isinstance(event, OptionSet) and event.name == "persist" for event in events)
        if not said and before.panes is after.panes:
            return
        for terminal in self._panes:
            old, new = before.panes.get(terminal.id), after.panes[terminal.id]
            if said or old is None or old.window != new.window:
                wanted = kept_on_disk(after, self._live.option_defaults(), terminal.id)
                self._set(terminal, wanted=wanted)

    def _set(self, terminal: PaneTerminal, *, wanted: bool) -> None:
        if terminal.persist == wanted:
            return
        terminal.persist = wanted
        if wanted:
            terminal.take_archive()
        else:
            self._withdraw(terminal)
        # Content is removed from disk, or written, at once and not only after the checkpoint interval.
        if not self._due:
            self._spawn(self._checkpoint())
        self._due = "persist on" if wanted else "persist off"

    def _withdraw(self, terminal: PaneTerminal) -> None:
        self._saved.last_screens.forget(
            (terminal.id,)
        )  # the next checkpoint removes them from disk
        terminal.take_archive()
        try:
            terminal.scrollback.withdraw()
        except PackDamaged as damage:
            diagnostics.warning("scrollback.damaged", pane=terminal.id, reason=str(damage))
            terminal.scrollback.clear(erase=True)

    async def _checkpoint(self) -> None:
        reason, self._due = self._due, ""
        with contextlib.suppress(OSError, PackDamaged):  # the checkpointer tries again
            await self._saved.checkpointer.take(reason)

    async def purge(self, panes: Sequence[PaneId], *, everything: bool) -> bytes:
        """Clear the panes' screens, take a checkpoint without the cleared content, and remove the log before it.

        Deletes the panes' last screens, too. `everything` also deletes those of closed panes.

        Returns lines that say what was done and where content may still be. Raises EffectFailed.
        """
        saved = self._saved
        await saved.rebuilding.wait()  # packs are still needed while screens wait to be rebuilt
        for pane in panes:
            terminal = self._panes.get(pane)
            if terminal is not None:
                terminal.settle()
                alternate = terminal.emulator.modes.alternate_screen
                self._output.inject(terminal, CLEAR_BOTH_SCREENS if alternate else CLEAR_SCREEN)
                terminal.take_archive(everything=True)
                terminal.scrollback.clear(erase=True)
        try:
            await saved.last_screens.purge(None if everything else panes)
            await saved.checkpointer.take("purge")
        except (OSError, PackDamaged) as error:
            raise EffectFailed(f"purge: the content is still on the disk: {error}") from error
        if saved.store.erase_wanted:
            raise EffectFailed("purge: panes are still being recovered; ask again in a moment")
        count = f"{len(panes)} pane" + ("" if len(panes) == 1 else "s")
        lines = [f"purged {count}: screens and history are gone, on disk too"]
        if everything and saved.is_real:
            lines += await asyncio.to_thread(safe_mode.purged, saved.home)
        lines += await asyncio.to_thread(self._left, list(saved.series.saves))
        return "".join(f"{line}\n" for line in lines).encode()

    def _left(self, saves: Sequence[Manifest]) -> list[str]:
        """Lines about content that a purge does not touch. Reads the disk; call it on any thread."""
        saved = self._saved
        left = [
            f"the save {save.name} still contains the old content; to remove it: fugue state delete {save.name}"
            for save in saves
        ]
        directory = f"{saved.directory}/{QUARANTINE}"
        with contextlib.suppress(OSError):
            names = saved.storage.list(directory)
            left += [
                f"{os.path.join(directory, name)} may contain some; remove it when you do not need it any more"
                for name in sorted(names)
            ]
        if saved.is_safe_mode:
            left.append(f"{saved.home} is not changed in safe mode: run purge there")
        return left
