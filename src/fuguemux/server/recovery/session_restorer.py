"""Brings a session of the past back into the running server: new numbers, the old text, and a new process per pane.

What the panes showed is logged as their first output, so it is as safe as everything else.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fuguemux.model.ids import PaneId
from fuguemux.persistence.checkpoint.manifest import ManifestUnsupported
from fuguemux.persistence.recovery.point_in_time import NotReachable, moment_among
from fuguemux.persistence.report.report import counted
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.storage.serialization import VersionUnknown
from fuguemux.reactions import session_restored
from fuguemux.server.panes.program_names import runs_again
from fuguemux.server.ports import EffectFailed
from fuguemux.server.recovery.history_reader import PastPane, PastSession, past_session, points

if TYPE_CHECKING:
    from fuguemux.server.main import Server
    from fuguemux.server.panes.pane_terminal import PaneTerminal

OUTPUT_BYTES_AT_ONCE = 16 << 10
LINES_MAX = 100_000
"""Of a pane's history; more would hold up everybody else for too long."""


class SessionRestorer:
    """Belongs to the loop; reading the past runs on a thread."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def restore(self, name: str, at: str) -> bytes:
        """Bring the session back; a line about it. `at` empty: as it was last seen. Raises EffectFailed."""
        server = self._server
        server.output.flush()
        async with server.checkpointer.turn:  # so that no pack goes while it is read
            try:
                past = await asyncio.to_thread(self._read, name, at)
            except (NotReachable, ManifestUnsupported, VersionUnknown, PackDamaged) as refused:
                raise EffectFailed(str(refused)) from refused
            except OSError as error:
                raise EffectFailed(f"{error.filename}: {error.strerror}") from error
        decision, numbers = session_restored.decide(
            server.engine.state, server.engine.live, past.state, past.session
        )
        server.engine.tell(decision)
        for old, new in numbers.items():
            terminal = server.panes.get(new)
            if terminal is not None:
                await self._fill(terminal, past.panes[old])
                await self._start(new)
        session = max(server.engine.state.sessions.values(), key=lambda session: session.id)
        when = "-".join(f"{part:02}" for part in self._local(past)[:3])
        clock = ":".join(f"{part:02}" for part in self._local(past)[3:6])
        text = (
            f"session {past.session.name} of {when} {clock} is back as {session.name}: "
            f"{counted(len(past.state.windows), 'window')}, {counted(len(numbers), 'pane')}"
        )
        return "\n".join([text, *past.notes, ""]).encode()

    def _read(self, name: str, at: str) -> PastSession:
        server, booted = self._server, self._server.booted
        found = points(booted.storage, booted.state_directory)
        moment = moment_among(found, at, server.clock.wall_ms()) if at else None
        return past_session(
            booted.storage,
            booted.state_directory,
            server.clock,
            server.emulators,
            name,
            moment,
            LINES_MAX,
        )

    def _local(self, past: PastSession) -> tuple[int, ...]:
        return self._server.clock.local_time(past.as_of_ms // 1000)

    async def _fill(self, terminal: PaneTerminal, past: PastPane) -> None:
        """Write the history, push it off the screen, then draw the screen."""
        text = b"".join(line + b"\r\n" for line in past.history)
        await self._inject(terminal, text)
        emulator = terminal.emulator
        if past.history:
            used = emulator.cursor.row
            await self._inject(terminal, b"\x1b[%d;1H" % emulator.size.rows + b"\n" * used)
        await self._inject(terminal, past.screen + b"\r\n")

    async def _inject(self, terminal: PaneTerminal, data: bytes) -> None:
        for at in range(0, len(data), OUTPUT_BYTES_AT_ONCE):
            if terminal.id not in self._server.engine.state.panes:
                return  # closed meanwhile
            self._server.output.inject(terminal, data[at : at + OUTPUT_BYTES_AT_ONCE])
            await asyncio.sleep(0)

    async def _start(self, pane: PaneId) -> None:
        stored = self._server.engine.state.panes.get(pane)
        if stored is not None:
            await self._server.processes.start(pane, argv=None if runs_again(stored) else ())
