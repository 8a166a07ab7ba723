"""Brings a session of an earlier time back into the running server, with new ids, the old text, and a new process per
pane.

The panes' old text is logged as their first output, so it is as durable as everything else.
"""

import asyncio
from typing import NamedTuple

from fuguemux.engine.engine import Engine
from fuguemux.model.ids import PaneId
from fuguemux.observe.clock import Clock
from fuguemux.persistence.checkpoint.manifest import ManifestUnsupported
from fuguemux.persistence.recovery.point_in_time import NotReachable, moment_among
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.serialization import VersionUnknown
from fuguemux.reactions import session_restored
from fuguemux.server.output.pane_output import PaneOutput
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.program_names import runs_again
from fuguemux.server.ports import EffectFailed
from fuguemux.server.processes.processes import Processes
from fuguemux.server.recovery.history_reader import PastPane, PastSession, past_session, points
from fuguemux.terminal.emulator import EmulatorFactory

OUTPUT_BYTES_AT_ONCE = 16 << 10
LINES_MAX = 100_000
"""The limit of a pane's restored history, because more would hold the loop for too long."""


class RestorerParts(NamedTuple):
    """The parts of a server that receive a restored session."""

    engine: Engine
    panes: Panes
    output: PaneOutput
    processes: Processes
    clock: Clock
    emulators: EmulatorFactory
    storage: Storage
    directory: str
    """The state directory."""
    turn: asyncio.Lock
    """The lock that keeps the files of checkpoints from being removed."""


class SessionRestorer:
    """Belongs to the loop; the earlier state is read on a thread."""

    def __init__(self, parts: RestorerParts) -> None:
        self._parts = parts

    async def restore(self, name: str, at: str) -> bytes:
        """Restore the session. Returns a line about it. `at` empty: as the session was last seen. Raises
        EffectFailed."""
        parts = self._parts
        parts.output.flush()
        async with parts.turn:  # so that no pack is removed while it is read
            try:
                past = await asyncio.to_thread(self._read, name, at)
            except (NotReachable, ManifestUnsupported, VersionUnknown, PackDamaged) as refused:
                raise EffectFailed(str(refused)) from refused
            except OSError as error:
                raise EffectFailed(f"{error.filename}: {error.strerror}") from error
        decision, numbers = session_restored.decide(
            parts.engine.state, parts.engine.live, past.state, past.session
        )
        parts.engine.tell(decision)
        for old, new in numbers.items():
            terminal = parts.panes.get(new)
            if terminal is not None:
                await self._fill(terminal, past.panes[old])
                await self._start(new)
        session = max(parts.engine.state.sessions.values(), key=lambda session: session.id)
        when = "-".join(f"{part:02}" for part in self._local(past)[:3])
        clock = ":".join(f"{part:02}" for part in self._local(past)[3:6])
        text = (
            f"session {past.session.name} of {when} {clock} is back as {session.name}: "
            f"{counted(len(past.state.windows), 'window')}, {counted(len(numbers), 'pane')}"
        )
        return "\n".join([text, *past.notes, ""]).encode()

    def _read(self, name: str, at: str) -> PastSession:
        parts = self._parts
        found = points(parts.storage, parts.directory)
        moment = moment_among(found, at, parts.clock.wall_ms()) if at else None
        return past_session(
            parts.storage,
            parts.directory,
            parts.clock,
            parts.emulators,
            name,
            moment,
            LINES_MAX,
        )

    def _local(self, past: PastSession) -> tuple[int, ...]:
        return self._parts.clock.local_time(past.as_of_ms // 1000)

    async def _fill(self, terminal: PaneTerminal, past: PastPane) -> None:
        """Write the history, scroll it off the screen, then draw the screen."""
        text = b"".join(line + b"\r\n" for line in past.history)
        await self._inject(terminal, text)
        emulator = terminal.emulator
        if past.history:
            used = emulator.cursor.row
            await self._inject(terminal, b"\x1b[%d;1H" % emulator.size.rows + b"\n" * used)
        await self._inject(terminal, past.screen + b"\r\n")

    async def _inject(self, terminal: PaneTerminal, data: bytes) -> None:
        for at in range(0, len(data), OUTPUT_BYTES_AT_ONCE):
            if terminal.id not in self._parts.engine.state.panes:
                return  # the pane was closed meanwhile
            self._parts.output.inject(terminal, data[at : at + OUTPUT_BYTES_AT_ONCE])
            await asyncio.sleep(0)

    async def _start(self, pane: PaneId) -> None:
        stored = self._parts.engine.state.panes.get(pane)
        if stored is not None:
            await self._parts.processes.start(pane, argv=None if runs_again(stored) else ())
