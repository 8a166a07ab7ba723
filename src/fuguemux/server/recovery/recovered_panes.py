"""The panes of a start: each has its terminal, and what a dead server had read of it is logged."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fuguemux.model.decision import Decision
from fuguemux.model.events import OutputMissing
from fuguemux.model.ids import PaneId
from fuguemux.observe.failpoints import reach
from fuguemux.persistence.recovery.helper_files import same_boot
from fuguemux.persistence.scrollback.last_screens import ScreenFiles
from fuguemux.persistence.storage.pipe_positions import PipePositions
from fuguemux.server.copy.copy_document import viewed
from fuguemux.server.copy.kept_modes import KeptModes, put_back
from fuguemux.server.landing.zone_format import NOT_KNOWN
from fuguemux.server.output import salvage, zone_place
from fuguemux.server.panes.last_screens import LastScreens, NoScreen
from fuguemux.server.panes.panes import kept_on_disk
from fuguemux.server.processes.shell_argv import shell_argv
from fuguemux.server.requests.pane_input import PaneInput
from fuguemux.server.requests.pipes import Pipes

if TYPE_CHECKING:
    from fuguemux.server.main import Server


async def open_panes(server: Server) -> dict[PaneId, bytes]:
    """A terminal for every pane of the state, with what the landing zone still held. Replies that are owed."""
    beside_the_log(server)
    booted = server.booted
    found = booted.salvage
    unanswered = salvage.unanswered(found)
    server.report.notes.extend(found.damage)
    server.report.missing.extend(found.unknown)
    if zone_gone(server):
        server.report.missing.append(f"{NOT_KNOWN}: it was removed")
    screens_first = booted.starts is not None and booted.starts.screens_first
    answers: dict[PaneId, bytes] = {}
    for pane, recovered in booted.recovered.panes.items():
        server.pipes.recovered(pane, recovered)
        server.rebuilding.add(
            recovered,
            booted.recovered.store.pane(pane),
            unanswered_from=unanswered.get(pane),
            now=screens_first,
            persist=kept_on_disk(booted.recovered.state, server.view.option_defaults(), pane),
        )
        if screens_first:
            await asyncio.sleep(0)  # a client's question, a signal: between two panes
    server.privacy.recovered(booted.recovered.state)
    salvage.take_changes(server, found)
    salvage.take_output(server, found, answers)
    for terminal in server.panes:
        server.pipes.opened(terminal)
    reach("recovery.salvaged")
    zone = server.address.zone
    problem = zone.open(
        booted.landing_path,
        booted.environment,
        server.output.missing.entries,
        label=f"{server.report.started_ms}-",
    )
    server.report.notes += [*zone.aside, *([problem] if problem else [])]
    if zone.path:
        zone_place.settle(booted.state_directory, zone.path, store=server.store)
    reach("recovery.zone_emptied")
    server.panes.limit_history(server.engine.state)
    return answers


def beside_the_log(server: Server) -> None:
    """The landing zone holds what the log does not have yet, and the log is told what it will never have."""
    output, engine = server.output, server.engine

    def say(events: Sequence[OutputMissing]) -> int:
        panes = engine.state.panes
        return engine.tell(Decision(tuple(each for each in events if each.pane in panes))).lsn

    server.log.keep = lambda lsn, payload: output.zone.keep_event(lsn, payload)
    server.flusher.on_written = output.written
    output.missing.say = say


def zone_gone(server: Server) -> bool:
    """Whether the zone of a server that was killed is not there, although the machine was not started since."""
    booted = server.booted
    if server.report.clean or not booted.landing_path or booted.safe is not None:
        return False
    if not zone_place.gone(booted.state_directory, booted.landing_path):
        return False
    return same_boot(booted.storage, booted.state_directory)


def open_orphan(server: Server, pane: PaneId) -> None:
    """A terminal with what the log has of a pane that no event knows, if it has anything: somebody gives it a place now."""
    recovered = server.booted.recovered
    found = recovered.orphans.pop(pane, None)
    if found is not None:
        server.rebuilding.add(found, recovered.store.pane(pane))


def pipes_of(server: Server, typing: PaneInput) -> Pipes:
    """What gives panes' output to commands."""
    descriptors = server.surroundings.descriptors
    return Pipes(
        server.loop,
        server.engine,
        PipePositions(server.booted.storage, server.booted.state_directory),
        lambda command: shell_argv(command, descriptors),
        server.shells.environment,
        lambda pane, data: typing.send_bytes(pane, data, paste=False),
        server.viewers.announce,
        server.spawn,
    )


def modes_again(server: Server) -> None:
    """Panes that were in copy mode are where they were, if their processes run on; else it is said that the mode is left.

    So are those that showed the last screen of a program, whatever runs in them.
    """
    kept = KeptModes(server.booted.storage, server.booted.state_directory, server.spawn)
    scroll = server.surface.scroll
    for place in kept.load():
        terminal = server.panes.get(place.pane)
        if terminal is None:
            continue
        if place.last_screen_ms is not None:
            with contextlib.suppress(NoScreen):
                screen = server.last_screens.find(place.pane, place.last_screen_ms)
                scroll.show(terminal, *viewed(screen), screen.recovery_ms)
        elif terminal.status in ("live", "partial"):
            scroll.enter_at_start(terminal)
        mode = scroll.mode(place.pane)
        if mode is not None and put_back(mode, place):
            mode.document.hold_from(min(mode.top.line, mode.cursor.line))
            continue
        scroll.leave(place.pane)
        server.viewers.announce(f"%{place.pane}: copy mode was left when the last server ended")
    scroll.keep = kept.save
    scroll.moved()


def last_screens(server: Server) -> LastScreens:
    """What keeps the last screens of programs that ended with the machine, where anything is kept."""
    booted, files, why_not = server.booted, None, ""
    if booted.safe is not None:
        why_not = f"safe mode: no last screens are kept, and those of {booted.home} are not changed"
    elif booted.lock is None:
        why_not = (
            "nothing is kept on disk (persistence.enabled is false): there are no last screens"
        )
    else:
        files = ScreenFiles(booted.storage, booted.state_directory)

    def now_ms() -> int:
        """A clock that is set forward makes nothing old, and one that is set back nothing that is new."""
        return min(server.closed.age.look(), server.clock.wall_ms())

    return LastScreens(
        files,
        why_not,
        server.spawn,
        lambda: server.configuration.persistence.keep_closed_days,
        now_ms,
        server.panes.get,
        server.report.notes.append,
    )
