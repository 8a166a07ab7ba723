"""move-window: move a window to another index or session. `-r` renumbers the windows of a session instead."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.linking import moved, place_for
from fuguemux.language.invocation import Invocation
from fuguemux.model.closing import never_renumber, renumbered
from fuguemux.model.decision import Decision
from fuguemux.model.effects import MarkPane
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options.derived import base_index, renumbering
from fuguemux.targets.declaration import Absence, TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    if flags.has("r"):
        target = invocation.optional_target
        if target is None:  # as in tmux, which then says nothing
            return Decision()
        session = target.session
        moves = renumbered(
            session, session.links, base_index(state, live.option_defaults(), session)
        )
        mark = live.mark()
        forgotten = mark is not None and mark.session == session.id
        # As in tmux, whose places of windows are made anew: the mark is lost.
        return Decision(tuple(moves), (MarkPane(None),) if forgotten else ())
    source = invocation.source
    place = place_for(invocation)
    renumber = never_renumber if flags.has("s") else renumbering(state, live.option_defaults())
    events = moved(
        state,
        live,
        source,
        place,
        kill=flags.has("k"),
        select=not flags.has("d"),
        renumber=renumber,
    )
    return Decision(events)


COMMAND: Final = Command(
    name="move-window",
    alias="movew",
    flags="abdkrs:t:",
    usage="[-abdkr] [-s src-window] [-t dst-window]",
    arguments=(0, 0),
    source=TargetFlag("s", TargetKind.WINDOW, other_kinds=(("r", TargetKind.NONE),)),
    target=TargetFlag(
        "t", TargetKind.WINDOW_INDEX, Absence.NOTHING, other_kinds=(("r", TargetKind.SESSION),)
    ),
    decide=decide,
    help="Move a window to another index or session.",
)
