"""The panes of a start: each has its terminal, and what a dead server had read of it is logged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fuguemux.model.ids import PaneId
from fuguemux.observe.failpoints import reach
from fuguemux.server import zone_place

if TYPE_CHECKING:
    from fuguemux.server.main import Server


async def open_panes(server: Server) -> dict[PaneId, bytes]:
    """A terminal for every pane of the state, with what the landing zone still held. Replies that are owed."""
    booted = server.booted
    found = booted.salvage
    unanswered: dict[PaneId, int] = {}
    for chunk in found.salvaged:
        unanswered.setdefault(PaneId(chunk.pane), chunk.offset)
    server.report.notes.extend(found.damage)
    screens_first = booted.starts is not None and booted.starts.screens_first
    answers: dict[PaneId, bytes] = {}
    for pane, recovered in booted.recovered.panes.items():
        answers[pane] = server.rebuilding.add(
            recovered,
            booted.recovered.store.pane(pane),
            unanswered_from=unanswered.get(pane),
            now=screens_first,
        )
        if screens_first:
            await asyncio.sleep(0)  # a client's question, a signal: between two panes
    server.privacy.recovered(booted.recovered.state)
    for chunk in found.salvaged:
        terminal = server.panes.get(PaneId(chunk.pane))
        if terminal is None:
            if PaneId(chunk.pane) in booted.recovered.orphans:
                server.report.notes.append(
                    f"%{chunk.pane}: {len(chunk.data)} bytes not logged: lost"
                )
            continue
        known = terminal.read_offset - chunk.offset
        if 0 <= known < len(chunk.data):
            replies = server.output.take_over(terminal, chunk.data[known:])
            answers[terminal.id] = answers.get(terminal.id, b"") + replies
    reach("recovery.salvaged")
    server.open_zone()
    if booted.landing_path:
        zone_place.settle(booted.state_directory, booted.landing_path, store=server.store)
    reach("recovery.zone_emptied")
    server.panes.limit_history(server.engine.state)
    return answers


def open_orphan(server: Server, pane: PaneId) -> None:
    """A terminal with what the log has of a pane that no event knows, if it has anything: somebody gives it a place now."""
    recovered = server.booted.recovered
    found = recovered.orphans.pop(pane, None)
    if found is not None:
        server.rebuilding.add(found, recovered.store.pane(pane))
