"""Notes what happens during a tick and sees to what follows, a moment later: nothing here commits while output is shown."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

from fuguemux.model.state import ServerState
from fuguemux.observe.diagnostics import channel
from fuguemux.reactions import client_resized, session_emptied
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.recovery import recovery_notice
from fuguemux.server.storage.scrubber import Scrubber, scrubber_of
from fuguemux.terminal.emulator import Bell, Event

if TYPE_CHECKING:
    from fuguemux.server.main import Server

diagnostics = channel("server")

WORDS = {
    "ok": "durability restored: everything is on disk again",
    "degraded": "durability degraded: changes are stored, output may not be",
    "lost": "durability lost: the disk refuses; programs keep running, and everything is kept in memory",
}


class OutputEvents:
    """Implements pane_output.Listener, and the callbacks of log, viewers and committer."""

    scrubber: Scrubber
    """There once everything is connected."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._sizes_due = False
        self._log = ("ok", "")
        self._elsewhere = ""
        self._checkpoints = ""

    def connect(self, server: Server) -> None:
        """Everything is built: from now on there is somebody to tell."""
        self._server = server
        server.surface.alerts = self.alert
        server.checkpointer.tell = self.checkpoints_fail
        server.checkpointer.before_publishing = server.last_screens.settle
        server.checkpointer.look = server.pane_watcher.look_at_all
        self.scrubber = scrubber_of(server)
        self.scrubber.announce = self.scrollback_lost
        self.scrubber.changed = self._report_changed
        server.booted.recovered.store.losses.tell = self._damage_found
        server.pane_watcher.ending = server.processes.signs.near

    # The log

    @property
    def durability(self) -> str:
        """Whether what is acknowledged survives: as the log has it, and lost if nobody would find the log.

        Degraded while checkpoints fail, too: the log holds everything then, and grows.
        """
        if self._elsewhere:
            return "lost"
        return "degraded" if self._log[0] == "ok" and self._checkpoints else self._log[0]

    @property
    def durability_reason(self) -> str:
        """Why it does not, if it does not."""
        if self._elsewhere:
            return self._elsewhere
        failing = f"checkpoints fail: {self._checkpoints}" if self._checkpoints else ""
        return self._log[1] if self._log[0] != "ok" else failing

    def durability_changed(self, durability: Enum, reason: str) -> None:
        """The log says how it is."""
        before = self.durability
        self._log = (str(durability.value), reason)
        self._tell_durability(before)

    def place_changed(self, elsewhere: str) -> None:
        """What is written now would not be found again, for a reason that people are told; or (empty) it would be."""
        before = self.durability
        self._elsewhere = elsewhere
        self._tell_durability(before)

    def warning(self) -> str:
        """What a client that attaches is told for as long as durability is not ok."""
        if self.durability == "ok":
            return ""
        return f"fugue: durability {self.durability}: {self.durability_reason}"

    def _tell_durability(self, before: str) -> None:
        """Tell people once at each change."""
        now, reason = self.durability, self.durability_reason
        diagnostics.warning("durability", now=now, reason=reason)
        if now != before and self._server is not None:
            text = WORDS[now] + (f" ({reason})" if reason else "")
            if self._elsewhere:
                text = f"durability lost: {reason}; programs keep running"
            self._server.loop.call_soon(self._server.viewers.announce, f"fugue: {text}")

    def checkpoints_fail(self, failure: str) -> None:
        """Tell people when that begins, and when it is over (`failure` empty)."""
        before = self.durability
        begins = failure and not self._checkpoints
        self._checkpoints = failure
        if self.durability != before:
            diagnostics.warning(
                "durability", now=self.durability, reason=self.durability_reason or "none"
            )
        if self._server is not None and (begins or not failure):
            text = f"checkpoints fail: {failure}" if failure else "checkpoints are written again"
            self._server.viewers.announce(f"fugue: {text}: durability {self.durability}")

    def scrollback_lost(self, text: str) -> None:
        """Tell people that stored lines were found damaged."""
        if self._server is not None:
            self._server.viewers.announce(f"fugue: {text}")

    async def _report_changed(self) -> None:
        """Formats show what the report says now, and it is stored."""
        server = self._server
        if server is not None:
            server.view.recovered(server.report.summary)
            if server.booted.safe is None and server.booted.log_path is not None:
                await server.lifecycle.keep_report()

    def _damage_found(self) -> None:
        """On any thread: a part of some scrollback cannot be read."""
        if self._server is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._server.loop.call_soon_threadsafe(self._look_at_damage)

    def _look_at_damage(self) -> None:
        if self._server is not None:
            self._server.spawn(self.scrubber.tell_losses())

    def alert(self) -> str:
        """What the status line says of the log and of checkpoints, and for a while of the recovery."""
        if self.durability != "ok":
            return f"durability {self.durability}"
        return "" if self._server is None else recovery_notice.segment(self._server)

    def congestion_changed(self, congested: bool) -> None:
        """The log has caught up: read on."""
        if not congested and self._server is not None:
            self._server.output.resume()

    def disk_is_slow(self, seconds: float) -> None:
        """Writes took long several times in a row."""
        diagnostics.warning("disk.slow", ms=round(seconds * 1000, 1))

    def not_logged(self, error: OSError) -> None:
        """A fact could not be logged and is dropped; the next look finds it again."""
        diagnostics.warning("fact_not_logged", error=error.strerror or str(error))

    # Output

    def output_shown(
        self, terminal: PaneTerminal, events: Sequence[Event], data: memoryview
    ) -> None:
        """A pane's screen changed."""
        server = self._server
        if server is None:
            return
        if any(isinstance(event, Bell) for event in events):
            terminal.bell = True
        server.pane_watcher.shown(terminal, events)
        server.viewers.pane_changed(terminal, events)
        server.pipes.output(terminal, data)

    def output_ended(self, terminal: PaneTerminal) -> None:
        """The PTY is at its end."""
        if self._server is not None:
            self._server.loop.call_soon(self._server.processes.output_ended, terminal)

    # State and clients

    def published(self, before: ServerState, after: ServerState) -> None:
        """After a transaction: sizes may be others, and without sessions the server may end."""
        server = self._server
        if server is None:
            return
        if before.sessions is not after.sessions or before.windows is not after.windows:
            self.sizes_changed()
        if before.sessions and not after.sessions:
            server.loop.call_soon(self._emptied)

    def _emptied(self) -> None:
        server = self._server
        assert server is not None
        if not session_emptied.decide(server.engine.state, server.view).effects:
            return
        if not server.lifecycle.files.keeps(self._emptied):
            server.lifecycle.stop()

    def sizes_changed(self) -> None:
        """Viewers came, went, changed their size or were used: windows follow in a moment."""
        if self._server is not None and not self._sizes_due:
            self._sizes_due = True
            self._server.loop.call_soon(self._resize)

    def _resize(self) -> None:
        self._sizes_due = False
        server = self._server
        assert server is not None
        decision = client_resized.decide(server.engine.state, server.view)
        if decision.events:
            try:
                server.engine.tell(decision)
            except OSError as error:
                self.not_logged(error)
