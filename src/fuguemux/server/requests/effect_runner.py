"""Carries out the effects of decisions: one case per effect, each with a call to the part that can carry it out."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, assert_never

from fuguemux.model import effects as ef
from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.overlay_effects import AnyOverlayEffect, OverlayEffect
from fuguemux.server.clients.requesters import InternalRequester
from fuguemux.server.panes.pane_terminal import InputRefused, PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.ports import EffectFailed, EffectResult, Requester
from fuguemux.server.requests import long_lists
from fuguemux.server.requests.turn import Turn

CHECKPOINT = "the disk to take the checkpoint"


class ProcessStarter(Protocol):
    """Starts panes' processes."""

    async def start(self, pane: PaneId) -> None:
        """Start the process. Returns when it runs and that is logged. Raises EffectFailed after handling the pane."""
        ...

    def waits_for(self) -> str:
        """What a start that takes long is waiting for."""
        ...

    def give_up(self, pane: PaneId) -> None:
        """The requester does not want the start any more: if it is not done, it fails."""
        ...

    def release(self, pane: PaneId) -> bool:
        """End the process that the pane still has. Returns whether the pane ever had one."""
        ...


class SettingsPort(Protocol):
    """What can be set for a client."""

    def tell(self, text: str) -> None:
        """List a line in show-messages."""
        ...

    def set_for_client(
        self, effect: ef.SetClientFlags | ef.SetControlSize | ef.SetPaneFlow | ef.Subscribe
    ) -> None:
        """Raises EffectFailed if the client has too many subscriptions."""
        ...


class ViewersPort(Protocol):
    """Attached clients."""

    def attach(self, requester: Requester, effect: ef.Attach) -> None:
        """Raises EffectFailed if the requesting client has no terminal."""
        ...

    def switch(self, client: ClientId, session: SessionId) -> None: ...

    def detach(self, effect: ef.Detach) -> None: ...

    def lend(self, effect: ef.SuspendClient | ef.LockClient) -> None: ...

    def refresh(self, client: ClientId | None) -> None: ...

    def overlay(self, effect: ef.ShowMessage | ef.Choose | ef.ShowText) -> None: ...


class ModesPort(Protocol):
    """The panes in a mode other than copy mode."""

    def enter(self, effect: ef.EnterMode) -> None: ...

    def leave_all(self, pane: ef.LeaveModes) -> None: ...


class ClientInputPort(Protocol):
    """What clients' keys and mice do."""

    def scroll_view(self, effect: ef.ScrollView) -> Awaitable[EffectResult]: ...

    def set_key_table(self, client: ClientId, table: str) -> None: ...

    def begin_drag(self, client: ClientId, command: str) -> None: ...


class AlertsPort(Protocol):
    """The alerts of windows."""

    def cleared(self, session: SessionId) -> None: ...


class PromptsPort(Protocol):
    """Asks clients' users."""

    def prompt(self, effect: ef.Prompt, requester: Requester) -> Awaitable[EffectResult] | None: ...

    def listed(self, effect: ef.PromptHistoryAsked) -> Awaitable[EffectResult]: ...


class OverlaysPort(Protocol):
    """What lies over the panes of clients."""

    def open(
        self, effect: AnyOverlayEffect, requester: Requester
    ) -> Awaitable[EffectResult] | None: ...


class PaneInputPort(Protocol):
    """Sends keys and bytes to the programs in panes."""

    def send_keys(
        self, pane: PaneId, keys: Sequence[str], *, literal: bool, times: int
    ) -> None: ...

    def send_bytes(self, pane: PaneId, data: bytes, *, paste: bool) -> None: ...

    def send_mouse(self, effect: ef.SendMouse) -> None: ...

    def send_prefix(self, pane: PaneId, *, secondary: bool) -> None: ...

    def reset_terminal(self, pane: PaneId) -> None: ...

    def clear_screen(self, pane: PaneId) -> None: ...


class ShellsPort(Protocol):
    """Runs commands outside of panes, and operates the channels of wait-for."""

    def run_shell(
        self, effect: ef.RunShell, requester: Requester
    ) -> Awaitable[EffectResult] | None: ...

    def wait_for(self, effect: ef.WaitFor) -> Awaitable[EffectResult] | None: ...


class PipesPort(Protocol):
    """Runs commands that receive the output of panes."""

    def pipe_pane(self, effect: ef.PipePane, terminal: PaneTerminal | None) -> None: ...


class CommandEffectsPort(Protocol):
    """Runs effects that run commands, and effects on buffers in files."""

    def run_commands(
        self, effect: ef.RunCommands, requester: Requester
    ) -> Awaitable[EffectResult] | None: ...

    def run_file_commands(
        self, effect: ef.RunFileCommands, requester: Requester
    ) -> Awaitable[EffectResult]: ...

    def run_long_texts(
        self, effect: ef.RunLongTexts, requester: Requester
    ) -> Awaitable[EffectResult]: ...

    def if_shell(
        self, effect: ef.IfShell, requester: Requester
    ) -> Awaitable[EffectResult] | None: ...

    def load_buffer(
        self, effect: ef.LoadBuffer, requester: Requester
    ) -> Awaitable[EffectResult]: ...

    def capture_pane(self, effect: ef.CapturePane) -> Awaitable[EffectResult]: ...

    def save_buffer(self, effect: ef.SaveBuffer) -> Awaitable[EffectResult]: ...


class CopyModes(Protocol):
    """The panes in copy mode."""

    def copy_mode(
        self, effect: ef.CopyModeCommand, requester: Requester
    ) -> Awaitable[EffectResult] | None: ...

    def view_last_screen(self, effect: ef.ViewLastScreen) -> Awaitable[EffectResult]:
        """Raises EffectFailed if there is no last screen."""
        ...


class SearcherPort(Protocol):
    """Searches panes."""

    def search_panes(
        self, effect: ef.SearchPanes, requester: Requester
    ) -> Awaitable[EffectResult]: ...


class LifecyclePort(Protocol):
    """The server as a whole."""

    async def checkpoint(
        self, reason: str, name: str = "", tell: Callable[[str], None] = ...
    ) -> bytes:
        """Write a checkpoint, and with `name` keep it as a save. Returns a line about it. Raises EffectFailed.

        If it takes long, `tell` is called with the progress.
        """
        ...

    async def save_here(self) -> bytes:
        """Create the state directory again where it should be. Returns lines about it. Raises EffectFailed."""
        ...

    async def delete_save(self, name: str) -> bytes:
        """Delete a save. Returns nothing to print. Raises EffectFailed."""
        ...

    async def restore_session(self, session: str, at: str) -> bytes:
        """Restore a session of an earlier time. Returns a line about it. Raises EffectFailed."""
        ...

    async def reload_now(self) -> bytes:
        """Read the configuration file again. Returns lines about the result. Raises EffectFailed for mistakes in it."""
        ...

    async def purge(self, panes: Sequence[PaneId], *, everything: bool) -> bytes:
        """Delete from disk what panes have shown. Returns lines about content that remains. Raises EffectFailed."""
        ...

    def stop(self) -> None:
        """Stop the server for kill-server."""
        ...

    async def restart(self, requester: Requester) -> bytes:
        """Hand off to a new server process. The requester is told by the server that serves afterwards. Raises
        EffectFailed."""
        ...


class EffectRunner:
    """Implements `executor.Effects`."""

    def __init__(
        self,
        panes: Panes,
        processes: ProcessStarter,
        screens: ViewersPort,
        client_input: ClientInputPort,
        pane_input: PaneInputPort,
        shells: ShellsPort,
        pipes: PipesPort,
        lifecycle: LifecyclePort,
        commands: CommandEffectsPort,
        searcher: SearcherPort,
        copy_modes: CopyModes,
        modes: ModesPort,
        alerts: AlertsPort,
        settings: SettingsPort,
        prompts: PromptsPort,
        overlays: OverlaysPort,
    ) -> None:
        self.turn = Turn()
        self._panes = panes
        self._processes = processes
        self._screens = screens
        self._client_input = client_input
        self._input = pane_input
        self._shells = shells
        self._pipes = pipes
        self._lifecycle = lifecycle
        self._commands = commands
        self._searcher = searcher
        self._copy_modes = copy_modes
        self._modes = modes
        self._alerts = alerts
        self._settings = settings
        self._prompts = prompts
        self._overlays = overlays

    async def run(
        self, effects: Sequence[ef.AnyEffect], requester: Requester
    ) -> Sequence[Awaitable[EffectResult]]:
        """Carry out `effects` in order. Returns the results that are to be awaited. Raises EffectFailed."""
        awaited: list[Awaitable[EffectResult]] = []
        for effect in effects:
            try:
                if isinstance(effect, ef.StartProcess):
                    await self._start(effect.pane, requester)
                elif isinstance(effect, ef.ImmediateEffect):
                    self._immediate(effect, requester)
                elif (result := self._awaited(effect, requester)) is not None:
                    awaited.append(result)
            except InputRefused as refused:
                raise EffectFailed(f"the program in the pane does not read: {refused}") from refused
        return awaited

    async def _start(self, pane: PaneId, requester: Requester) -> None:
        """Start a pane's process. If it takes long, other commands get the turn, but the next effect waits for it."""
        processes = self._processes
        if processes.release(pane):
            self._input.clear_screen(pane)
        give_up = partial(processes.give_up, pane)
        await self.turn.aside(processes.start(pane), requester, processes.waits_for, give_up)

    def _told(self, text: str, requester: Requester) -> None:
        """The messages list the line. The report of a file that the server loads says how many there are."""
        self._settings.tell(text)
        if isinstance(requester, InternalRequester):
            requester.notes += 1

    def _immediate(self, effect: ef.ImmediateEffect, requester: Requester) -> None:
        match effect:
            case ef.SendKeys(pane, keys, literal, times):
                self._input.send_keys(pane, keys, literal=literal, times=times)
            case ef.SendBytes(pane, data, paste):
                self._input.send_bytes(pane, data, paste=paste)
            case ef.SendPrefixKey(pane, secondary):
                self._input.send_prefix(pane, secondary=secondary)
            case ef.SetKeyTable(client, table):
                self._client_input.set_key_table(client, table)
            case ef.SendMouse():
                self._input.send_mouse(effect)
            case ef.BeginDrag(client, command):
                self._client_input.begin_drag(client, command)
            case ef.ResetTerminal(pane):
                self._input.reset_terminal(pane)
            case ef.PipePane(pane):
                self._pipes.pipe_pane(effect, self._panes.get(pane))
            case ef.Attach():
                self._screens.attach(requester, effect)
            case ef.SwitchClient(client, session):
                self._screens.switch(client, session)
            case ef.Detach():
                self._screens.detach(effect)
            case ef.Tell(text):
                self._told(text, requester)
            case ef.ClearAlerts(session):
                self._alerts.cleared(session)
            case ef.SetClientFlags() | ef.SetControlSize() | ef.SetPaneFlow() | ef.Subscribe():
                self._settings.set_for_client(effect)
            case ef.SuspendClient() | ef.LockClient():
                self._screens.lend(effect)
            case ef.Refresh(client):
                self._screens.refresh(client)
            case ef.ShowMessage() | ef.Choose() | ef.ShowText():
                self._screens.overlay(effect)
            case ef.EnterMode():
                self._modes.enter(effect)
            case ef.LeaveModes():
                self._modes.leave_all(effect)
            case ef.MarkPane(mark):
                self._panes.mark = mark
                self._screens.refresh(None)
            case ef.SwitchInput(pane, off):
                terminal = self._panes.get(pane)
                if terminal is not None:
                    terminal.input_off = off
            case ef.StopServer():
                self._lifecycle.stop()
            case _:
                assert_never(effect)

    def _awaited(
        self, effect: ef.AwaitedEffect, requester: Requester
    ) -> Awaitable[EffectResult] | None:
        """Begin an effect that may take long. None: it runs in the background and is not awaited."""
        match effect:
            case ef.ScrollView():
                return self._client_input.scroll_view(effect)
            case ef.ViewLastScreen():
                return self._copy_modes.view_last_screen(effect)
            case ef.CopyModeCommand():
                return self._copy_modes.copy_mode(effect, requester)
            case ef.Prompt():
                return self._prompts.prompt(effect, requester)
            case OverlayEffect():
                return self._overlays.open(effect, requester)
            case ef.PromptHistoryAsked():
                return self._prompts.listed(effect)
            case ef.Checkpoint(reason, name):
                written = _printed(self._lifecycle.checkpoint(reason, name, requester.waits))
                return self.turn.told(written, requester, CHECKPOINT)
            case ef.SaveHere():
                return self.turn.told(_printed(self._lifecycle.save_here()), requester, CHECKPOINT)
            case ef.DeleteSave(name):
                return _printed(self._lifecycle.delete_save(name))
            case ef.RestoreSession(session, at):
                return _printed(self._lifecycle.restore_session(session, at))
            case ef.ReloadConfiguration():
                return _printed(self._lifecycle.reload_now())
            case ef.Purge(panes, everything):
                return _printed(self._lifecycle.purge(panes, everything=everything))
            case ef.RestartServer():
                return _printed(self._lifecycle.restart(requester))
            case ef.RunShell():
                return self._shells.run_shell(effect, requester)
            case ef.RunCommands():
                return self._commands.run_commands(effect, requester)
            case ef.RunFileCommands():
                return self._commands.run_file_commands(effect, requester)
            case ef.RunLongTexts():
                return self._commands.run_long_texts(effect, requester)
            case ef.PrintLines(lines):
                return long_lists.printed(lines)
            case ef.IfShell():
                return self._commands.if_shell(effect, requester)
            case ef.WaitFor():
                return self._shells.wait_for(effect)
            case ef.CapturePane():
                return self._commands.capture_pane(effect)
            case ef.LoadBuffer():
                return self._commands.load_buffer(effect, requester)
            case ef.SaveBuffer():
                return self._commands.save_buffer(effect)
            case ef.SearchPanes():
                return self._searcher.search_panes(effect, requester)
            case _:
                assert_never(effect)


async def _printed(line: Awaitable[bytes]) -> EffectResult:
    return EffectResult(await line)
