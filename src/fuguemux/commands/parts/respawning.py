"""The event that starts the process of a pane again, for respawn-pane and respawn-window."""

from fuguemux.commands.parts import spawning
from fuguemux.config.secrets import is_redacted
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.decision import Refused
from fuguemux.model.events import PaneRespawned
from fuguemux.model.live import LiveView
from fuguemux.model.state import Life, Pane, ServerState


def is_active(pane: Pane) -> bool:
    """Whether the pane has a process."""
    return pane.life in (Life.STARTING, Life.RUNNING)


def respawned(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target, pane: Pane
) -> PaneRespawned:
    """The event that starts the pane again with the given command, directory and variables, or else with its own.

    If a secret was removed from its own command before that was stored, this raises Refused. A pane that waits for Enter
    gets a shell instead.
    """
    given = spawning.environment_given(invocation)
    argv = spawning.argv_of(invocation.arguments)
    if not argv and is_redacted(pane.argv) and pane.life is not Life.SUSPENDED:
        line = " ".join(word.decode("utf-8", "replace") for word in pane.argv)
        raise Refused(
            f"a secret in the pane's command is not stored: give the whole command in place of: {line}"
        )
    return PaneRespawned(
        pane.id,
        argv,
        spawning.start_directory(state, live, invocation, target)
        if invocation.flags.value("c")
        else b"",
        {**pane.environment, **given} if given else None,
    )
