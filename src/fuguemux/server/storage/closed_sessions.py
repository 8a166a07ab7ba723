"""Keeps closed sessions for some days so that they can be brought back: each is saved as it was, apart from the
checkpoints.

A save contains only the session, with its panes' screens and scrollback in a pack of its own, under the name
`closed-SESSION-DATE-TIME`. Writing it does not delay the closing. If the server is killed in between, the save is lost,
but not the checkpoints that still contain the session.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Set
from itertools import chain, count
from typing import Any, NamedTuple

import msgspec

from fuguemux.model.ids import PaneId, SessionId
from fuguemux.model.state import Link, ServerState, Session
from fuguemux.model.window_panes import panes_in
from fuguemux.observe.clock import Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.checkpoint import save_check, saves
from fuguemux.persistence.checkpoint.checkpoint_files import CheckpointFiles
from fuguemux.persistence.checkpoint.manifest import Manifest
from fuguemux.persistence.checkpoint.pane_files import PaneFiles, StoredScreen
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.recovery.point_in_time import CLOSED_PREFIX, CLOSED_REASON, part_of
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.storage.serialization import encode_state
from fuguemux.server.panes.panes import Panes
from fuguemux.server.storage.closed_retention import Lifetimes, is_brief, superfluous
from fuguemux.server.work.age_clock import AgeClock

LOOK_SECONDS = 3_600.0

diagnostics = channel("closed_sessions")


class _Closed(NamedTuple):
    """A session at its end."""

    session: Session
    state: ServerState
    panes: dict[PaneId, PaneFiles]
    lsn: int
    brief: bool


class SavedCheckpoints(NamedTuple):
    """The checkpoints of a state directory, including the saves."""

    series: CheckpointSeries
    directory: str
    """The state directory."""
    turn: asyncio.Lock
    """The holder of this lock may rely on the files of checkpoints, and is the only one to change them."""


class ClosedSessions:
    """Belongs to the loop. Writes on a thread, while it holds the checkpointer's lock."""

    def __init__(
        self,
        panes: Panes,
        saves: SavedCheckpoints,
        clock: Clock,
        age: AgeClock,
        sessions: Set[SessionId],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        days: Callable[[], int],
        lines: Callable[[], int | None],
    ) -> None:
        """`age` is the clock for the age of saves. `sessions` are those that an earlier server created.

        `days` returns for how many days closed sessions are kept, 0 for not at all. `lines` returns how much scrollback
        of each pane is kept.
        """
        self._panes = panes
        self._saves = saves
        self._clock = clock
        self._age = age
        self._spawn = spawn
        self._days = days
        self._lines = lines
        self._waiting: list[_Closed] = []
        self._writing: asyncio.Lock = asyncio.Lock()
        self._lifetimes = Lifetimes(clock, sessions)

    def published(self, before: ServerState, after: ServerState, lsn: int) -> None:
        """Capture what the panes of a closed session showed. Called before removed panes are closed."""
        if before.sessions is after.sessions:
            return
        for number, session in before.sessions.items() if self._days() else ():
            if number in after.sessions or not session.links:
                continue
            still = {link.window for link in session.links} & after.windows.keys()
            links = tuple(link for link in session.links if link.window not in still)
            if links:
                self._take(before, _with_links(session, links), lsn)
        self._lifetimes.note(after.sessions.keys())
        if self._waiting:
            self._spawn(self.finish())

    def _take(self, state: ServerState, session: Session, lsn: int) -> None:
        panes: dict[PaneId, PaneFiles] = {}
        history_lines = rows = 0
        for link in session.links:
            for pane in panes_in(state.windows[link.window]):
                terminal = self._panes.get(pane)
                if terminal is None or not terminal.persist:
                    continue
                terminal.settle()
                terminal.take_archive(everything=True)
                emulator = terminal.emulator
                screen = StoredScreen(
                    *emulator.size,
                    emulator.engine,
                    emulator.snapshot(),
                    emulator.to_ansi(),
                    lsn,
                    terminal.read_offset,
                )
                history_lines += len(terminal.scrollback)
                rows += sum(bool(row.strip()) for row in emulator.screen_text())
                files = panes[pane] = PaneFiles(None, screen)
                files.cut = terminal.scrollback.cut(self._lines())
        brief = is_brief(self._lifetimes.lived_ms(session), history_lines, rows)
        self._waiting.append(_Closed(session, part_of(state, session), panes, lsn, brief))

    async def finish(self) -> None:
        """Write everything that waits."""
        async with self._writing:
            while self._waiting:
                closed = self._waiting.pop(0)
                try:
                    async with self._saves.turn:
                        await self._save(closed)
                except (OSError, PackDamaged) as error:
                    diagnostics.warning("not_kept", session=closed.session.name, error=str(error))
            try:
                async with self._saves.turn:
                    await self._expire()
            except OSError as error:
                diagnostics.warning("not_forgotten", error=str(error))
            await asyncio.to_thread(self._age.store)

    async def keep_looking(self, settle: Callable[[], Awaitable[None]]) -> None:
        """Remove saves that have become too old, now and then, until cancelled. `settle` does the same for last screens."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.finish()
            await settle()

    async def _save(self, closed: _Closed) -> None:
        series = self._saves.series
        series.highest_number += 1
        number = series.highest_number
        files = CheckpointFiles(
            series.storage, series.directory, series.store, series.store_id, number
        )
        now = self._clock.wall_ms()
        year, month, day, hour, minute, second, *_ = self._clock.local_time(now // 1000)
        when = f"{year}{month:02}{day:02}-{hour:02}{minute:02}{second:02}"
        name = first = f"{CLOSED_PREFIX}{closed.session.name}-{when}"
        taken = {save.name for save in series.saves}
        name = next(
            n for n in chain((first,), (f"{first}-{i}" for i in count(2))) if n not in taken
        )
        try:
            manifest = await asyncio.to_thread(self._write, closed, files, number, now, name)
        except BaseException:
            await asyncio.to_thread(files.abandon)
            raise
        series.saves.append(manifest)
        diagnostics.info("kept", session=closed.session.name, name=name, bytes=files.new_bytes)

    def _write(
        self, closed: _Closed, files: CheckpointFiles, number: int, now_ms: int, name: str
    ) -> Manifest:
        series = self._saves.series
        files.open()
        for pane, pane_files in closed.panes.items():
            cut = pane_files.cut
            assert cut is not None, "taken with the screen"
            places = [block.place for block in cut.blocks] + [cut.open_place]
            # Put everything into a pack of its own, since the other packs may then be removed.
            elsewhere = {place.digest for place in places if place is not None}
            files.write_pane(pane, pane_files, elsewhere)
        files.write_structure(encode_state(closed.state, series.withhold))
        files.finish_packs()
        manifest = files.manifest(
            {pane: pane_files.stored() for pane, pane_files in closed.panes.items()},
            {},
            None,
            number=number,
            store_id=series.store_id,
            created_ms=now_ms,
            reason=CLOSED_REASON,
            program=series.settings.program,
            engine=next((p.screen.engine for p in closed.panes.values() if p.screen), ""),
            structure_lsn=closed.lsn,
            wal_start_lsn=closed.lsn,
            next_lsn=closed.lsn + 1,
            previous=0,
            sessions=(closed.session.name,),
            name=name,
            brief=closed.brief,
        )
        files.publish_save(manifest)
        save_check.note(series.storage, self._saves.directory, add=[name])
        return manifest

    async def _expire(self) -> None:
        """Remove sessions that were closed too long ago. Their packs go with the next checkpoint. Raises OSError."""
        series, directory = self._saves.series, self._saves.directory
        closed = [save for save in series.saves if save.reason == CLOSED_REASON]
        names = [save.name for save in superfluous(closed, self._age.look(), self._days())]
        if names:  # take them off the list at once, not one by one
            await asyncio.to_thread(save_check.note, series.storage, directory, remove=names)
        for name in names:
            await delete_save(self._saves, name)


async def delete_save(kept: SavedCheckpoints, name: str) -> bool:
    """Remove a save, even one that cannot be read. Returns False if there is none of that name. Raises OSError.

    The caller holds the lock `turn`. Packs that the save shares go with the next checkpoint.
    """
    series = kept.series
    storage, directory = series.storage, kept.directory
    known = any(save.name == name for save in series.saves)
    if not (known or await asyncio.to_thread(saves.has_files, storage, directory, name)):
        return False
    await asyncio.to_thread(saves.delete_save, storage, directory, name)
    series.saves = [save for save in series.saves if save.name != name]
    return True


def _with_links(session: Session, links: tuple[Link, ...]) -> Session:
    known = {link.index for link in links}
    active = session.active if session.active in known else min(known)
    last = tuple(index for index in session.last if index in known)
    return msgspec.structs.replace(session, links=links, active=active, last=last)
