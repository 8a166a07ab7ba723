"""Keeps last screens: takes them where the end of a program is found, writes them on a thread, and reads them on one
on request.

A checkpoint is published only after the screens of its panes are on the disk. So if a server dies earlier, the next
one takes them again from the log. A screen that cannot be written stays in memory and is tried again; this is
reported and stops nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.observe.clock import MS_PER_DAY
from fuguemux.observe.diagnostics import channel
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.scrollback.last_screens import (
    FORESEEN,
    SCREENS_MAX,
    LastScreen,
    ScreenDamaged,
    ScreenFiles,
    ScreenName,
)
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.work.file_threads import beside

READ_MAX: Final = 8
"""How many screens that were read stay in memory."""

diagnostics = channel("last_screens")


class NoScreen(Exception):
    """There is no such screen, or it cannot be read. The message is one line for a person."""


class LastScreens:
    """Belongs to the loop. Without `files` no screens are kept, and `why_not` says why."""

    def __init__(
        self,
        files: ScreenFiles | None,
        why_not: str,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        days: Callable[[], int],
        now_ms: Callable[[], int],
        terminal: Callable[[PaneId], PaneTerminal | None],
        tell: Callable[[str], None],
    ) -> None:
        """`days` returns for how many days screens are kept, 0 for not at all. `tell` reports a problem to people."""
        self._files = files
        self.why_not = why_not
        self.spawn = spawn
        self._days = days
        self._now_ms = now_ms
        self._terminal = terminal
        self._tell = tell
        self._pending: dict[ScreenName, LastScreen] = {}
        self._doomed: set[ScreenName] = set()
        self._read: dict[ScreenName, LastScreen] = {}
        self._writing: asyncio.Lock = asyncio.Lock()
        self._names: set[ScreenName] | None = None
        self._failed = False

    @property
    def waiting(self) -> int:
        """How many screens are not on the disk yet."""
        return len(self._pending)

    # -- keeping ------------------------------------------------------------------------------

    def keeps(self, pane: PaneId) -> bool:
        """Whether a screen of this pane that is taken now would be kept."""
        terminal = self._terminal(pane)
        kept = self._files is not None and self._days() > 0
        return kept and terminal is not None and terminal.persist

    def _oldest_ms(self) -> int:
        """The moment, in wall-clock ms, before which screens of a recovery are not kept."""
        return self._now_ms() - self._days() * MS_PER_DAY if self._days() else 1 << 62

    def keep(self, terminal: PaneTerminal, screens: Iterable[LastScreen]) -> None:
        """Keep the screens that were found of a pane, unless the pane must not be stored on disk. Returns at once."""
        if self._files is None or not terminal.persist:
            return
        known, oldest = self._known(), self._oldest_ms()
        for screen in screens:
            # A screen that exists was taken by a server that died before it had rebuilt everything.
            if screen.name not in known and screen.recovery_ms >= oldest:
                self._pending[screen.name] = screen
                known.add(screen.name)
        if self._pending:
            self.spawn(self.settle())

    async def settle(self) -> None:
        """Write and remove the files that wait for that. Never raises: a failure is reported, and the next call tries
        again.
        """
        if self._files is None:
            return
        oldest_ms = self._oldest_ms()
        aged = {name for name in self._known() if FORESEEN < name.recovery_ms < oldest_ms}
        for name in aged:
            self._pending.pop(name, None)
            self._read.pop(name, None)
        if not (self._pending or self._doomed or aged):
            return
        async with self._writing:
            doomed, screens = set(self._doomed), list(self._pending.values())
            written, lines, left, failure = await asyncio.to_thread(
                self._write, screens, doomed, oldest_ms
            )
            for line in lines:
                self._tell(line)
            for screen in written:
                if self._pending.get(screen.name) is screen:
                    del self._pending[screen.name]
            if failure is None:
                self._doomed -= doomed
                self._names = {*left, *self._pending}
            self._came_out(failure)

    def _write(
        self, screens: Sequence[LastScreen], doomed: Iterable[ScreenName], oldest_ms: int
    ) -> tuple[list[LastScreen], list[str], list[ScreenName], OSError | None]:
        """Return which screens were written, which files were set aside, which files exist afterwards, and the error
        that ended it early.
        """
        assert self._files is not None, "there is something to write"
        written: list[LastScreen] = []
        lines: list[str] = []
        try:
            for screen in screens:
                self._files.write(screen)
                written.append(screen)
                reach("recovery.last_screen_kept")
            self._files.remove(doomed)
            lines = self._files.clear(oldest_ms)
            return written, lines, self._files.names(), None
        except OSError as error:
            return written, lines, [], error

    def _came_out(self, failure: OSError | None) -> None:
        if failure is not None and not self._failed:
            reason = failure.strerror or str(failure)
            diagnostics.warning("not_kept", reason=reason, waiting=len(self._pending))
            self._tell(f"last screens are in memory only: {failure.filename}: {reason}")
        self._failed = failure is not None
        for name in list(self._pending)[: max(0, len(self._pending) - SCREENS_MAX)]:
            del self._pending[name]

    def forget(self, panes: Iterable[PaneId] | None) -> None:
        """Drop the screens of some panes, or of all (None). They are hidden from now on, and `settle` removes their
        files.
        """
        if self._files is None:
            return
        chosen = None if panes is None else set(panes)
        self._doom(name for name in self._known() if chosen is None or name.pane in chosen)

    def _doom(self, names: Iterable[ScreenName]) -> None:
        for name in names:
            self._pending.pop(name, None)
            self._read.pop(name, None)
            self._doomed.add(name)

    async def purge(self, panes: Iterable[PaneId] | None) -> int:
        """Drop screens as `forget` does, and remove them from the disk before returning. Returns how many there were.
        Raises OSError if that fails.
        """
        before = len(self._doomed)
        self.forget(panes)
        count = len(self._doomed) - before
        await self.settle()
        if self._doomed and self._files is not None:
            raise OSError(0, "last screens could not be removed", self._files.directory)
        return count

    # -- shutdowns that are announced ---------------------------------------------------------

    def foresee(self, screens: Iterable[LastScreen]) -> None:
        """Keep these screens for the next start, because programs are about to be told to end and will clear their
        screens.

        The next `settle` writes them. Screens of an earlier announcement are dropped.
        """
        if self._files is None:
            return
        self.nothing_foreseen()
        for screen in screens:
            self._pending[screen.name] = screen
            self._known().add(screen.name)
            self._doomed.discard(screen.name)

    def nothing_foreseen(self) -> None:
        """Drop the foreseen screens: the shutdown was called off, or the start after it has taken what it needs.
        `settle` removes the files.
        """
        if self._files is not None:
            self._doom(name for name in self._known() if name.recovery_ms == FORESEEN)

    def came_true(self, pane: PaneId, generation: int, recovery_ms: int) -> bool:
        """Keep the screen that was taken of this process of the pane when its end was foreseen. Returns whether there
        is one.
        """
        screen = self._foreseen(pane)
        if screen is None or screen.generation != generation:
            return False
        kept = msgspec.structs.replace(screen, recovery_ms=recovery_ms)
        self._pending[kept.name] = kept
        self._known().add(kept.name)
        return True

    def left_over(self, generations: Mapping[PaneId, int], recovery_ms: int) -> None:
        """Keep the foreseen screens whose process has been replaced by a newer one: an earlier start was killed
        before it had kept them.
        """
        for name in [n for n in self._known() if n.recovery_ms == FORESEEN] if self._files else ():
            screen = self._foreseen(name.pane)
            if screen is not None and screen.generation < generations.get(name.pane, 0):
                self.came_true(name.pane, screen.generation, recovery_ms)

    def _foreseen(self, pane: PaneId) -> LastScreen | None:
        name = ScreenName(FORESEEN, pane)
        if self._files is None or not self.keeps(pane) or name not in self._known():
            return None
        try:
            return self.get(name)
        except NoScreen as none:
            self._tell(str(none))
            return None

    # -- asking -------------------------------------------------------------------------------

    def names(self) -> list[ScreenName]:
        """All kept screens, the newest first."""
        if self._files is None:
            return []
        kept = self._known() - self._doomed
        return sorted((name for name in kept if name.recovery_ms != FORESEEN), reverse=True)

    def _known(self) -> set[ScreenName]:
        if self._names is None:  # listed once, at the start, before any client is served
            assert self._files is not None, "something is kept"
            try:
                self._names = {*self._files.names(), *self._pending}
            except OSError as error:
                diagnostics.warning("not_listed", reason=error.strerror or str(error))
                self._names = set(self._pending)
        return self._names

    def find(self, pane: PaneId, recovery_ms: int | None) -> LastScreen:
        """Return the pane's screen of one recovery, or its newest one (None). Raises NoScreen. Reads a file; for use
        during a start.
        """
        return self.get(self._name_of(pane, recovery_ms))

    async def fetch(self, pane: PaneId, recovery_ms: int | None) -> LastScreen:
        """Return the same as `find` while clients are served: the file is read on a thread, since the disk may never
        answer.
        """
        return await self.load(self._name_of(pane, recovery_ms))

    def _name_of(self, pane: PaneId, recovery_ms: int | None) -> ScreenName:
        if self._files is None:
            raise NoScreen(self.why_not)
        terminal = self._terminal(pane)
        if terminal is not None and terminal.waiting is not None and terminal.waiting.ends_programs:
            terminal.build()  # building the screen may find the last screen
        found = [
            name
            for name in self.names()
            if name.pane == pane and recovery_ms in (None, name.recovery_ms)
        ]
        if not found:
            of = "" if recovery_ms is None else " of that recovery"
            raise NoScreen(f"no last screen of %{pane}{of} is kept: see fugue recovery screens")
        return found[0]

    def get(self, name: ScreenName) -> LastScreen:
        """Return a screen that `names` lists. Raises NoScreen if it is damaged or was just removed. Reads a file; for
        use during a start.
        """
        return self._at_hand(name) or self._remembered(name, self._from_file(name))

    async def load(self, name: ScreenName) -> LastScreen:
        """Return the same as `get` while clients are served."""
        known = self._at_hand(name)
        if known is not None:
            return known
        try:
            screen = await beside("last screen", self._from_disk, name)
        except OSError as error:
            raise NoScreen(
                f"the last screen of %{name.pane} cannot be read: {error.strerror}"
            ) from error
        if name in self._doomed:
            raise NoScreen(f"the last screen of %{name.pane} was just removed")
        return self._remembered(name, screen)

    def _at_hand(self, name: ScreenName) -> LastScreen | None:
        return self._pending.get(name) or self._read.get(name)

    def _from_disk(self, name: ScreenName) -> LastScreen:
        reach("last_screen.reading")
        return self._from_file(name)

    def _from_file(self, name: ScreenName) -> LastScreen:
        """Blocks. May be called on any thread."""
        assert self._files is not None, "it has a name"
        try:
            return self._files.read(name)
        except ScreenDamaged as damage:
            raise NoScreen(
                f"the last screen of %{name.pane} is damaged: {self._files.path(name)}: {damage}"
            ) from damage
        except OSError as error:
            raise NoScreen(
                f"the last screen of %{name.pane} cannot be read: {error.filename}: {error.strerror}"
            ) from error

    def _remembered(self, name: ScreenName, screen: LastScreen) -> LastScreen:
        while len(self._read) >= READ_MAX:
            del self._read[next(iter(self._read))]
        self._read[name] = screen
        return screen
