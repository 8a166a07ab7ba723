"""Builds the parts that run commands: what commands may ask of the server, what runs them, and where clients send them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fuguemux.server.admin.unneeded import end_unneeded
from fuguemux.server.clients.client_input import ClientInput
from fuguemux.server.clients.last_used import keep_times
from fuguemux.server.clients.listener import Listener
from fuguemux.server.composition.admin import AdminParts
from fuguemux.server.composition.base import Base
from fuguemux.server.composition.clients import ClientParts
from fuguemux.server.composition.log import LogParts
from fuguemux.server.composition.panes import PaneParts, StateParts
from fuguemux.server.composition.programs import ProgramParts
from fuguemux.server.control.settings import ClientSettings
from fuguemux.server.copy.copy_commands import CopyCommands
from fuguemux.server.copy.copy_output import CopyOutput
from fuguemux.server.ending import ServerEnd
from fuguemux.server.recovery import recovery_notice
from fuguemux.server.requests.command_effects import CommandEffects
from fuguemux.server.requests.control_input import ControlInput
from fuguemux.server.requests.effect_runner import EffectRunner
from fuguemux.server.requests.executor import Executor
from fuguemux.server.requests.keys.key_input import KeyInput
from fuguemux.server.requests.overlays.opening import Overlays
from fuguemux.server.requests.overlays.popups import Popups
from fuguemux.server.requests.readiness import Readiness
from fuguemux.server.requests.request_handler import RequestHandler
from fuguemux.server.requests.search import Searcher
from fuguemux.server.requests.start_files import StartFiles


class RequestParts(NamedTuple):
    """The parts that run commands and reply to their requesters."""

    files: StartFiles
    readiness: Readiness
    executor: Executor
    listener: Listener


def build_requests(
    base: Base,
    tasks: asyncio.TaskGroup,
    log: LogParts,
    state: StateParts,
    panes: PaneParts,
    clients: ClientParts,
    programs: ProgramParts,
    admin: AdminParts,
    files: StartFiles,
    end: ServerEnd,
) -> RequestParts:
    """Build everything that runs commands, with a listener that is bound and does not accept yet. Raises ListenError."""
    durable = log.flusher.wait_durable
    readiness = Readiness(
        base.report, len(base.booted.recovered.panes), files, lambda: end.is_deliberate
    )
    executor = _executor(base, durable, state, panes, clients, programs, admin)
    keys = KeyInput(
        base.loop,
        clients.viewers,
        state.panes,
        clients.surface.scroll,
        executor,
        base.clock,
        state.engine,
        base.spawn,
        panes.output.hurry,
        clients.modes,
        programs.mode_keys,
        programs.typing.send_mouse,
        clients.dragging,
    )
    programs.prompts.connect(keys.run_text)
    programs.prompt_file.look()
    programs.mode_keys.connect(executor, keys.run_text, panes.hooks.mode_changed)
    socket_path = panes.environment.socket_path
    control = ControlInput(
        state.engine,
        executor,
        clients.viewers,
        clients.control,
        base.spawn,
        socket_path,
        programs.mode_keys.show_text,
    )
    handler = RequestHandler(
        executor,
        clients.viewers,
        keys,
        control,
        state.state,
        base.clock,
        panes.rebuilding.with_screens(readiness.wait, state.state),
        files.served,
        socket_path,
        state.view,
        lambda: end_unneeded(
            state.engine, end, base.report, is_safe_mode=base.booted.safe is not None
        ),
        lambda: recovery_notice.unknown_loss(base.report),
        programs.format_jobs.client_gone,
    )
    listener = admin.address.open(handler, tasks)
    if base.booted.log_path is not None:
        keep_times(state.view, base.booted.state_directory, base.spawn, base.booted.storage)
    return RequestParts(files, readiness, executor, listener)


def _executor(
    base: Base,
    durable: Callable[[int], Awaitable[None]],
    state: StateParts,
    panes: PaneParts,
    clients: ClientParts,
    programs: ProgramParts,
    admin: AdminParts,
) -> Executor:
    command_effects = CommandEffects(
        state.engine, programs.shells, base.spawn, durable, programs.waits, state.panes
    )
    client_input = ClientInput(clients.viewers, state.panes, clients.dragging)
    effects = EffectRunner(
        state.panes,
        panes.processes,
        clients.viewers,
        client_input,
        programs.typing,
        programs.shells,
        programs.pipes,
        admin.effects,
        command_effects,
        Searcher(state.panes, base.clock),
        CopyCommands(
            state.engine,
            state.panes,
            clients.viewers,
            durable,
            panes.last_screens.fetch,
            CopyOutput(state.engine, durable, clients.viewers.copied, programs.shells.feed),
            client_input.begin_selection,
        ),
        clients.entry,
        clients.alerts,
        ClientSettings(clients.viewers),
        programs.prompts,
        Overlays(
            base.loop,
            state.engine,
            clients.viewers,
            programs.waits,
            Popups(
                base.loop,
                state.engine,
                clients.viewers,
                programs.shells,
                panes.environment,
                panes.emulators,
            ),
            base.spawn,
        ),
    )
    executor = Executor(state.engine, effects, durable, panes.gate, panes.hooks, admin.documents)
    command_effects.connect(executor)
    panes.hooks.connect(executor)
    return executor
