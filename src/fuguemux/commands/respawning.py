"""What respawn-pane and respawn-window share: the event that lets a pane's process be started again."""

from fuguemux.commands import spawning
from fuguemux.commands.command import Invocation
from fuguemux.commands.targets import Target
from fuguemux.model.events import PaneRespawned
from fuguemux.model.live import LiveView
from fuguemux.model.state import Life, Pane, ServerState


def is_active(pane: Pane) -> bool:
    """Whether the pane has a process."""
    return pane.life in (Life.STARTING, Life.RUNNING)


def respawned(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target, pane: Pane
) -> PaneRespawned:
    """The pane starts again: with other words, directory or variables if some were given, else with its own."""
    given = spawning.environment_given(invocation)
    return PaneRespawned(
        pane.id,
        spawning.argv_of(invocation.arguments),
        spawning.start_directory(state, live, invocation, target)
        if invocation.flags.value("c")
        else b"",
        {**pane.environment, **given} if given else None,
    )
