"""Collects what every program shows while a shutdown is near. When told to end, an editor clears its screen, so this is
kept before.
"""

from collections.abc import Iterator

from fuguemux.config.secrets import redacted_line
from fuguemux.model.events import ProgramEnded
from fuguemux.model.state import Life, ServerState
from fuguemux.persistence.scrollback.last_screens import FORESEEN, LastScreen
from fuguemux.reactions.program_ended import place_of
from fuguemux.server.panes.last_screen import taken
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.program_names import ended_program


def seen_last(state: ServerState, panes: Panes, now_ms: int) -> Iterator[LastScreen]:
    """The screens of the panes whose program would be reported as ended if it exited now. Builds waiting screens."""
    for pane in state.panes.values():
        terminal, program = panes.get(pane.id), ended_program(pane)
        if terminal is None or not terminal.persist or not program or pane.life is not Life.RUNNING:
            continue
        terminal.settle()
        terminal.take_archive(everything=True)
        name, place = redacted_line(program), place_of(state, pane)
        ended = ProgramEnded(pane.id, pane.generation, FORESEEN, now_ms, name, place)
        yield taken(terminal.emulator, terminal.scrollback, ended)
