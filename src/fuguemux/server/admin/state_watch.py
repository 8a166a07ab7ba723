"""Puts the watch over the state directory together with the parts of a server that depend on the directory."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from fuguemux.observe.diagnostics import channel
from fuguemux.persistence.recovery.recovery import RECOVERIES
from fuguemux.persistence.recovery.whereabouts import Whereabouts
from fuguemux.persistence.report.files import save_report
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.server.output import zone_place
from fuguemux.server.ports import EffectFailed
from fuguemux.server.recovery import recovery_notice
from fuguemux.server.recovery.configured import configure_logging
from fuguemux.server.state.place import PlaceRefused, StatePlace
from fuguemux.server.state.settling import Settling, SettlingParts, forget_unfinished

if TYPE_CHECKING:
    from fuguemux.server.main import Server

NO_DIRECTORY = "nothing is written to disk: persistence.enabled is false"

diagnostics = channel("state")


class StateWatch:
    """The watch of a server. Without persistence it watches nothing."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._place: StatePlace | None = None
        lock = server.booted.lock
        if lock is None:
            return
        directory = server.booted.state_directory
        whereabouts = Whereabouts(lock, directory)
        parts = SettlingParts(
            server.booted.storage,
            directory,
            whereabouts,
            server.writer,
            server.flusher,
            server.series,
            server.checkpointer,
            server.rebuilding,
            self._begun,
        )
        self._place = StatePlace(
            lock,
            whereabouts,
            server.flusher,
            server.writer.state,
            Settling(lock, parts),
            server.clock,
            self._changed,
            lambda line: server.viewers.announce(f"fugue: {line}"),
        )

    def start(self) -> None:
        """Watch from now on. The server serves, and its report is saved."""
        if self._place is not None:
            booted = self._server.booted
            self._server.address.looked = self._place.look_soon
            with contextlib.suppress(OSError):
                forget_unfinished(booted.storage, booted.state_directory)
            self._server.spawn(self._place.run())

    async def here(self) -> bytes:
        """Have everything saved where the state directory should be; lines about it. Raises EffectFailed."""
        if self._place is None:
            raise EffectFailed(NO_DIRECTORY)
        try:
            lines = await self._place.here()
        except PlaceRefused as refused:
            raise EffectFailed(str(refused)) from refused
        except (OSError, PackDamaged) as problem:
            raise EffectFailed(f"not saved, and tried again: {problem}") from problem
        return "".join(f"{line}\n" for line in lines).encode()

    def _changed(self, elsewhere: str) -> None:
        self._server.output_events.place_changed(elsewhere)
        if not elsewhere:
            self._server.address.look()  # the directory that is there now is the one to be watched

    def _begun(self) -> None:
        """A directory was made anew: what else belongs into it. A disk that refuses that costs nothing more."""
        server, booted = self._server, self._server.booted
        recovery_notice.note_boot(booted.storage, booted.state_directory)
        server.view.note_attached()
        with contextlib.suppress(OSError):
            configure_logging(booted.log_path, server.configuration, server.clock)
        server.pipes.note_anew()
        server.surface.scroll.moved()
        server.address.look()  # the lock says where we listen; a landing zone that was in the directory is made again
        if server.address.zone.path:
            zone_place.settle(booted.state_directory, server.address.zone.path, store=server.store)
        if server.report.cause != "first start":
            directory = f"{booted.state_directory}/{RECOVERIES}"
            try:
                save_report(booted.storage, directory, server.report)
            except OSError as error:
                diagnostics.warning("report_not_saved", error=str(error))
