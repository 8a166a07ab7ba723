"""Builds what runs outside of panes and what types into them: shell commands, pipes, and the input of panes."""

from typing import NamedTuple

from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.persistence.storage.pipe_positions import PipePositions
from fuguemux.server.composition.base import Base
from fuguemux.server.composition.clients import ClientParts
from fuguemux.server.composition.log import LogParts
from fuguemux.server.composition.panes import PaneParts, StateParts
from fuguemux.server.processes.shell_argv import shell_argv
from fuguemux.server.requests.channels import Channels
from fuguemux.server.requests.format_jobs import ClientsOfJobs, FormatJobs
from fuguemux.server.requests.keys.mode_keys import ModeKeys
from fuguemux.server.requests.keys.prompt_file import PromptFile
from fuguemux.server.requests.keys.prompts import Prompts
from fuguemux.server.requests.pane_input import PaneInput
from fuguemux.server.requests.pipes import Pipes
from fuguemux.server.requests.shells import Shells
from fuguemux.server.work.waits import Waits


class ProgramParts(NamedTuple):
    """Programs outside of panes, and the input of panes."""

    waits: Waits
    shells: Shells
    typing: PaneInput
    pipes: Pipes
    mode_keys: ModeKeys
    format_jobs: FormatJobs
    prompts: Prompts
    prompt_file: PromptFile

    def published(self, before: ServerState, after: ServerState) -> None:
        """The state has changed."""
        if before.server_options is not after.server_options:
            self.prompt_file.look()


def build_programs(
    base: Base, log: LogParts, state: StateParts, panes: PaneParts, clients: ClientParts
) -> ProgramParts:
    """Build shell commands, pipes, and the input of panes."""
    waits = Waits()
    channels = Channels(base.loop, state.engine, log.flusher.wait_durable, waits)
    defaults = state.view.option_defaults
    shells = Shells(base.loop, state.state, panes.environment, defaults, base.spawn, channels)
    prompts = Prompts(base.loop, state.engine, clients.viewers, waits, base.spawn)
    prompt_file = PromptFile(
        prompts.history,
        lambda: options.get(state.state(), state.view.option_defaults(), "history-file"),
        base.spawn,
    )
    mode_keys = ModeKeys(
        clients.modes, clients.viewers, state.panes, prompts, state.state, base.spawn
    )
    typing = PaneInput(
        state.panes,
        clients.surface.prefix_key,
        panes.output.inject,
        state.state,
        mode_keys.sent,
        mode_keys.sent_mouse,
    )
    pipes = Pipes(
        base.loop,
        state.engine,
        PipePositions(base.booted.storage, base.booted.state_directory),
        lambda command: shell_argv(command, panes.environment.descriptors),
        shells.environment,
        lambda pane, data: typing.send_bytes(pane, data, paste=False),
        clients.viewers.announce,
        base.spawn,
    )
    clock = clients.viewers.status_clock
    jobs = FormatJobs(
        base.loop,
        base.clock,
        panes.environment,
        shells.environment,
        ClientsOfJobs(clock.directory, clock.round, clock.printed),
        base.spawn,
    )
    return ProgramParts(waits, shells, typing, pipes, mode_keys, jobs, prompts, prompt_file)
